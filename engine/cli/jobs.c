/* SPDX-License-Identifier: MIT */
/* haul jobs: what runs, what waits, what was left behind. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/job_holds.h"
#include "haul/exit.h"
#include "haul/progress.h"
#include "job/journal.h"
#include "job/past.h"
#include "job/state_directory.h"
#include "publisher/event.h"
#include "util/human.h"
#include "util/quote.h"

struct jobs_settings {
	bool unused;
};

static const struct option_row rows[] = {
	{.name = "help", .kind = OPTION_HELP, .group = "Options", .help = "show this help"},
	{.name = "version", .kind = OPTION_VERSION, .help = "show the version"},
	{.name = NULL},
};

static const char *const usage[] = {"", NULL};

const struct option_set jobs_options = {
	.command = "jobs",
	.usage = usage,
	.description =
		"List your jobs: those that run, those that are paused or wait for a device, "
		"those that can be resumed, and those that died; with the filesystems "
		"that they keep busy.",
	.row = rows,
};

/* Has a job that died, or was stopped, left a journal? One that runs holds its own. */
static bool is_resumable(const char *job)
{
	char path[STATE_PATH_BYTES];
	int fd;

	if (state_journal_path(job, false, path) || journal_open_file(path, false, &fd))
		return false;
	close(fd);
	return true;
}

static const char *state_word(const char *job, struct haul_reader *reader, enum haul_state state)
{
	if (state >= HAUL_STATE_DONE)
		return event_state_word(state);
	if (haul_reader_wait(reader, 0) == HAUL_WAIT_GONE)
		return is_resumable(job) ? "resumable" : "dead";
	if (state == HAUL_STATE_PAUSED && haul_reader_header(reader)->waits_for[0])
		return "waiting";
	return event_state_word(state);
}

/* What a serial port receives has no size that is known before its end, and need not be files. */
static bool is_endless(const struct haul_header *header, const struct haul_totals *totals)
{
	const uint64_t *counter = totals->counter;

	return strncmp(header->operation, "serial", sizeof(header->operation)) == 0 &&
	       !counter[HAUL_BYTES_PLANNED] && (counter[HAUL_BYTES_READ] || !totals->planning_done);
}

/* "1,200 of 3,400", or "1,200 of 3,400+" while more is being found. */
static void progress_words(const struct haul_header *header, const struct haul_totals *totals,
	char *ret_files, char *ret_bytes, size_t capacity)
{
	const uint64_t *counter = totals->counter;
	const char *more = totals->planning_done ? "" : "+";
	char done[HUMAN_BYTES], planned[HUMAN_BYTES];

	snprintf(ret_files, capacity, "%s of %s%s", human_count(counter[HAUL_FILES_DONE], done),
		human_count(counter[HAUL_FILES_PLANNED], planned), more);
	snprintf(ret_bytes, capacity, "%s of %s%s", human_size(counter[HAUL_BYTES_ACCEPTED], done),
		human_size(counter[HAUL_BYTES_PLANNED], planned), more);
	if (!is_endless(header, totals))
		return;
	snprintf(ret_bytes, capacity, "%s received", human_size(counter[HAUL_BYTES_READ], done));
	if (!counter[HAUL_FILES_PLANNED])
		snprintf(ret_files, capacity, "-");
}

/* The header's arguments end with NULs; the last is the destination. */
static void print_arguments(const struct haul_header *header)
{
	const char *argument = header->arguments;
	char quoted[QUOTE_BYTES];

	for (uint32_t i = 0; i < header->argument_count; i++) {
		size_t left = (size_t)(header->arguments + sizeof(header->arguments) - argument);

		if (!memchr(argument, '\0', left))
			break;
		printf(" %s", quote_name(argument, quoted, sizeof(quoted)));
		argument += strlen(argument) + 1;
		if (argument >= header->arguments + sizeof(header->arguments))
			break;
	}
	if (header->arguments_cut)
		printf(" ...");
}

static void print_heading(unsigned *count)
{
	if (!(*count)++)
		printf("%-20s %-9s %-24s %-24s %s\n", "JOB", "STATE", "FILES", "BYTES", "COMMAND");
}

static int print_job(const char *job, void *context)
{
	unsigned *count = context;
	struct haul_reader *reader;
	struct haul_totals totals;
	char files[80], bytes[80];
	const struct haul_header *header;

	/* One that ended since it was found is not worth a word. */
	if (haul_reader_open(job, &reader))
		return 0;
	header = haul_reader_header(reader);
	/* What a publisher follows devices with is no work of the user's. */
	if (strncmp(header->operation, HAUL_WATCH_OPERATION, sizeof(header->operation)) == 0) {
		haul_reader_close(reader);
		return 0;
	}
	print_heading(count);
	haul_reader_totals(reader, &totals);
	progress_words(header, &totals, files, bytes, sizeof(files));
	printf("%-20s %-9s %-24s %-24s %.*s", job, state_word(job, reader, totals.state), files,
		bytes, (int)sizeof(header->operation), header->operation);
	print_arguments(header);
	printf("\n");
	if (totals.state == HAUL_STATE_PAUSED && header->waits_for[0])
		printf("  waits for %.*s\n", (int)sizeof(header->waits_for), header->waits_for);
	if (totals.state < HAUL_STATE_DONE && haul_reader_wait(reader, 0) != HAUL_WAIT_GONE)
		job_holds_print(header->coordinator_pid);
	haul_reader_close(reader);
	return 0;
}

/* Of a job that has no region any more, the journal alone tells. */
static int print_journal(const char *job, void *context)
{
	char path[STATE_PATH_BYTES], quoted[QUOTE_BYTES];
	struct haul_reader *reader;
	struct past past;

	if (!haul_reader_open(job, &reader)) {
		haul_reader_close(reader);
		return 0;
	}
	if (state_journal_path(job, false, path) || past_open(path, &past))
		return 0;
	print_heading(context);
	printf("%-20s %-9s %-24s %-24s", job, "resumable", "-", "-");
	for (unsigned i = 0; i < past.argument_count; i++)
		printf(" %s", i ? quote_name(past.argument[i], quoted, sizeof(quoted))
				: past.argument[i]);
	printf("\n");
	past_close(&past);
	return 0;
}

int command_jobs(int argc, char **argv)
{
	struct jobs_settings settings = {0};
	unsigned count = 0;
	int error;

	switch (option_parse_all(&jobs_options, argc, argv, &settings)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	error = haul_jobs_each(print_job, &count);
	if (error >= 0)
		error = state_each_journal(print_journal, &count);
	if (error < 0)
		option_error(&jobs_options, "cannot list jobs: %s", strerror(-error));
	else if (!count)
		printf("no jobs\n");
	return error < 0 ? HAUL_EXIT_FAILED : HAUL_EXIT_OK;
}
