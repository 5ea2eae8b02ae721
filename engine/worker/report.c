/* SPDX-License-Identifier: MIT */
#include "worker/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int report_open(struct report *report, int channel)
{
	*report = (struct report){.channel = channel};
	report->buffer.data = malloc(WIRE_DATAGRAM_BYTES);
	if (!report->buffer.data)
		return -ENOMEM;
	report->buffer.capacity = WIRE_DATAGRAM_BYTES;
	wire_reset(&report->buffer);
	return 0;
}

void report_close(struct report *report)
{
	free(report->buffer.data);
	report->buffer.data = NULL;
}

/* The coordinator always reads, so waiting for room ends. */
void report_flush(struct report *report)
{
	int error = report->error;

	if (!error)
		error = wire_send(report->channel, &report->buffer, true);
	if (error)
		wire_reset(&report->buffer);
	report->error = error;
	report->oldest_ns = 0;
}

struct wire_buffer *report_reserve(struct report *report, size_t bytes)
{
	if (report->buffer.capacity - report->buffer.used < bytes)
		report_flush(report);
	return &report->buffer;
}

static void put(struct report *report, enum wire_type type, const void *body, size_t body_bytes,
	const struct wire_text *text, unsigned text_count)
{
	int error = wire_put(&report->buffer, type, body, body_bytes, text, text_count);

	if (error == -ENOSPC) {
		report_flush(report);
		error = wire_put(&report->buffer, type, body, body_bytes, text, text_count);
	}
	if (error)
		report->error = error;
}

void report_put(struct report *report, enum wire_type type, const void *body, size_t body_bytes)
{
	put(report, type, body, body_bytes, NULL, 0);
}

void report_notice(struct report *report, const char *line)
{
	struct wire_text text = {line, strlen(line)};
	struct wire_notice notice = {.text_bytes = (uint32_t)text.bytes};

	put(report, WIRE_NOTICE, &notice, sizeof(notice), &text, 1);
}

void report_failure(
	struct report *report, const struct wire_failure *failure, struct wire_text name)
{
	struct wire_failure named = *failure;

	named.name_bytes = (uint32_t)name.bytes;
	put(report, WIRE_FAILURE, &named, sizeof(named), &name, name.bytes ? 1 : 0);
}

void report_outcome(struct report *report, const struct wire_outcome *outcome, const char *name)
{
	struct wire_text text = {name, name ? strlen(name) : 0};
	struct wire_outcome named = *outcome;

	named.name_bytes = (uint32_t)text.bytes;
	put(report, WIRE_OUTCOME, &named, sizeof(named), &text, text.bytes ? 1 : 0);
}

void report_difference(struct report *report, const struct wire_difference *difference,
	struct wire_text name, const struct wire_text detail[DIFFERENCE_SIDES])
{
	struct wire_difference named = *difference;
	const struct wire_text text[] = {name, detail[0], detail[1]};

	named.name_bytes = (uint32_t)name.bytes;
	named.detail_bytes[0] = (uint32_t)detail[0].bytes;
	named.detail_bytes[1] = (uint32_t)detail[1].bytes;
	put(report, WIRE_DIFFERENCE, &named, sizeof(named), text, 3);
}

void report_tick(struct report *report, uint64_t now_ns)
{
	if (!report->buffer.used)
		return;
	if (!report->oldest_ns)
		report->oldest_ns = now_ns;
	if (report->buffer.used >= REPORT_FLUSH_BYTES ||
		now_ns - report->oldest_ns >= REPORT_FLUSH_NS)
		report_flush(report);
}
