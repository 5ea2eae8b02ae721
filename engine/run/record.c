/* SPDX-License-Identifier: MIT */
#include "run/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION    1
#define BOOT_BYTES 64
#define LINE_BYTES 128

/* Empty where that can't be known: then no two are the same. */
static void read_boot(char ret_boot[BOOT_BYTES])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || fscanf(file, "%63s", ret_boot) != 1)
		ret_boot[0] = '\0';
	if (file)
		fclose(file);
}

static int write_line(int fd, const char *line)
{
	size_t bytes = strlen(line);
	ssize_t put = write(fd, line, bytes);

	if (put < 0)
		return -errno;
	return (size_t)put == bytes ? 0 : -ENOSPC;
}

static int write_head(int fd, uint64_t text_hash)
{
	char boot[BOOT_BYTES], line[LINE_BYTES];

	read_boot(boot);
	snprintf(line, sizeof(line), "haul-run %d %016" PRIx64 " %s\n", VERSION, text_hash,
		*boot ? boot : "unknown");
	return write_line(fd, line);
}

/* ---- an old one ---- */

static int check_head(FILE *file, uint64_t text_hash, bool *ret_same_boot)
{
	char line[LINE_BYTES], boot[BOOT_BYTES], then[BOOT_BYTES];
	uint64_t hash;
	int version;

	if (!fgets(line, sizeof(line), file) || !strchr(line, '\n') ||
		sscanf(line, "haul-run %d %" SCNx64 " %63s", &version, &hash, then) != 3 ||
		version != VERSION)
		return -EBADMSG;
	if (hash != text_hash)
		return -ESTALE;
	read_boot(boot);
	*ret_same_boot = *boot && strcmp(boot, then) == 0;
	return 0;
}

static bool sources_are_gone(const struct run_job *job)
{
	struct stat status;

	for (unsigned i = 0; i < job->needs.path_count; i++)
		if (!lstat(job->needs.path[i], &status) || errno != ENOENT)
			return false;
	return true;
}

static bool still_done(const struct run_job *job, bool same_boot)
{
	return same_boot || job->needs.lasts || (job->needs.takes && sources_are_gone(job));
}

static void take_done(struct run_job *job, size_t count, unsigned number, bool same_boot)
{
	for (size_t i = 0; i < count; i++) {
		if (job[i].number != number)
			continue;
		if (!still_done(&job[i], same_boot))
			return;
		job[i].state = RUN_ENDED;
		job[i].earlier = true;
		return;
	}
}

static int take_lines(FILE *file, uint64_t text_hash, struct run_job *job, size_t count)
{
	char line[LINE_BYTES];
	bool same_boot;
	int error = check_head(file, text_hash, &same_boot);

	while (!error && fgets(line, sizeof(line), file) && strchr(line, '\n')) {
		unsigned number;

		if (sscanf(line, "done %u", &number) != 1)
			return -EBADMSG;
		take_done(job, count, number, same_boot);
	}
	return error;
}

static int read_old(int fd, uint64_t text_hash, struct run_job *job, size_t count)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
	int error = file ? take_lines(file, text_hash, job, count) : -errno;

	if (file)
		fclose(file);
	else if (copy >= 0)
		close(copy);
	return error;
}

/* ---- both ---- */

/* Begun anew also where an old one goes on: what counted no longer must not count again. */
static int begin(struct record *record, uint64_t text_hash, const struct run_job *job, size_t count)
{
	int error = ftruncate(record->fd, 0) ? -errno : write_head(record->fd, text_hash);

	for (size_t i = 0; i < count && !error; i++)
		if (job[i].earlier)
			record_done(record, job[i].number);
	return error;
}

int record_open(const char *path, bool go_on, uint64_t text_hash, struct run_job *job, size_t count,
	struct record *ret_record)
{
	struct record record = {.path = path};
	int error = 0;

	record.fd = open(
		path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (go_on ? 0 : O_CREAT), 0600);
	if (record.fd < 0)
		return -errno;
	if (flock(record.fd, LOCK_EX | LOCK_NB))
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!error && go_on)
		error = read_old(record.fd, text_hash, job, count);
	if (!error)
		error = begin(&record, text_hash, job, count);
	if (error) {
		close(record.fd);
		return error;
	}
	*ret_record = record;
	return 0;
}

void record_done(struct record *record, unsigned number)
{
	char line[LINE_BYTES];

	if (record->fd == RECORD_NO_FD || record->torn)
		return;
	snprintf(line, sizeof(line), "done %u\n", number);
	/* What isn't noted is done once more: that costs time and nothing else. */
	record->torn = write_line(record->fd, line) != 0;
}

void record_close(struct record *record, bool keep)
{
	if (record->fd == RECORD_NO_FD)
		return;
	if (!keep)
		(void)unlink(record->path);
	close(record->fd);
}
