/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/names.h"

/* A line without its end. */
static void print_line(const struct job *job, const struct item *item, uint32_t index,
	const struct names *names, FILE *out)
{
	bool directory = item->type == WIRE_FINISH || item->type == WIRE_LIST;

	if (item->directory->root->phase == ROOT_REMOVING)
		fprintf(out, "removed %s%s", directory ? "directory " : "", names->source_quoted);
	else if (job->options.operation != JOB_MOVE)
		fprintf(out, "%s -> %s", names->source_quoted, names->target_quoted);
	else if (directory)
		fprintf(out, "created directory %s", names->target_quoted);
	else
		fprintf(out, "%s %s -> %s",
			item_find_outcome(item, index, 1u << OUTCOME_RENAMED) ? "renamed"
									      : "copied",
			names->source_quoted, names->target_quoted);
}

/* What had the name before. */
static void print_backup(struct names *names, const struct item *item, uint32_t index, FILE *out)
{
	const struct item_outcome *outcome =
		item_find_outcome(item, index, 1u << OUTCOME_BACKED_UP);

	if (!outcome || !outcome->backup)
		return;
	names_fill(names, item->directory,
		(struct wire_text){outcome->backup, strlen(outcome->backup)},
		(struct wire_text){"", 0});
	fprintf(out, " (backup: %s)", names->target_quoted);
}

static const char *sharing_words(uint32_t how)
{
	if (how & COPIED_SHARED)
		return "yes";
	if (how & COPIED_REFUSED)
		return "unsupported";
	return how & COPIED_UNSHARED ? "avoided" : "no";
}

static const char *hole_words(uint32_t how)
{
	if (how & COPIED_SHARED)
		return "unknown";
	if (!(how & COPIED_SOUGHT))
		return "no";
	return how & COPIED_ZEROS ? "SEEK_HOLE + zeros" : "SEEK_HOLE";
}

/* Bits of enum copied_flag; 0: no content was copied. */
static uint32_t copied_how(const struct item *item, uint32_t index)
{
	const struct item_outcome *outcome = item_find_outcome(item, index, 1u << OUTCOME_COPIED);

	if (item_is_large(item))
		return item->large->copied;
	return outcome ? outcome->what.mode : 0;
}

/* The words that GNU cp --debug has. */
static void print_manner(const struct item *item, uint32_t index, FILE *out)
{
	const char *offload = "avoided";
	uint32_t how = copied_how(item, index);

	if (!how)
		return;
	if (how & COPIED_SHARED)
		offload = "unknown";
	else if (how & COPIED_OFFLOADED)
		offload = "yes";
	fprintf(out, "copy offload: %s, reflink: %s, sparse detection: %s\n", offload,
		sharing_words(how), hole_words(how));
}

static void tell_entry(const struct job *job, const struct item *item, uint32_t index,
	struct wire_text name, struct wire_text target, struct names *names, FILE *out)
{
	if (item_entry_failed(item, index))
		return;
	names_fill(names, item->directory, name, target);
	if (outcome_is_left(item, index)) {
		if (job->options.debug)
			fprintf(out, "skipped %s\n", names->target_quoted);
		return;
	}
	if (job->options.operation == JOB_COPY &&
		item_find_outcome(item, index, 1u << OUTCOME_REMOVED))
		fprintf(out, "removed %s\n", names->target_quoted);
	print_line(job, item, index, names, out);
	print_backup(names, item, index, out);
	fputc('\n', out);
	if (job->options.debug)
		print_manner(item, index, out);
}

static void tell_entries(
	const struct job *job, const struct item *item, struct names *names, FILE *out)
{
	const struct wire_entry *entry;
	struct wire_text name, target;

	for (uint32_t i = 0; i < item->entry_count; i++)
		if (!item_entry(item, i, &entry, &name, &target))
			tell_entry(job, item, i, name, target, names, out);
}

static void tell_one(const struct job *job, const struct item *item, struct wire_text name,
	struct wire_text target, struct names *names, FILE *out)
{
	tell_entry(job, item, 0, name, target, names, out);
}

static void tell(const struct job *job, const struct item *item, struct names *names, FILE *out)
{
	static const struct wire_text none = {"", 0};
	bool removal = item->directory->root->phase == ROOT_REMOVING;

	switch (item->type) {
	case WIRE_FILES:
		tell_entries(job, item, names, out);
		break;
	case WIRE_LINK:
		tell_one(job, item,
			(struct wire_text){(const char *)item->packed, item->packed_bytes - 1},
			none, names, out);
		break;
	case WIRE_PREPARE: /* it ended with that */
	case WIRE_COMMIT:
		tell_one(job, item, large_name(item->large), large_target(item->large), names, out);
		break;
	case WIRE_LIST:
		if (!removal && item->directory->metadata.created && !item->position)
			tell_one(job, item, none, none, names, out);
		break;
	case WIRE_FINISH:
		if (removal)
			tell_one(job, item, none, none, names, out);
		break;
	default:
		break;
	}
}

/* On standard output, unless that is for events. */
static void say(struct job *job, const char *text, size_t bytes)
{
	int fd = job->request->json ? STDERR_FILENO : STDOUT_FILENO;

	if (bytes)
		telling_say(&job->tellings, fd, text, bytes);
}

static bool is_heard(const struct job *job)
{
	return job->options.verbose && !job->tellings.output_error;
}

void verbose_line(struct job *job, const char *format, ...)
{
	va_list arguments;
	char *text = NULL, *line = NULL;
	int bytes = -1;

	if (!is_heard(job))
		return;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) >= 0)
		bytes = asprintf(&line, "%s\n", text);
	va_end(arguments);
	if (bytes >= 0)
		say(job, line, (size_t)bytes);
	else
		job_out_of_memory(job);
	free(line);
	free(text);
}

void verbose_item(struct job *job, const struct item *item)
{
	struct names *names;
	char *text = NULL;
	size_t bytes = 0;
	FILE *out;

	/* What a stopping worker answers may be dropped work. */
	if (!is_heard(job) || job->stopping || item->directory->root->phase == ROOT_VERIFYING)
		return;
	names = malloc(sizeof(*names));
	out = open_memstream(&text, &bytes);
	if (names && out)
		tell(job, item, names, out);
	if (!names || !out || fclose(out))
		job_out_of_memory(job);
	else
		say(job, text, bytes);
	free(text);
	free(names);
}
