/* SPDX-License-Identifier: MIT */
#include "job/location.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "job/job.h"
#include "util/path.h"

/* Sources mostly share a directory, which is then resolved but once. */
struct resolver {
	char *directory;
	char *real;
};

static void resolver_free(struct resolver *resolver)
{
	free(resolver->directory);
	free(resolver->real);
}

/* NULL when there is no such directory, or no memory. */
static const char *resolve_directory(struct resolver *resolver, char *directory)
{
	if (resolver->real && strcmp(resolver->directory, directory) == 0) {
		free(directory);
		return resolver->real;
	}
	resolver_free(resolver);
	resolver->directory = directory;
	resolver->real = realpath(*directory ? directory : ".", NULL);
	return resolver->real;
}

static bool has_slash_behind(const char *path)
{
	size_t bytes = strlen(path);

	return bytes && path[bytes - 1] == '/';
}

/* What the path leads to when the last link in it is followed, or has none. */
static bool is_followed(const char *path, bool follow)
{
	struct stat status;
	char *last = path_last(path);
	bool nameless = !last || strcmp(last, ".") == 0;

	free(last);
	if (nameless || has_slash_behind(path))
		return true;
	return follow && !lstat(path, &status) && S_ISLNK(status.st_mode);
}

/* The last component may be a link that isn't followed, or nothing yet. */
static char *absolute_path(struct resolver *resolver, const char *path, bool follow)
{
	char *directory, *last, *joined = NULL;
	const char *real;

	if (is_followed(path, follow)) {
		joined = realpath(path, NULL);
		if (joined)
			return joined;
	}
	directory = path_stripped(path);
	last = directory ? path_last(directory) : NULL;
	joined = directory ? path_directory(directory) : NULL;
	free(directory);
	real = joined ? resolve_directory(resolver, joined) : NULL;
	joined = real && last ? path_join(real, last) : NULL;
	free(last);
	return joined;
}

/* Of what is there, or of the directory that it would be in. */
static int mount_of_path(const char *absolute, uint64_t *ret_id)
{
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
	struct statx status;
	char *directory;
	int error = 0;

	if (statx(AT_FDCWD, absolute, flags, STATX_MNT_ID, &status)) {
		directory = path_directory(absolute);
		if (!directory || statx(AT_FDCWD, directory, flags, STATX_MNT_ID, &status))
			error = -errno;
		free(directory);
	}
	if (!error && !(status.stx_mask & STATX_MNT_ID))
		error = -ENODATA;
	if (!error)
		*ret_id = status.stx_mnt_id;
	return error;
}

/* What follows a leading directory: "/a/b" behind "/a" is "/b", behind "/" it is "/a/b". NULL: it
 * is elsewhere. */
static const char *behind(const char *path, const char *directory)
{
	size_t bytes = strcmp(directory, "/") == 0 ? 0 : strlen(directory);

	if (strncmp(path, directory, bytes) != 0 || (path[bytes] && path[bytes] != '/'))
		return NULL;
	return path + bytes;
}

static char *append(const char *directory, const char *rest)
{
	char *path;

	if (strcmp(directory, "/") == 0)
		directory = "";
	if (asprintf(&path, "%s%s", directory, *directory || *rest ? rest : "/") < 0)
		return NULL;
	return path;
}

static int find(struct location *location, const struct mount_table *mounts,
	struct volume_table *volumes, bool written)
{
	const struct volume *volume;
	const char *rest;
	uint64_t id;
	int error = mount_of_path(location->absolute, &id);

	if (!error)
		error = volume_table_add(volumes, mounts, id, written, &location->volume);
	if (error)
		return error == -ENOMEM ? error : 0;
	volume = &volumes->volume[location->volume];
	rest = behind(location->absolute, volume->mount.mount_point);
	if (!rest) {
		location->volume = LOCATION_NOWHERE;
		return 0;
	}
	location->inside = append(volume->mount.root, rest);
	return location->inside ? 0 : -ENOMEM;
}

static int fill_one(struct location *location, struct resolver *resolver, bool follow, bool written,
	const struct mount_table *mounts, struct volume_table *volumes)
{
	location->volume = LOCATION_NOWHERE;
	location->absolute = absolute_path(resolver, location->argument, follow);
	return location->absolute ? find(location, mounts, volumes, written) : 0;
}

static int fill(struct location_table *table, const struct job_request *request,
	const struct mount_table *mounts, struct volume_table *volumes)
{
	struct resolver resolver = {0};
	bool follow = request->follow_arguments || request->options.dereference;
	bool moves = request->options.operation == JOB_MOVE;
	int error = 0;

	for (unsigned i = 0; i < request->source_count && !error; i++, table->count++) {
		table->location[i].argument = request->sources[i];
		error = fill_one(&table->location[i], &resolver, follow, moves, mounts, volumes);
	}
	if (!error && request->target) {
		table->location[table->count].argument = request->target;
		error = fill_one(&table->location[table->count++], &resolver,
			!request->no_target_directory, true, mounts, volumes);
	}
	table->working.argument = ".";
	if (!error)
		error = fill_one(&table->working, &resolver, true, false, mounts, volumes);
	resolver_free(&resolver);
	return error;
}

int location_table_fill(struct location_table *table, const struct job_request *request,
	struct volume_table *volumes)
{
	struct mount_table mounts;
	int error = volume_table_read(volumes, &mounts);

	if (error)
		return error;
	*table = (struct location_table){
		.location = calloc(request->source_count + 1, sizeof(*table->location)),
	};
	error = table->location ? fill(table, request, &mounts, volumes) : -ENOMEM;
	mount_table_free(&mounts);
	return error;
}

static void location_clear(struct location *location)
{
	free(location->inside);
	free(location->absolute);
}

void location_table_free(struct location_table *table)
{
	for (unsigned i = 0; i < table->count; i++)
		location_clear(&table->location[i]);
	location_clear(&table->working);
	free(table->location);
	*table = (struct location_table){0};
}

/* ---- naming it again ---- */

static const struct mount_info *mount_of(
	const struct location *location, const struct mount_info *const *mounted)
{
	return location->volume == LOCATION_NOWHERE ? NULL : mounted[location->volume];
}

static char *absolute_name(const struct location *location, const struct mount_info *const *mounted)
{
	const struct mount_info *mount = mount_of(location, mounted);
	const char *rest;

	if (!mount)
		return location->absolute ? strdup(location->absolute) : NULL;
	rest = location->inside ? behind(location->inside, mount->root) : NULL;
	return rest ? append(mount->mount_point, rest) : NULL;
}

/* "photos/." is what is in it, and "photos/" a directory: that must not get lost. */
static char *with_ending(char *name, const char *argument)
{
	char *last = path_last(argument), *whole = name;
	const char *ending = has_slash_behind(argument) ? "/" : "";

	if (last && strcmp(last, ".") == 0)
		ending = "/.";
	free(last);
	if (!name || !*ending)
		return name;
	if (asprintf(&whole, "%s%s", name, ending) < 0)
		whole = NULL;
	free(name);
	return whole;
}

/* Seen from the working directory, everything on its filesystem is where it was; and what is on
 * another is where it was unless one of the two has moved. */
static bool keeps_name(const struct location_table *table, const struct location *location,
	const struct mount_info *const *mounted)
{
	if (location->argument[0] == '/')
		return !mount_of(location, mounted);
	if (location->volume == table->working.volume)
		return true;
	return !mount_of(location, mounted) && !mount_of(&table->working, mounted);
}

char *location_name(const struct location_table *table, const struct location *location,
	const struct mount_info *const *mounted)
{
	if (keeps_name(table, location, mounted))
		return strdup(location->argument);
	return with_ending(absolute_name(location, mounted), location->argument);
}

char *location_working(const struct location_table *table, const struct mount_info *const *mounted)
{
	return absolute_name(&table->working, mounted);
}
