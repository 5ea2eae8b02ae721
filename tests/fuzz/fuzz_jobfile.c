/* SPDX-License-Identifier: MIT */
/* A job file of any bytes: words never overrun what holds them, and all lines are told in order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/jobfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(const struct jobfile *file, size_t bytes)
{
	size_t words = 0;

	for (size_t i = 0; i < file->count; i++) {
		const struct jobfile_line *line = &file->line[i];

		if (!line->word_count || line->word[line->word_count])
			abort();
		if (i && (line->number <= line[-1].number || line->stage < line[-1].stage))
			abort();
		for (unsigned j = 0; j < line->word_count; j++)
			words += strlen(line->word[j]) + 1;
	}
	if (words > bytes + 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct jobfile file;

	if (jobfile_parse((const char *)data, bytes, NULL, NULL, &file))
		return 0;
	check(&file, bytes);
	jobfile_free(&file);
	return 0;
}
