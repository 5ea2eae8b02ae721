/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "haul/exit.h"
#include "run/run.h"
#include "util/human.h"

enum result {
	RESULT_DONE = 0,
	RESULT_FAILED,
	RESULT_STOPPED, /* after it had begun: it can be resumed */
	RESULT_DIFFERENT,
	RESULT_NOT_BEGUN,
	RESULTS,
};

static enum result result_of(const struct run_job *job)
{
	if (job->state != RUN_ENDED)
		return RESULT_NOT_BEGUN;
	switch (job->status) {
	case HAUL_EXIT_OK:
		return RESULT_DONE;
	case HAUL_EXIT_STOPPED:
		return RESULT_STOPPED;
	case HAUL_EXIT_DIFFERENT:
		return RESULT_DIFFERENT;
	/* Told to stop before it had got as far as listening. */
	case -SIGTERM:
		return RESULT_NOT_BEGUN;
	default:
		return RESULT_FAILED;
	}
}

static void count_results(const struct run_request *request, size_t ret_count[RESULTS])
{
	memset(ret_count, 0, RESULTS * sizeof(*ret_count));
	for (size_t i = 0; i < request->count; i++)
		ret_count[result_of(&request->job[i])]++;
}

int summary_status(const struct run_request *request, bool stopped)
{
	size_t count[RESULTS];

	count_results(request, count);
	if (stopped && count[RESULT_STOPPED] + count[RESULT_NOT_BEGUN])
		return HAUL_EXIT_STOPPED;
	if (count[RESULT_FAILED])
		return HAUL_EXIT_FAILED;
	if (count[RESULT_STOPPED] + count[RESULT_NOT_BEGUN])
		return HAUL_EXIT_STOPPED;
	return count[RESULT_DIFFERENT] ? HAUL_EXIT_DIFFERENT : HAUL_EXIT_OK;
}

static void print_job(
	const struct run_request *request, const struct run_job *job, enum result result, FILE *out)
{
	if (job->label)
		fprintf(out, "%s: %s: ", request->program, job->label);
	else
		fprintf(out, "%s: %s:%u: %s ", request->program, request->file, job->number,
			job->name);
	switch (result) {
	case RESULT_FAILED:
		if (job->status < 0)
			fprintf(out, "failed: it was killed by signal %d\n", -job->status);
		else
			fprintf(out, "failed\n");
		break;
	case RESULT_STOPPED:
		fprintf(out, "was stopped\n");
		break;
	default:
		fprintf(out, "found differences\n");
		break;
	}
}

static uint64_t total(const struct run_request *request, enum haul_counter counter)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < request->count; i++)
		sum += request->job[i].counter[counter];
	return sum;
}

/* ", 2 failed", or nothing. */
static void print_part(size_t count, const char *what, FILE *out)
{
	char number[HUMAN_BYTES];

	if (count)
		fprintf(out, ", %s %s", human_count(count, number), what);
}

static size_t count_earlier(const struct run_request *request)
{
	size_t count = 0;

	for (size_t i = 0; i < request->count; i++)
		count += request->job[i].earlier;
	return count;
}

static void print_totals(const struct run_request *request, const size_t count[RESULTS],
	uint64_t elapsed_ns, FILE *out)
{
	uint64_t files = total(request, HAUL_FILES_DONE),
		 failed = total(request, HAUL_FILES_FAILED);
	char number[HUMAN_BYTES], size[HUMAN_BYTES], time[HUMAN_BYTES];

	fprintf(out, "%s: %s of ", request->program, human_count(count[RESULT_DONE], number));
	fprintf(out, "%s %s%s done", human_count(request->count, number),
		request->noun ? request->noun : "job", request->count == 1 ? "" : "s");
	print_part(count_earlier(request), "of them earlier", out);
	print_part(count[RESULT_FAILED], "failed", out);
	print_part(count[RESULT_DIFFERENT], "found differences", out);
	print_part(count[RESULT_STOPPED], "stopped", out);
	print_part(count[RESULT_NOT_BEGUN], "not begun", out);
	fprintf(out, "; %s %s", human_count(files, number), files == 1 ? "file" : "files");
	print_part(failed, "could not be done", out);
	fprintf(out, ", %s in %s\n",
		human_size(total(request, HAUL_BYTES_ACCEPTED) - total(request, HAUL_BYTES_CHECKED),
			size),
		human_duration((double)elapsed_ns / 1e9, time));
}

void summary_print(const struct run_request *request, uint64_t elapsed_ns, FILE *out)
{
	size_t count[RESULTS];

	count_results(request, count);
	for (size_t i = 0; i < request->count; i++) {
		enum result result = result_of(&request->job[i]);

		if (result != RESULT_DONE && result != RESULT_NOT_BEGUN)
			print_job(request, &request->job[i], result, out);
	}
	print_totals(request, count, elapsed_ns, out);
	if (count[RESULT_DONE] + count[RESULT_DIFFERENT] < request->count && request->how_to_go_on)
		fprintf(out, "%s: to go on: %s\n", request->program, request->how_to_go_on);
}
