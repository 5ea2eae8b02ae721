/* SPDX-License-Identifier: MIT */
/*
 * Watches a running haul job: how far it is, and each file that failed, until the job ends.
 *
 *     cc -o watch watch.c $(pkg-config --cflags --libs haul)
 *     ./watch JOB          (`haul jobs` lists them)
 */
#include <haul/progress.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_failure(const struct haul_record *record)
{
	const struct haul_file *file = (const struct haul_file *)(record + 1);

	if (record->type == HAUL_RECORD_FILE_FAILED)
		printf("%.*s: %s\n", file->path_bytes, file->text, strerror(file->error));
}

static int print_news(struct haul_reader *reader, struct haul_totals *totals)
{
	const struct haul_record *record;
	uint64_t lost;
	int next;

	haul_reader_totals(reader, totals); /* first: a final state means that the rest is all */
	while ((next = haul_reader_next(reader, &record, NULL, &lost)) != HAUL_NEXT_NOTHING) {
		if (next < 0)
			return next;
		if (next == HAUL_NEXT_OVERRUN)
			printf("(too slow: missed %" PRIu64 " records)\n", lost);
		else
			print_failure(record);
	}
	printf("%" PRIu64 " of %" PRIu64 "%s bytes\n", totals->counter[HAUL_BYTES_ACCEPTED],
		totals->counter[HAUL_BYTES_PLANNED], totals->planning_done ? "" : " or more");
	return 0;
}

int main(int argc, char **argv)
{
	struct haul_totals totals = {.state = HAUL_STATE_RUNNING};
	struct haul_reader *reader = NULL;
	int waited = HAUL_WAIT_NEWS;
	int error = haul_reader_open(argc == 2 ? argv[1] : "", &reader);

	while (!error && waited != HAUL_WAIT_GONE && totals.state < HAUL_STATE_DONE) {
		waited = haul_reader_wait(reader, 1000); /* asleep until something happens */
		error = waited < 0 ? waited : print_news(reader, &totals);
		usleep(100000); /* ten lines a second are enough; the job doesn't mind */
	}
	haul_reader_close(reader);
	if (error || waited == HAUL_WAIT_GONE)
		fprintf(stderr, "watch: %s\n", error ? strerror(-error) : "the job died");
	return error || totals.state != HAUL_STATE_DONE;
}
