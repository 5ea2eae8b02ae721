/* SPDX-License-Identifier: MIT */
#include "publisher/roster.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "progress/announce.h"
#include "progress/discover.h"

#define NOTIFY_MASK (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR)
#define PATH_BYTES  256
#define US_PER_NS   1000u

/* ---- set-up ---- */

static int row_open(
	struct roster *roster, struct haul_reader *reader, uint64_t now_ns, uint64_t first_seq)
{
	struct roster_row *row = &roster->row[roster->count];
	const struct haul_header *header = haul_reader_header(reader);
	int error;

	*row = (struct roster_row){.start_ns = header->start_monotonic_ns, .seen = true};
	memcpy(row->job, header->job, sizeof(row->job));
	row->job[sizeof(row->job) - 1] = '\0';
	error = watch_open(reader, now_ns, first_seq, &roster->target, &row->watch);
	if (!error)
		roster->count++;
	return error;
}

int roster_open_one(int region_fd, uint64_t now_ns, const struct watch_target *target,
	void (*refused)(const char *job, int error), struct roster *ret_roster)
{
	struct haul_reader *reader;
	int error = haul_reader_open_fd(region_fd, &reader);

	if (error)
		return error;
	*ret_roster = (struct roster){.target = *target, .notify_fd = -1, .refused = refused};
	return row_open(ret_roster, reader, now_ns, 1);
}

void roster_open_handed(int channel, const struct watch_target *target,
	void (*refused)(const char *job, int error), struct roster *ret_roster)
{
	*ret_roster = (struct roster){
		.target = *target, .notify_fd = channel, .handed = true, .refused = refused};
}

/* Watches a directory of regions, made if it isn't there yet: so nothing above it needs watching.
 */
static int notify_add(int notify_fd, unsigned index)
{
	char path[PATH_BYTES];
	int fd, error = haul_directory_path(index, path, sizeof(path));

	if (error)
		return error;
	fd = haul_directory_open(path, true);
	if (fd < 0)
		return fd;
	close(fd);
	return inotify_add_watch(notify_fd, path, NOTIFY_MASK) < 0 ? -errno : 0;
}

int roster_open_all(const struct watch_target *target, void (*refused)(const char *job, int error),
	struct roster *ret_roster)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	int error = -ENOENT;

	if (fd < 0)
		return -errno;
	/* One directory is enough: regions are in the second only where the first can't be had. */
	for (unsigned index = 0; index < HAUL_DIRECTORIES; index++) {
		int added = notify_add(fd, index);

		if (!added || error == -ENOENT)
			error = added;
	}
	if (error) {
		close(fd);
		return error;
	}
	*ret_roster = (struct roster){
		.target = *target, .notify_fd = fd, .rescan = true, .refused = refused};
	return 0;
}

void roster_close(struct roster *roster)
{
	for (unsigned at = 0; at < roster->count; at++)
		watch_close(roster->row[at].watch);
	if (roster->notify_fd >= 0)
		close(roster->notify_fd);
	*roster = (struct roster){.notify_fd = -1};
}

/* ---- which jobs there are ---- */

static void drain_notify(struct roster *roster)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	/* Whatever they say, a look at the directory tells more. */
	while (read(roster->notify_fd, events, sizeof(events)) > 0)
		roster->rescan = true;
}

static struct roster_row *find(struct roster *roster, const char *job)
{
	for (unsigned at = 0; at < roster->count; at++)
		if (strcmp(roster->row[at].job, job) == 0)
			return &roster->row[at];
	return NULL;
}

static void remove_row(struct roster *roster, struct roster_row *row)
{
	watch_close(row->watch);
	*row = roster->row[--roster->count];
}

/* Another watcher may have told of the job before: `seq` goes on behind all that it can have said,
 * which is less than an event a microsecond. */
static uint64_t first_seq(const struct roster *roster, uint64_t start_ns, uint64_t now_ns)
{
	bool new = roster->scan_ns &&start_ns >= roster->scan_ns;

	return new || now_ns < start_ns ? 1 : 1 + (now_ns - start_ns) / US_PER_NS;
}

/* Says so once. The row remembers it, until the file is gone or there is a good one. */
static void refuse(struct roster *roster, struct roster_row *row, const char *job, int error)
{
	if (row) {
		row->seen = true;
		return;
	}
	row = &roster->row[roster->count++];
	*row = (struct roster_row){.seen = true};
	snprintf(row->job, sizeof(row->job), "%s", job);
	if (roster->refused)
		roster->refused(job, error);
}

struct scan_context {
	struct roster *roster;
	uint64_t now_ns;
};

static void found_reader(
	struct roster *roster, struct roster_row *row, struct haul_reader *reader, uint64_t now_ns)
{
	uint64_t start_ns = haul_reader_header(reader)->start_monotonic_ns;

	/* A job that has ended leaves its region for a moment, or for ever if it died. */
	if (row && row->start_ns == start_ns) {
		row->seen = true;
		haul_reader_close(reader);
		return;
	}
	if (row)
		remove_row(roster, row);
	if (row_open(roster, reader, now_ns, first_seq(roster, start_ns, now_ns)))
		roster->rescan = true;
}

static int found_job(const char *job, void *context)
{
	struct scan_context *scan = context;
	struct roster *roster = scan->roster;
	struct roster_row *row = find(roster, job);
	struct haul_reader *reader;
	int error;

	if (row && row->watch) {
		row->seen = true;
		return 0;
	}
	if (!row && roster->count == ROSTER_MAX)
		return 0;
	error = haul_reader_open(job, &reader);
	if (!error)
		found_reader(roster, row, reader, scan->now_ns);
	else if (error != -ENOENT)
		refuse(roster, row, job, error);
	return 0;
}

static void scan(struct roster *roster, uint64_t now_ns)
{
	struct scan_context context = {roster, now_ns};

	roster->rescan = false;
	for (unsigned at = 0; at < roster->count; at++)
		roster->row[at].seen = false;
	if (haul_jobs_each(found_job, &context) < 0)
		roster->rescan = true;
	roster->scan_ns = now_ns;
	for (unsigned at = roster->count; at-- > 0;)
		if (!roster->row[at].watch && !roster->row[at].seen)
			remove_row(roster, &roster->row[at]);
}

static void take_region(struct roster *roster, int fd, uint64_t now_ns)
{
	struct haul_reader *reader;
	int error = haul_reader_open_fd(fd, &reader);

	close(fd);
	if (!error)
		error = row_open(roster, reader, now_ns, 1);
	if (error && roster->refused)
		roster->refused("of a run", error);
}

static void take_handed(struct roster *roster, uint64_t now_ns)
{
	while (roster->notify_fd >= 0 && roster->count < ROSTER_MAX) {
		int fd = announce_receive(roster->notify_fd);

		if (fd == -ENODATA)
			return;
		if (fd >= 0) {
			take_region(roster, fd, now_ns);
			continue;
		}
		close(roster->notify_fd);
		roster->notify_fd = -1;
	}
}

/* ---- steps ---- */

static void step(struct roster *roster, struct roster_row *row, uint64_t now_ns)
{
	int ended = watch_step(row->watch, now_ns);

	roster->moved = roster->moved || watch_moved(row->watch);
	if (ended == WATCH_RUNNING)
		return;
	if (ended < 0 && roster->refused)
		roster->refused(row->job, ended);
	roster->gone = roster->gone || ended != WATCH_ENDED;
	watch_close(row->watch);
	row->watch = NULL;
	/* A new job of this name may have taken its place, or had none. */
	roster->rescan = true;
}

static void remove_ended(struct roster *roster)
{
	for (unsigned at = roster->count; at-- > 0;)
		if (!roster->row[at].watch)
			remove_row(roster, &roster->row[at]);
}

void roster_step(struct roster *roster, uint64_t now_ns)
{
	if (roster->handed) {
		remove_ended(roster);
		take_handed(roster, now_ns);
	} else if (roster->notify_fd >= 0) {
		drain_notify(roster);
		if (roster->rescan)
			scan(roster, now_ns);
	}
	roster->moved = false;
	for (unsigned at = 0; at < roster->count; at++)
		if (roster->row[at].watch)
			step(roster, &roster->row[at], now_ns);
}

unsigned roster_running(const struct roster *roster)
{
	unsigned running = 0;

	for (unsigned at = 0; at < roster->count; at++)
		running += roster->row[at].watch != NULL;
	return running;
}

bool roster_expects(const struct roster *roster)
{
	return roster->notify_fd >= 0;
}

bool roster_moved(const struct roster *roster)
{
	return roster->moved;
}

int roster_wait(struct roster *roster, int timeout_ms)
{
	if (roster->count != 1 || !roster->row[0].watch)
		return -EINVAL;
	return watch_wait(roster->row[0].watch, timeout_ms);
}
