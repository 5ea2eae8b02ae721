/* SPDX-License-Identifier: MIT */
#include "cli/device_feed.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/device_json.h"
#include "bpf/devices.h"
#include "haul/exit.h"
#include "progress/region.h"
#include "util/clock.h"
#include "util/spawn.h"

/* How long to wait before looking whether another publisher's feed has ended. */
#define TAKE_OVER_MS 1000

static const struct region_spec spec = {
	.job = "devices",
	.operation = HAUL_WATCH_OPERATION,
	.lane_count = 1,
};

/* ---- events ---- */

static void tell(struct lane *lane, const struct device_event *event)
{
	static char text[DEVICE_JSON_BYTES];
	struct haul_text body = {0};
	struct json json;

	/* What people call a device, as haul watch has it. */
	if (!event->visible || !event->device)
		return;
	json_open(&json, text, sizeof(text));
	device_json_write(&json, event);
	body.text_bytes = (uint32_t)json.used;
	/* One that does not fit is about names that nobody could read. */
	if (!json.overflow)
		(void)lane_append(lane, HAUL_RECORD_DEVICE, clock_monotonic_ns(),
			(const struct iovec[]){{&body, sizeof(body)}, {text, json.used}}, 2);
}

static int tell_all(struct devices *devices, struct lane *lane)
{
	const struct device_event *event;
	int result;

	while ((result = devices_next(devices, &event)) > 0)
		tell(lane, event);
	lane_ring(lane, clock_monotonic_ns(), true);
	return result;
}

/* Until the channel is closed. */
static int follow(struct devices *devices, struct lane *lane)
{
	struct pollfd wait[] = {
		{.fd = SPAWN_CHANNEL_FD, .events = POLLIN},
		{.fd = devices_fd(devices), .events = POLLIN},
	};
	int error = tell_all(devices, lane);

	while (!error && !wait[0].revents) {
		if (poll(wait, 2, -1) < 0)
			error = errno == EINTR ? 0 : -errno;
		else if (wait[1].revents)
			error = tell_all(devices, lane);
	}
	return error;
}

/* ---- life ---- */

/* One feed a user is enough: the others wait until it has ended. Returns 1 when the channel was
 * closed meanwhile. */
static int create_region(struct region *ret_region)
{
	struct pollfd channel = {.fd = SPAWN_CHANNEL_FD, .events = POLLIN};
	int error;

	while ((error = region_create(&spec, ret_region)) == -EEXIST)
		if (poll(&channel, 1, TAKE_OVER_MS) > 0)
			return 1;
	return error;
}

static int feed(const struct region *region)
{
	/* No probe: it would cost every system call of the machine a little. */
	const struct devices_options options = {.probe = false};
	struct devices *devices;
	struct lane lane;
	int error = lane_open(region, 0, HAUL_ROLE_COORDINATOR, &lane);

	if (!error)
		error = devices_open(&options, &devices);
	if (error)
		return error;
	error = follow(devices, &lane);
	devices_close(devices);
	return error;
}

int device_feed_main(int argc, char **argv)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct region region;
	int error;

	(void)argc;
	(void)argv;
	/* A stop is for the publisher, who then closes the channel; or it would look like a death.
	 */
	for (size_t at = 0; at < sizeof(ignored) / sizeof(ignored[0]); at++)
		signal(ignored[at], SIG_IGN);
	error = create_region(&region);
	if (error > 0)
		return HAUL_EXIT_OK;
	if (!error) {
		error = feed(&region);
		region_set_state(&region, error ? HAUL_STATE_FAILED : HAUL_STATE_DONE,
			error ? HAUL_EXIT_FAILED : HAUL_EXIT_OK);
		region_remove(&region);
	}
	if (error)
		fprintf(stderr, "haul: publisher: devices can't be followed: %s\n",
			strerror(-error));
	return error ? HAUL_EXIT_FAILED : HAUL_EXIT_OK;
}
