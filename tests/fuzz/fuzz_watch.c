/* SPDX-License-Identifier: MIT */
/*
 * Publishes from regions that someone has tampered with: whatever they hold, each event is valid
 * JSON, and the bar and MessagePack can be made of it. The input is a list of patches as in
 * fuzz_region.c.
 */
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress/region.h"
#include "publisher/bar.h"
#include "publisher/msgpack.h"
#include "publisher/scan.h"
#include "publisher/watch.h"

#define RING_BYTES 4096u
#define STEPS      8
#define STEP_NS    UINT64_C(60000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void append(struct lane *lane, enum haul_record_type type, const void *head,
	size_t head_bytes, const char *text)
{
	const struct iovec part[] = {{(void *)head, head_bytes}, {(void *)text, strlen(text)}};

	if (lane_append(lane, type, 1, part, 2))
		abort();
}

static void fill_lane(const struct region *region, unsigned index)
{
	const struct lane_file file = {
		.name = "name", .name_bytes = 4, .error = 5, .message = "why"};
	const struct haul_text device = {.text_bytes = 20};
	const struct haul_serial serial = {.port_bytes = 4, .data_bytes = 3};
	struct lane lane;

	if (lane_open(region, index, HAUL_ROLE_WORKER, &lane))
		abort();
	for (unsigned type = HAUL_RECORD_FILE_STARTED; type <= HAUL_RECORD_FILE_SKIPPED; type++)
		lane_file(&lane, type, type, &file);
	append(&lane, HAUL_RECORD_DEVICE, &device, sizeof(device), "{\"action\":\"mounted\"}");
	append(&lane, HAUL_RECORD_SERIAL, &serial, sizeof(serial), "portT=1");
	lane_add(&lane, HAUL_BYTES_PLANNED, 1000);
	lane_add(&lane, HAUL_BYTES_ACCEPTED, 500);
	lane_add(&lane, HAUL_FILES_PLANNED, 10);
}

static struct region make_region(void)
{
	const char *arguments[] = {"a", "b"};
	const struct region_spec spec = {
		.operation = "fuzz",
		.arguments = arguments,
		.argument_count = 2,
		.lane_count = 2,
		.ring_bytes = RING_BYTES,
	};
	struct region region;

	if (region_create(&spec, &region))
		abort();
	/* Nobody needs to find it, and a crash must not leave it behind. */
	if (region.named && unlink(region.path))
		abort();
	region.named = false;
	fill_lane(&region, 0);
	fill_lane(&region, 1);
	return region;
}

static void apply_patches(const struct region *region, const uint8_t *data, size_t bytes)
{
	while (bytes >= 3) {
		size_t offset = (size_t)(data[0] | data[1] << 8) * 8 % region->map_bytes;
		size_t length = data[2];

		data += 3;
		bytes -= 3;
		if (length > bytes)
			length = bytes;
		if (length > region->map_bytes - offset)
			length = region->map_bytes - offset;
		memcpy((char *)region->header + offset, data, length);
		data += length;
		bytes -= length;
	}
}

static void check_event(void *context, const struct event *event)
{
	static char text[EVENT_JSON_BYTES];
	static unsigned char packed[2 * EVENT_JSON_BYTES];
	const struct bar_style style = {.columns = 100, .utf8 = true};
	struct scan_value value;
	struct msgpack pack;
	struct json json;
	char line[BAR_BYTES];

	(void)context;
	json_open(&json, text, sizeof(text));
	event_write(event, &json);
	if (json.overflow || !scan_text(text, json.used, &value) || value.type != SCAN_OBJECT)
		abort();
	msgpack_open(&pack, packed, sizeof(packed));
	if (!msgpack_json(&pack, text, json.used) || pack.overflow)
		abort();
	if (event->type != EVENT_PROGRESS)
		return;
	bar_render(&event->progress, &style, line);
	bar_summary(&event->progress, line);
}

static void publish(const struct region *region)
{
	const struct watch_target target = {check_event, NULL};
	struct haul_reader *reader;
	struct watch *watch;
	uint64_t now_ns = STEP_NS;

	if (haul_reader_open_fd(region->inherit_fd, &reader))
		return;
	if (watch_open(reader, now_ns, 1, &target, &watch))
		abort();
	for (unsigned step = 0; step < STEPS; step++) {
		now_ns += STEP_NS;
		if (watch_step(watch, now_ns) != WATCH_RUNNING)
			break;
	}
	watch_close(watch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct region region;
	static void *good;

	if (!good) {
		uselocale(newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0));
		region = make_region();
		good = malloc(region.map_bytes);
		if (!good)
			abort();
		memcpy(good, region.header, region.map_bytes);
	}
	memcpy(region.header, good, region.map_bytes);
	apply_patches(&region, data, bytes);
	publish(&region);
	return 0;
}
