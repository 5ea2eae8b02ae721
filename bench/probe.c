/* SPDX-License-Identifier: MIT */
/*
 * What the probe of haul watch costs every system call of the machine: tracepoints of system calls
 * put each of them on a slower path, whichever it is. Rounds with and without the probe take turns,
 * and processor time is what counts, of the best round of each: other processes only make it worse.
 * Needs root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/loader.h"
#include "util/clock.h"

#define ROUNDS 25
#define CALLS  200000

static uint64_t processor_ns(void)
{
	struct timespec used;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used))
		abort();
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static double round_ns(void)
{
	uint64_t begin_ns = processor_ns();

	for (unsigned i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (double)(processor_ns() - begin_ns) / CALLS;
}

static double best(const double *value)
{
	double least = value[0];

	for (unsigned i = 1; i < ROUNDS; i++) {
		if (value[i] < least)
			least = value[i];
	}
	return least;
}

int main(void)
{
	double without[ROUNDS], with[ROUNDS], load_ms[ROUNDS];
	enum loader_step step = LOADER_STEP_NONE;
	enum loader_variant variant = LOADER_PLAIN;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct loader *loader = NULL;
		uint64_t begin_ns;
		int error;

		without[i] = round_ns();
		begin_ns = clock_monotonic_ns();
		error = loader_open(&loader, &step);
		if (error) {
			fprintf(stderr, "bench/probe: cannot load the probe: step %d: %s\n",
				(int)step, strerror(-error));
			return 1;
		}
		load_ms[i] = (double)(clock_monotonic_ns() - begin_ns) / 1e6;
		variant = loader_variant(loader);
		with[i] = round_ns();
		loader_close(loader);
	}
	printf("getppid(2) without the probe  %6.1f ns\n", best(without));
	printf("getppid(2) with the probe     %6.1f ns  (%s)\n", best(with),
		variant == LOADER_CORE ? "core" : "plain");
	printf("loading and attaching it      %6.1f ms\n", best(load_ms));
	return 0;
}
