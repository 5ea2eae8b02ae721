/* SPDX-License-Identifier: MIT */
#include "job/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/coordinator.h"
#include "job/pair.h"
#include "util/human.h"

#define LINE_BYTES 512

/* More different ones than this are not remembered, and may come twice. */
#define LINES_MAX 256

static bool was_said(struct job *job, const char *line)
{
	struct explanations *said = &job->explained;

	for (unsigned i = 0; i < said->count; i++)
		if (strcmp(said->line[i], line) == 0)
			return true;
	return false;
}

static void remember(struct job *job, const char *line)
{
	struct explanations *said = &job->explained;
	char **grown;

	if (said->count >= LINES_MAX)
		return;
	grown = realloc(said->line, (said->count + 1) * sizeof(*grown));
	if (!grown)
		return;
	said->line = grown;
	said->line[said->count] = strdup(line);
	said->count += said->line[said->count] != NULL;
}

void explain(struct job *job, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	if (!job->options.explain)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (was_said(job, line))
		return;
	remember(job, line);
	notify(job, "explain: %s", line);
}

void explain_end(struct job *job)
{
	for (unsigned i = 0; i < job->explained.count; i++)
		free(job->explained.line[i]);
	free(job->explained.line);
	job->explained = (struct explanations){0};
}

/* ---- large files ---- */

static const char *kind_words(enum pair_kind kind)
{
	switch (kind) {
	case PAIR_CACHED:
		return "large files that are in memory";
	case PAIR_SPARSE:
		return "large files with holes";
	default:
		return "large files";
	}
}

/* The sides, where they are moved by requests: both may go past the page cache. */
static const char *side_words(unsigned flags)
{
	bool source = flags & MANNER_SOURCE_DIRECT, target = flags & MANNER_TARGET_DIRECT;

	if (source && target)
		return "direct reads and writes";
	if (source)
		return "direct reads, writes through the page cache";
	return target ? "reads through the page cache, direct writes"
		      : "reads and writes through the page cache";
}

static void how_words(const struct tuner_choice *choice, char *space, size_t capacity)
{
	const struct wire_manner *manner = &choice->manner;
	unsigned kib = manner->block_bytes / 1024;

	switch (manner->way) {
	case STRATEGY_RANGE:
		snprintf(space, capacity, "copy_file_range");
		break;
	case STRATEGY_PLAIN:
		snprintf(space, capacity, "plain reads and writes of %u KiB", kib);
		break;
	default:
		snprintf(space, capacity, "%s, %u of %u KiB in flight", side_words(manner->flags),
			manner->depth, kib);
		break;
	}
}

static const char *reason_words(enum tuner_reason reason)
{
	switch (reason) {
	case TUNER_ASKED:
		return "as asked";
	case TUNER_NO_RING:
		return "io_uring is not available";
	case TUNER_OFFLOADS:
		return "the file server may copy by itself";
	case TUNER_IN_MEMORY:
		return "there is no device to wait for";
	case TUNER_SPARSE:
		return "direct writes into holes would wait for each other";
	case TUNER_REMOVABLE:
		return "shallow at first, since a device is removable";
	case TUNER_CACHED:
		return "the source need not be read from its device";
	case TUNER_COLD:
		return "the page cache is of no use for what is read once";
	case TUNER_SLOWED:
		return "the former way has become slow";
	default:
		return "measured to be faster";
	}
}

static bool is_measured(enum tuner_reason reason)
{
	return reason == TUNER_FASTER || reason == TUNER_SLOWED;
}

static void rate_words(const struct tuner *tuner, char *space, size_t capacity)
{
	space[0] = '\0';
	if (is_measured(tuner->reason))
		snprintf(space, capacity, ": %.0f MB/s instead of %.0f MB/s",
			tuner_rate(tuner) * 1000, tuner->former_rate * 1000);
}

void explain_pair(struct job *job, const struct pair *pair)
{
	const struct tuner *tuner = &pair->tuner;
	char how[128], rate[80];

	how_words(&tuner->current, how, sizeof(how));
	rate_words(tuner, rate, sizeof(rate));
	explain(job, "%s, %s to %s: %s%s%s, because %s%s", kind_words(pair->kind),
		pair->source.name, pair->target.name, is_measured(tuner->reason) ? "now " : "", how,
		tuner->current.workers > 1 ? ", several workers on one file" : "",
		reason_words(tuner->reason), rate);
}

/* ---- what workers tell ---- */

static const char *class_words(uint32_t file_class)
{
	static const char *const words[CLASSES] = {
		[CLASS_SMALL] = "small files",
		[CLASS_MEDIUM] = "medium files",
		[CLASS_HOLES] = "medium files with holes",
		[CLASS_LARGE] = "large files",
	};

	return words[file_class];
}

static const char *way_words(const struct wire_choice *choice)
{
	bool small = choice->file_class == CLASS_SMALL;

	switch (choice->way) {
	case STRATEGY_REFLINK:
		return "reflinks, because the filesystem lets files share their data";
	case STRATEGY_RANGE:
		return "copy_file_range, as asked";
	case STRATEGY_DIRECT:
		return "direct reads and writes, as asked";
	case STRATEGY_URING:
		return small ? "plain calls for what is in memory, io_uring with up to 64 files in "
			       "flight for the rest, because a device likes many requests at once"
			     : "plain reads of what is in memory, io_uring with 8 of 256 KiB in "
			       "flight for the rest, and plain writes, because a device likes many "
			       "requests at once";
	default:
		return "plain reads and writes, as asked or because nothing else is possible";
	}
}

/* Of large files the rest was told when it was chosen. */
static void explain_refusal(struct job *job, const struct wire_choice *choice,
	const struct place *source, const struct place *target)
{
	if (choice->source_refuses)
		explain(job, "%s refuses direct reads: they go through the page cache",
			source->name);
	if (choice->target_refuses)
		explain(job, "%s refuses direct writes: they go through the page cache",
			target->name);
}

void explain_choice(struct job *job, const struct wire_choice *choice)
{
	struct place source, target;

	place_describe("/sys", "/proc/self/mountinfo", choice->source_device, choice->source_type,
		&source);
	place_describe("/sys", "/proc/self/mountinfo", choice->target_device, choice->target_type,
		&target);
	if (choice->file_class != CLASS_LARGE || choice->way == STRATEGY_REFLINK)
		explain(job, "%s, %s to %s: %s", class_words(choice->file_class), source.name,
			target.name, way_words(choice));
	explain_refusal(job, choice, &source, &target);
}
