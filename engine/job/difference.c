/* SPDX-License-Identifier: MIT */
/*
 * Each difference is one line that begins with "differ: ", "only in source: ", "only in
 * destination: " or, where there are only checksums, "missing: ", and the path, quoted. Programs
 * look for these words.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/names.h"
#include "util/clock.h"
#include "util/file_kind.h"
#include "util/quote.h"

#define ERASE_LINE "\r\033[K"
#define TIME_BYTES 64

/* The caller frees it; NULL: out of memory. */
static char *format(const char *words, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *words, ...)
{
	va_list arguments;
	char *text;
	int bytes;

	va_start(arguments, words);
	bytes = vasprintf(&text, words, arguments);
	va_end(arguments);
	return bytes < 0 ? NULL : text;
}

static const char *time_words(const uint64_t value[2], char *space)
{
	time_t seconds = (time_t)value[0];
	struct tm parts;
	size_t bytes = gmtime_r(&seconds, &parts)
			       ? strftime(space, TIME_BYTES, "%Y-%m-%d %H:%M:%S", &parts)
			       : 0;

	/* A year that no calendar has. */
	if (!bytes)
		bytes = (size_t)snprintf(space, TIME_BYTES, "@%" PRId64, (int64_t)seconds);
	snprintf(space + bytes, TIME_BYTES - bytes, ".%09" PRIu64 " UTC", value[1]);
	return space;
}

static char *times(const uint64_t (*value)[2])
{
	char a[TIME_BYTES], b[TIME_BYTES];

	return format("modified %s and %s", time_words(value[0], a), time_words(value[1], b));
}

static char *devices(const uint64_t (*value)[2])
{
	return format("device %u:%u and %u:%u", major(value[0][0]), minor(value[0][0]),
		major(value[1][0]), minor(value[1][0]));
}

static char *symlinks(char *const detail[DIFFERENCE_SIDES])
{
	char a[QUOTE_BYTES], b[QUOTE_BYTES];

	return format("points to %s and %s", quote_name(detail[0] ? detail[0] : "", a, sizeof(a)),
		quote_name(detail[1] ? detail[1] : "", b, sizeof(b)));
}

static char *attribute(char *const detail[DIFFERENCE_SIDES])
{
	char quoted[QUOTE_BYTES];
	const char *name = detail[0] ? detail[0] : detail[1];
	const char *where = " differs";

	if (!detail[1])
		where = " only in source";
	else if (!detail[0])
		where = " only in destination";
	return format(
		"attribute %s%s", quote_name(name ? name : "", quoted, sizeof(quoted)), where);
}

/* A part of a large file has a checksum of its own, which nobody else knows. */
static char *sums(const struct item *item, const uint64_t (*value)[2])
{
	if (item->type == WIRE_COMPARE)
		return format("content from byte %" PRIu64 " to %" PRIu64, item->offset + 1,
			item->offset + item->length);
	return format("checksum %016" PRIx64 "%016" PRIx64 " and %016" PRIx64 "%016" PRIx64,
		value[0][0], value[0][1], value[1][0], value[1][1]);
}

static char *words_of(const struct item *item, const struct item_difference *difference)
{
	const uint64_t(*value)[2] = difference->what.value;

	switch ((enum difference_kind)difference->what.kind) {
	case DIFFERENCE_TYPE:
		return format("%s and %s", file_kind((mode_t)value[0][0]),
			file_kind((mode_t)value[1][0]));
	case DIFFERENCE_SIZE:
		return format("size %" PRIu64 " and %" PRIu64, value[0][0], value[1][0]);
	case DIFFERENCE_CONTENT:
		/* As cmp counts. */
		return format("content at byte %" PRIu64, value[0][0] + 1);
	case DIFFERENCE_SUM:
		return sums(item, value);
	case DIFFERENCE_MODE:
		return format("mode %04o and %04o", (unsigned)value[0][0], (unsigned)value[1][0]);
	case DIFFERENCE_OWNER:
		return format("owner %" PRIu64 ":%" PRIu64 " and %" PRIu64 ":%" PRIu64, value[0][0],
			value[0][1], value[1][0], value[1][1]);
	case DIFFERENCE_TIME:
		return times(value);
	case DIFFERENCE_DEVICE:
		return devices(value);
	case DIFFERENCE_SYMLINK:
		return symlinks(difference->detail);
	case DIFFERENCE_XATTR:
		return attribute(difference->detail);
	default:
		return format("in another way");
	}
}

/* ---- telling ---- */

/* As readers see it who know both trees: below them, where there are trees. */
static const char *quote_path(const struct directory *directory, struct wire_text name,
	const struct names *names, char *space, size_t capacity)
{
	char path[DIRECTORY_PATH_BYTES], *whole;

	if (directory->root->phase == ROOT_VERIFYING)
		return names->target_quoted;
	if (directory->root->top->virtual || directory_path(directory, path, sizeof(path)) < 0)
		return names->source_quoted;
	if (!*path && !name.bytes)
		return "'.'";
	whole = malloc(NAMES_PATH_BYTES);
	if (!whole)
		return names->source_quoted;
	names_join(whole, NAMES_PATH_BYTES, "", path, name.data);
	quote_name(whole, space, capacity);
	free(whole);
	return space;
}

/* On standard output, unless that is for events. */
static void print(struct job *job, const char *line)
{
	char *text;

	if (job->request->json || job->options.operation != JOB_VERIFY) {
		notify(job, "%s", line);
		return;
	}
	text = format("%s%s\n", job->bar && isatty(STDOUT_FILENO) ? ERASE_LINE : "", line);
	if (text)
		telling_say(&job->tellings, STDOUT_FILENO, text, strlen(text));
	else
		job_out_of_memory(job);
	free(text);
}

static void record(struct job *job, const struct names *names, const char *message)
{
	struct lane_file file = {
		.directory = "",
		.name = names->source,
		.name_bytes = strlen(names->source),
		.error = EBADMSG,
		.message = message,
	};

	lane_file(&job->lane, HAUL_RECORD_FILE_FAILED, clock_monotonic_ns(), &file);
	lane_ring(&job->lane, clock_monotonic_ns(), false);
}

struct difference_text {
	struct names names;
	char path[NAMES_QUOTED_BYTES];
	char line[NAMES_QUOTED_BYTES + 4 * QUOTE_BYTES];
};

/* `before` ends with ": "; `what` is empty or begins with ": ". */
static void tell(struct job *job, const struct item *item, struct wire_text name,
	struct wire_text target, const char *before, const char *what)
{
	struct difference_text *telling = malloc(sizeof(*telling));

	job->different = true;
	item->directory->root->differs = true;
	if (!telling) {
		job_out_of_memory(job);
		return;
	}
	names_fill(&telling->names, item->directory, name, target);
	snprintf(telling->line, sizeof(telling->line), "%s%s%s", before,
		quote_path(item->directory, name, &telling->names, telling->path,
			sizeof(telling->path)),
		what);
	print(job, telling->line);
	record(job, &telling->names, telling->line);
	free(telling);
}

static void tell_words(struct job *job, const struct item *item, struct wire_text name,
	struct wire_text target, char *words)
{
	char *what = words ? format(": %s", words) : NULL;

	if (what)
		tell(job, item, name, target, "differ: ", what);
	else
		job_out_of_memory(job);
	free(what);
	free(words);
}

void difference_tell(struct job *job, const struct item *item, struct wire_text name,
	struct wire_text target, const struct item_difference *difference)
{
	bool missing = difference->what.kind == DIFFERENCE_ONLY_SOURCE;

	if (missing && item->directory->root->phase == ROOT_VERIFYING)
		tell(job, item, name, target, "missing: ", "");
	else if (missing)
		tell(job, item, name, target, "only in source: ", "");
	else if (difference->what.kind == DIFFERENCE_ONLY_TARGET)
		tell(job, item, name, target, "only in destination: ", "");
	else
		tell_words(job, item, name, target, words_of(item, difference));
}

void difference_tell_link(struct job *job, const struct item *item, struct wire_text name,
	unsigned side, const char *other)
{
	char *quoted = malloc(NAMES_QUOTED_BYTES);

	if (quoted)
		quote_name(other, quoted, NAMES_QUOTED_BYTES);
	tell_words(job, item, name, (struct wire_text){"", 0},
		quoted ? format("hard link to %s only in %s", quoted,
				 side ? "destination" : "source")
		       : NULL);
	free(quoted);
}

void difference_tell_same(struct job *job, const struct item *item, struct wire_text name)
{
	struct names *names = malloc(sizeof(*names));
	struct lane_file file = {.directory = ""};
	const struct wire_entry *entry;
	struct wire_text own, target;

	if (!names) {
		job_out_of_memory(job);
		return;
	}
	names_fill(names, item->directory, name, (struct wire_text){"", 0});
	file.name = names->source;
	file.name_bytes = strlen(names->source);
	if (!item_entry(item, 0, &entry, &own, &target))
		file.bytes = entry->bytes;
	lane_file(&job->lane, HAUL_RECORD_FILE_DONE, clock_monotonic_ns(), &file);
	free(names);
}
