/* SPDX-License-Identifier: MIT */
#include "bpf/mount_match.h"

#include <string.h>

#define SCORE_SAME_PATH 8
#define SCORE_SAME_END  4 /* the whole of a relative path is the end of the mount point */
#define SCORE_SAME_ID   4
#define REUSED_IDS_MAX  INT32_MAX /* unique ids (6.8) begin above */

void match_plain_path(char *path)
{
	bool absolute = path[0] == '/';
	char *from = path, *to = path;
	size_t bytes;

	while (*from) {
		from += strspn(from, "/");
		bytes = strcspn(from, "/");
		if (bytes && !(bytes == 1 && from[0] == '.')) {
			if (absolute || to > path)
				*to++ = '/';
			memmove(to, from, bytes);
			to += bytes;
		}
		from += bytes;
	}
	if (absolute && to == path)
		*to++ = '/';
	*to = '\0';
}

unsigned match_path(const char *target, const char *mount_point)
{
	size_t target_bytes = strlen(target), point_bytes = strlen(mount_point);

	if (strcmp(target, mount_point) == 0)
		return SCORE_SAME_PATH;
	/* An absolute path may still be its caller's idea of it, behind a chroot. */
	if (!target_bytes || target_bytes >= point_bytes)
		return 0;
	if (strcmp(mount_point + point_bytes - target_bytes, target) != 0)
		return 0;
	if (target[0] != '/' && mount_point[point_bytes - target_bytes - 1] != '/')
		return 0;
	return SCORE_SAME_END;
}

bool match_is_below(const char *path, const char *above)
{
	size_t bytes = strlen(above);

	if (bytes == 1 && above[0] == '/')
		return path[0] == '/';
	return strncmp(path, above, bytes) == 0 && (path[bytes] == '/' || !path[bytes]);
}

bool match_is_younger(const struct mountprobe_record *record, const struct mount_info *mount)
{
	return record->mount_id > REUSED_IDS_MAX && mount->id > record->mount_id;
}

unsigned match_mount(
	const struct mountprobe_record *record, const char *target, const struct mount_info *mount)
{
	unsigned score = match_path(target, mount->mount_point);

	if (record->mount_id && record->mount_id == mount->id)
		score += SCORE_SAME_ID;
	if ((record->major || record->minor) && record->major == mount->major &&
		record->minor == mount->minor)
		score++;
	score += record->source[0] && strcmp(record->source, mount->source) == 0;
	score += record->fstype[0] && strcmp(record->fstype, mount->fstype) == 0;
	return score;
}
