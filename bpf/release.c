/* SPDX-License-Identifier: MIT */
#include "bpf/release.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bpf/block.h"

/* Most unmounts end within 50 ms; one that waits for a file to be closed may last for ever. */
#define DELAY_FIRST_NS UINT64_C(2000000)
#define DELAY_LAST_NS  UINT64_C(250000000)
#define QUIET_NS       UINT64_C(200000000) /* no write for so long, after IN_UNMOUNT */

struct candidate {
	uint32_t major;
	uint32_t minor;
	char *device;
	int watch;      /* of inotify, -1: none */
	bool unmounted; /* release_begin was called */
	bool once;
	bool gone; /* IN_UNMOUNT came */
	uint64_t next_ns;
	uint64_t delay_ns;
	uint64_t quiet_since_ns;
	struct block_activity activity;
};

struct release {
	const char *sysfs;
	int inotify_fd;
	struct candidate *candidate;
	size_t count;
};

enum verdict {
	VERDICT_RELEASED,
	VERDICT_BUSY,
	VERDICT_CLOSED, /* may not be opened */
	VERDICT_GONE,
};

int release_open(const char *sysfs, struct release **ret_release)
{
	struct release *release = calloc(1, sizeof(*release));

	if (!release)
		return -ENOMEM;
	release->sysfs = sysfs;
	release->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (release->inotify_fd < 0) {
		free(release);
		return -errno;
	}
	*ret_release = release;
	return 0;
}

void release_close(struct release *release)
{
	if (!release)
		return;
	for (size_t i = 0; i < release->count; i++)
		free(release->candidate[i].device);
	free(release->candidate);
	close(release->inotify_fd);
	free(release);
}

int release_fd(const struct release *release)
{
	return release->inotify_fd;
}

static struct candidate *find(struct release *release, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < release->count; i++) {
		if (release->candidate[i].major == major && release->candidate[i].minor == minor)
			return &release->candidate[i];
	}
	return NULL;
}

static int find_or_add(struct release *release, const char *device, uint32_t major, uint32_t minor,
	struct candidate **ret_candidate)
{
	struct candidate *candidate = find(release, major, minor), *grown;
	char *name;

	if (candidate) {
		*ret_candidate = candidate;
		return 0;
	}
	name = strdup(device);
	grown = reallocarray(release->candidate, release->count + 1, sizeof(*grown));
	if (grown)
		release->candidate = grown;
	if (!name || !grown) {
		free(name);
		return -ENOMEM;
	}
	candidate = &grown[release->count++];
	*candidate =
		(struct candidate){.major = major, .minor = minor, .device = name, .watch = -1};
	*ret_candidate = candidate;
	return 0;
}

static void forget(struct release *release, struct candidate *candidate)
{
	/* Fails when the filesystem took its watch along. */
	if (candidate->watch >= 0)
		(void)inotify_rm_watch(release->inotify_fd, candidate->watch);
	free(candidate->device);
	*candidate = release->candidate[--release->count];
}

void release_forget(struct release *release, uint32_t major, uint32_t minor)
{
	struct candidate *candidate = find(release, major, minor);

	if (candidate)
		forget(release, candidate);
}

static enum verdict try_exclusive(const struct candidate *candidate)
{
	int fd = open(candidate->device, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	bool same;

	if (fd < 0) {
		switch (errno) {
		case EBUSY:
			return VERDICT_BUSY;
		case ENXIO:
		case ENODEV:
		case ENOMEDIUM:
			return VERDICT_GONE;
		default:
			return VERDICT_CLOSED;
		}
	}
	same = fstat(fd, &status) == 0 && S_ISBLK(status.st_mode) &&
	       status.st_rdev == makedev(candidate->major, candidate->minor);
	close(fd);
	return same ? VERDICT_RELEASED : VERDICT_CLOSED;
}

int release_mounted(struct release *release, const char *device, uint32_t major, uint32_t minor,
	const char *mount_point)
{
	struct candidate *candidate;
	int error;

	if (access(device, R_OK) == 0) {
		release_forget(release, major, minor);
		return 0;
	}
	error = find_or_add(release, device, major, minor, &candidate);
	if (error)
		return error;
	candidate->unmounted = false;
	if (candidate->watch < 0) {
		candidate->gone = false;
		/* Where even that is forbidden, the device will never be said to be released. */
		candidate->watch = inotify_add_watch(
			release->inotify_fd, mount_point, IN_UNMOUNT | IN_ONLYDIR);
	}
	return 0;
}

int release_begin(struct release *release, const char *device, uint32_t major, uint32_t minor,
	uint64_t now_ns, bool once)
{
	struct candidate *candidate;
	int error = find_or_add(release, device, major, minor, &candidate);

	if (error)
		return error;
	candidate->unmounted = true;
	candidate->once = once;
	candidate->next_ns = now_ns;
	candidate->delay_ns = DELAY_FIRST_NS;
	return 0;
}

static void mark_gone(struct release *release, int watch)
{
	for (size_t i = 0; i < release->count; i++) {
		struct candidate *candidate = &release->candidate[i];

		if (candidate->watch != watch)
			continue;
		candidate->gone = true;
		candidate->watch = -1;
		candidate->quiet_since_ns = 0;
		candidate->delay_ns = DELAY_FIRST_NS;
		candidate->next_ns = 0;
	}
}

static void read_watches(struct release *release)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	const struct inotify_event *event;
	ssize_t got;

	while ((got = read(release->inotify_fd, buffer.bytes, sizeof(buffer))) > 0) {
		for (char *at = buffer.bytes; at < buffer.bytes + got;
			at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			if (event->mask & IN_UNMOUNT)
				mark_gone(release, event->wd);
		}
	}
}

/* The filesystem is gone, but its last writes may be on their way. */
static enum verdict look_for_rest(
	const struct release *release, struct candidate *candidate, uint64_t now_ns)
{
	struct block_activity activity;

	if (!candidate->gone || block_activity_read(release->sysfs, candidate->major,
					candidate->minor, &activity) != 0)
		return VERDICT_CLOSED;
	if (!candidate->quiet_since_ns || activity.in_flight ||
		activity.sectors_written != candidate->activity.sectors_written)
		candidate->quiet_since_ns = now_ns;
	candidate->activity = activity;
	return now_ns - candidate->quiet_since_ns >= QUIET_NS ? VERDICT_RELEASED : VERDICT_BUSY;
}

static enum verdict judge(
	const struct release *release, struct candidate *candidate, uint64_t now_ns)
{
	enum verdict verdict = try_exclusive(candidate);

	if (verdict == VERDICT_CLOSED)
		verdict = look_for_rest(release, candidate, now_ns);
	return verdict;
}

static void look_later(struct candidate *candidate, uint64_t now_ns)
{
	candidate->next_ns = now_ns + candidate->delay_ns;
	candidate->delay_ns *= 2;
	if (candidate->delay_ns > DELAY_LAST_NS)
		candidate->delay_ns = DELAY_LAST_NS;
}

/* Whether it needs to be looked at no more. */
static bool check_candidate(struct release *release, struct candidate *candidate, uint64_t now_ns,
	enum verdict *ret_verdict)
{
	*ret_verdict = judge(release, candidate, now_ns);
	switch (*ret_verdict) {
	case VERDICT_RELEASED:
	case VERDICT_GONE:
		return true;
	case VERDICT_BUSY:
		look_later(candidate, now_ns);
		return candidate->once;
	case VERDICT_CLOSED:
		/* Only its watch can bring news. */
		candidate->next_ns = UINT64_MAX;
		return candidate->watch < 0;
	}
	return true;
}

int release_check(struct release *release, uint64_t now_ns, release_fn *released, void *context,
	uint64_t *ret_wake_ns)
{
	uint64_t wake_ns = UINT64_MAX;
	enum verdict verdict;
	int error = 0;

	read_watches(release);
	for (size_t i = release->count; i-- > 0 && !error;) {
		struct candidate *candidate = &release->candidate[i];
		uint32_t major = candidate->major, minor = candidate->minor;

		if (!candidate->unmounted)
			continue;
		if (candidate->next_ns <= now_ns &&
			check_candidate(release, candidate, now_ns, &verdict)) {
			forget(release, candidate);
			if (verdict == VERDICT_RELEASED)
				error = released(major, minor, context);
			continue;
		}
		if (candidate->next_ns < wake_ns)
			wake_ns = candidate->next_ns;
	}
	*ret_wake_ns = wake_ns == UINT64_MAX ? 0 : wake_ns;
	return error;
}
