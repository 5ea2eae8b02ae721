/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "haul/exit.h"
#include "run/run.h"
#include "util/quote.h"

/* What no shell and no job file needs quotes for. */
#define PLAIN_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%^"

static void show_word(const char *word)
{
	char quoted[QUOTE_BYTES];
	bool plain = *word && word[strspn(word, PLAIN_CHARACTERS)] == '\0';

	printf(" %s", plain ? word : quote_name(word, quoted, sizeof(quoted)));
}

static void show_disks(const struct disk_set *disks)
{
	const char *before = " # one at a time on ";
	char name[64];

	for (unsigned i = 0; i < disks->count; i++, before = ", ")
		printf("%s%s", before, disk_name("/sys", disks->disk[i], name, sizeof(name)));
	if (disks->any_port)
		printf("%sany port", before);
}

static void show_job(const struct run_job *job)
{
	struct disk_set disks;

	for (char **word = job->argument; *word; word++)
		show_word(*word);
	survey_disks(job, &disks);
	show_disks(&disks);
	putchar('\n');
}

int run_show_plan(const struct run_request *request)
{
	unsigned stage = request->count ? request->job[0].stage : 0;

	for (size_t i = 0; i < request->count; i++) {
		const struct run_job *job = &request->job[i];

		if (job->stage != stage)
			puts("wait");
		stage = job->stage;
		printf("%u:", job->number);
		show_job(job);
	}
	return HAUL_EXIT_OK;
}
