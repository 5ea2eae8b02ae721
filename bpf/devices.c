/* SPDX-License-Identifier: MIT */
#include "bpf/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bpf/attach.h"
#include "bpf/mount_state.h"
#include "bpf/probe.h"
#include "bpf/stream.h"
#include "bpf/uevent.h"
#include "util/clock.h"

/* In a storm, the table is read for at most one part in so many of the time: it may be long, and
 * what comes and goes meanwhile is known from the probe. */
#define TABLE_TIME_PART 5

enum source {
	SOURCE_MOUNTS,
	SOURCE_UEVENTS,
	SOURCE_PROBE,
	SOURCE_RELEASE,
	SOURCE_TIMER,
	SOURCES,
};

struct devices {
	struct stream stream;
	struct mount_state mounts;
	enum mount_reader reader;
	int mountinfo_fd;
	struct uevent_socket *uevents; /* NULL: there are none to be had */
	struct probe probe;
	bool has_probe;
	bool probe_ready;
	bool told_watching;
	uint64_t dropped;
	int epoll_fd;
	int timer_fd;
	uint64_t timer_ns; /* what it is set to, 0: off */
	bool look;         /* the table has to be read */
	uint64_t look_allowed_ns;
	uint64_t mounts_wake_ns;
	struct device_event *event; /* the one that was handed out last */
};

/* ---- reading the sources ---- */

static int read_table(struct devices *devices, uint64_t now_ns)
{
	struct mount_table table;
	int error = mount_table_read(devices->reader, devices->mountinfo_fd, &table);
	uint64_t end_ns;

	if (error)
		return error;
	devices->look = false;
	error = mount_state_advance(&devices->mounts, &table, now_ns, stream_mount_change,
		&devices->stream, &devices->mounts_wake_ns);
	end_ns = clock_monotonic_ns();
	devices->look_allowed_ns = end_ns + (end_ns - now_ns) * (TABLE_TIME_PART - 1);
	return error;
}

static int tell_watching(struct devices *devices, enum device_probe probe, int error, uint32_t step)
{
	static const char *const words[] = {
		[LOADER_STEP_NONE] = NULL,
		[LOADER_STEP_BUILD] = "haul was built without it",
		[LOADER_STEP_LOAD] = "loading it was refused",
		[LOADER_STEP_TRACE] = "tracefs can't be read",
		[LOADER_STEP_ATTACH] = "attaching it was refused",
	};
	struct device_event *event;

	devices->told_watching = true;
	event = device_event_new(DEVICE_WATCHING, device_event_now());
	if (!event)
		return -ENOMEM;
	event->probe = probe;
	event->error = -error;
	if (step < sizeof(words) / sizeof(words[0]))
		event->missing = words[step];
	return stream_push(&devices->stream, event);
}

static int take_hello(struct devices *devices, const struct probe_message *hello)
{
	if (hello->error)
		return tell_watching(devices, DEVICE_PROBE_NONE, hello->error, hello->step);
	devices->probe_ready = true;
	devices->mounts.hold_ns = MOUNT_HOLD_NS;
	return tell_watching(devices,
		hello->variant == LOADER_CORE ? DEVICE_PROBE_CORE : DEVICE_PROBE_PLAIN, 0,
		LOADER_STEP_NONE);
}

static int take_dropped(struct devices *devices, uint64_t dropped)
{
	struct device_event *event = device_event_new(DEVICE_LOST, device_event_now());

	if (!event)
		return -ENOMEM;
	event->lost = dropped - devices->dropped;
	devices->dropped = dropped;
	devices->look = true;
	mount_state_lost(&devices->mounts);
	return stream_push(&devices->stream, event);
}

static int take_news(struct devices *devices, const struct probe_news *news, uint64_t now_ns)
{
	int error;

	switch (news->message.type) {
	case PROBE_HELLO:
		return take_hello(devices, &news->message);
	case PROBE_DROPPED:
		return take_dropped(devices, news->message.value);
	default:
		devices->look = true;
		error = mount_state_record(
			&devices->mounts, &news->record, news->record_bytes, now_ns);
		/* One that makes no sense is no reason to stop. */
		return error == -EPROTO ? 0 : error;
	}
}

static int lose_probe(struct devices *devices)
{
	bool said_why = devices->told_watching && !devices->probe_ready;

	probe_stop(&devices->probe);
	devices->has_probe = false;
	devices->probe_ready = false;
	devices->mounts.hold_ns = 0;
	devices->look = true;
	if (said_why)
		return 0;
	return tell_watching(devices, DEVICE_PROBE_NONE, -EPIPE, LOADER_STEP_NONE);
}

static int read_probe(struct devices *devices, uint64_t now_ns)
{
	struct probe_news news;
	int error = 0;

	while (devices->has_probe && !error) {
		error = probe_next(&devices->probe, &news);
		if (!error)
			error = take_news(devices, &news, now_ns);
		else if (error == -EPIPE || error == -EPROTO)
			return lose_probe(devices);
	}
	return error == -EAGAIN ? 0 : error;
}

static int read_uevents(struct devices *devices)
{
	struct uevent uevent;
	int error = 0;

	while (devices->uevents && !error) {
		error = uevent_next(devices->uevents, &uevent);
		if (!error)
			error = attach_uevent(&devices->stream, &uevent);
		else if (error == -ENOBUFS)
			error = attach_scan(&devices->stream);
	}
	return error == -EAGAIN ? 0 : error;
}

static int clear_timer(struct devices *devices)
{
	uint64_t count;

	devices->timer_ns = 0;
	if (read(devices->timer_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	return 0;
}

static int read_source(struct devices *devices, enum source source)
{
	switch (source) {
	case SOURCE_MOUNTS:
		devices->look = true;
		return 0;
	case SOURCE_UEVENTS:
		return read_uevents(devices);
	case SOURCE_TIMER:
		return clear_timer(devices);
	default:
		/* The probe's channel and the watches are looked at in any case. */
		return 0;
	}
}

static int read_sources(struct devices *devices)
{
	struct epoll_event ready[SOURCES];
	int count = epoll_wait(devices->epoll_fd, ready, SOURCES, 0), error = 0;

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < count && !error; i++)
		error = read_source(devices, (enum source)ready[i].data.u32);
	return error ? error : read_probe(devices, clock_monotonic_ns());
}

/* ---- when to look again ---- */

static void take_earlier(uint64_t *wake_ns, uint64_t other_ns)
{
	if (other_ns && (!*wake_ns || other_ns < *wake_ns))
		*wake_ns = other_ns;
}

static int set_timer(struct devices *devices)
{
	struct itimerspec time = {0};
	uint64_t wake_ns = devices->stream.release_wake_ns;

	take_earlier(&wake_ns, devices->mounts_wake_ns);
	if (devices->look)
		take_earlier(&wake_ns, devices->look_allowed_ns);
	if (wake_ns == devices->timer_ns)
		return 0;
	devices->timer_ns = wake_ns;
	time.it_value.tv_sec = (time_t)(wake_ns / 1000000000u);
	time.it_value.tv_nsec = (long)(wake_ns % 1000000000u);
	return timerfd_settime(devices->timer_fd, TFD_TIMER_ABSTIME, &time, NULL) ? -errno : 0;
}

static int work(struct devices *devices)
{
	int error = read_sources(devices);
	uint64_t now_ns = clock_monotonic_ns();

	if (error)
		return error;
	if (devices->mounts_wake_ns && devices->mounts_wake_ns <= now_ns)
		devices->look = true;
	if (devices->look && devices->look_allowed_ns <= now_ns)
		error = read_table(devices, now_ns);
	if (!error)
		error = stream_check(&devices->stream, now_ns);
	return error;
}

static int take_event(struct devices *devices)
{
	int result = stream_next(&devices->stream, &devices->event);

	if (result)
		return result;
	/* Taking the one before may have begun a look at whether a device is released. */
	result = stream_check(&devices->stream, clock_monotonic_ns());
	return result ? result : stream_next(&devices->stream, &devices->event);
}

int devices_next(struct devices *devices, const struct device_event **ret_event)
{
	int result = work(devices), error;

	device_event_free(devices->event);
	devices->event = NULL;
	if (!result)
		result = take_event(devices);
	error = result < 0 ? 0 : set_timer(devices);
	if (error)
		return error;
	if (result > 0)
		*ret_event = devices->event;
	return result;
}

/* ---- life ---- */

static int add_source(struct devices *devices, int fd, enum source source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u32 = source};

	return epoll_ctl(devices->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* Looking whether mountinfo is ready uses up its news, and an epoll inside another poll looks
 * twice; but every change is an edge, and it is always readable. */
#define MOUNTS_EVENTS (EPOLLIN | EPOLLET)

static int open_descriptors(struct devices *devices)
{
	devices->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (devices->epoll_fd < 0)
		return -errno;
	devices->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (devices->timer_fd < 0)
		return -errno;
	devices->mountinfo_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	return devices->mountinfo_fd < 0 ? -errno : 0;
}

static int open_namespace(struct devices *devices)
{
	struct stat status;

	if (stat("/proc/self/ns/mnt", &status))
		return -errno;
	mount_state_open(&devices->mounts, status.st_ino);
	return 0;
}

static int add_sources(struct devices *devices)
{
	int error = add_source(devices, devices->mountinfo_fd, SOURCE_MOUNTS, MOUNTS_EVENTS);

	if (!error)
		error = add_source(devices, devices->timer_fd, SOURCE_TIMER, EPOLLIN);
	if (!error)
		error = add_source(
			devices, release_fd(devices->stream.release), SOURCE_RELEASE, EPOLLIN);
	if (!error && devices->uevents)
		error = add_source(devices, uevent_fd(devices->uevents), SOURCE_UEVENTS, EPOLLIN);
	return error;
}

/* Without a probe, what it would tell is missing; that is said, and no failure. */
static int start_probe(struct devices *devices)
{
	int error = probe_start(&devices->probe);

	if (error)
		return tell_watching(devices, DEVICE_PROBE_NONE, error, LOADER_STEP_LOAD);
	devices->has_probe = true;
	return add_source(devices, devices->probe.channel_fd, SOURCE_PROBE, EPOLLIN);
}

static int open_all(struct devices *devices, const struct devices_options *options)
{
	int error = open_descriptors(devices);

	if (!error)
		error = open_namespace(devices);
	if (!error)
		error = stream_open(options->sysfs ? options->sysfs : "/sys", &devices->stream);
	if (error)
		return error;
	devices->stream.current = true;
	devices->reader = mount_reader_choose();
	/* Without uevents, devices are noticed when they are mounted. */
	if (uevent_open(&devices->uevents) != 0)
		devices->uevents = NULL;
	error = add_sources(devices);
	if (!error)
		error = attach_scan(&devices->stream);
	if (!error)
		error = read_table(devices, clock_monotonic_ns());
	if (error)
		return error;
	devices->stream.current = false;
	if (options->probe)
		return start_probe(devices);
	return tell_watching(devices, DEVICE_PROBE_NONE, 0, LOADER_STEP_NONE);
}

int devices_open(const struct devices_options *options, struct devices **ret_devices)
{
	struct devices *devices = calloc(1, sizeof(*devices));
	int error;

	if (!devices)
		return -ENOMEM;
	devices->epoll_fd = -1;
	devices->timer_fd = -1;
	devices->mountinfo_fd = -1;
	error = open_all(devices, options);
	if (error) {
		devices_close(devices);
		return error;
	}
	*ret_devices = devices;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void devices_close(struct devices *devices)
{
	if (!devices)
		return;
	if (devices->has_probe)
		probe_stop(&devices->probe);
	device_event_free(devices->event);
	uevent_close(devices->uevents);
	stream_close(&devices->stream);
	mount_state_close(&devices->mounts);
	close_fd(devices->mountinfo_fd);
	close_fd(devices->timer_fd);
	close_fd(devices->epoll_fd);
	free(devices);
}

int devices_fd(const struct devices *devices)
{
	return devices->epoll_fd;
}

pid_t devices_probe_pid(const struct devices *devices)
{
	return devices->has_probe ? devices->probe.pid : 0;
}
