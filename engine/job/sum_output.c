/* SPDX-License-Identifier: MIT */
/* --checksums: the list that a copy or a move writes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/names.h"
#include "util/quote.h"
#include "util/sum_line.h"

static void lose(struct job *job, int error)
{
	char quoted[QUOTE_BYTES];

	diagnose(job, "cannot write %s: %s",
		quote_name(job->request->checksums, quoted, sizeof(quoted)), strerror(-error));
	if (job->checksums)
		fclose(job->checksums);
	job->checksums = NULL;
}

static bool is_file(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode);
}

/* To the end, without a last line that a killed job did not finish. */
static int skip_lines(FILE *file)
{
	char *line = NULL;
	size_t capacity = 0;
	off_t end = 0;
	ssize_t bytes;
	int error = 0;

	while ((bytes = getline(&line, &capacity, file)) > 0 && line[bytes - 1] == '\n')
		end += bytes;
	if (ferror(file) || ftruncate(fileno(file), end) || fseeko(file, end, SEEK_SET))
		error = -errno;
	free(line);
	return error;
}

static bool is_standard(const char *path)
{
	return strcmp(path, "-") == 0;
}

static FILE *open_standard(void)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

bool sum_output_open(struct job *job)
{
	const char *path = job->request->checksums;
	bool goes_on;
	int error = 0;

	if (!job->options.sums || !path)
		return true;
	/* Only the list that there is knows the checksums of what is moved already. */
	goes_on = job->request->past && job->options.operation == JOB_MOVE && !is_standard(path) &&
		  is_file(path);
	job->checksums = is_standard(path) ? open_standard() : fopen(path, goes_on ? "r+e" : "we");
	if (!job->checksums)
		error = -errno;
	else if (goes_on)
		error = skip_lines(job->checksums);
	if (error)
		lose(job, error);
	return !error;
}

void sum_output_close(struct job *job)
{
	FILE *file = job->checksums;

	if (!file)
		return;
	job->checksums = NULL;
	if (fclose(file))
		lose(job, -errno);
}

void sum_output_drop(struct job *job)
{
	FILE *file = job->checksums;

	if (!file || job->options.operation == JOB_MOVE || is_standard(job->request->checksums))
		return;
	if (fseek(file, 0, SEEK_SET) || ftruncate(fileno(file), 0))
		lose(job, -errno);
}

bool sum_output_flush(struct job *job)
{
	if (job->checksums && fflush(job->checksums))
		lose(job, -errno);
	return job->checksums || !job->options.sums || !job->request->checksums;
}

void sum_output_add(struct job *job, const struct item *item, struct wire_text name,
	struct wire_text target, const struct wire_sum *sum)
{
	struct names *names = malloc(sizeof(*names));
	int error;

	if (!names) {
		job_out_of_memory(job);
		return;
	}
	names_fill(names, item->directory, name, target);
	error = sum_line_write(job->checksums, sum->high, sum->low, names->target);
	free(names);
	if (error)
		lose(job, error);
}
