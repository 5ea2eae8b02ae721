/* SPDX-License-Identifier: MIT */
/*
 * What it costs that a small file appears whole or not at all: the same files made in place, made
 * without a name and linked, and made under a temporary name and renamed.
 *
 *     build/bench/whole DIRECTORY [BYTES]
 *
 * DIRECTORY should be on a fresh filesystem: ext4 is slower where inodes were freed just before.
 * The ways take turns, each round in a new directory, and the least processor time of each counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS    9
#define FILES     2000
#define BYTES_MAX 65536

static char content[BYTES_MAX];

static void must(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "whole: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void fill(int fd, size_t bytes)
{
	must(fd, "create");
	must(write(fd, content, bytes) == (ssize_t)bytes ? 0 : -1, "write");
}

static void make_in_place(int directory, const char *name, size_t bytes)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	fill(fd, bytes);
	close(fd);
}

static void make_unnamed(int directory, const char *name, size_t bytes)
{
	int fd = openat(directory, ".", O_WRONLY | O_TMPFILE, 0644);

	fill(fd, bytes);
	must(linkat(fd, "", directory, name, AT_EMPTY_PATH), "link");
	close(fd);
}

static void make_and_rename(int directory, const char *name, size_t bytes)
{
	char temporary[64];
	int fd;

	snprintf(temporary, sizeof(temporary), ".%s", name);
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL, 0644);
	fill(fd, bytes);
	must(renameat2(directory, temporary, directory, name, RENAME_NOREPLACE), "rename");
	close(fd);
}

static const struct way {
	const char *name;
	void (*make)(int directory, const char *name, size_t bytes);
} ways[] = {
	{"in place", make_in_place},
	{"O_TMPFILE and linkat", make_unnamed},
	{"temporary name and rename", make_and_rename},
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static double processor_us(void)
{
	struct timespec used;

	must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), "clock");
	return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

static double round_us(const struct way *way, const char *directory, size_t bytes)
{
	char name[32];
	double begin_us;
	int fd;

	must(mkdir(directory, 0700), directory);
	fd = open(directory, O_RDONLY | O_DIRECTORY);
	must(fd, directory);
	begin_us = processor_us();
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "file-%u", i);
		way->make(fd, name, bytes);
	}
	begin_us = (processor_us() - begin_us) / FILES;
	close(fd);
	return begin_us;
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 4096;
	double best_us[WAYS] = {0};

	if (argc < 2 || argc > 3 || bytes > BYTES_MAX) {
		fprintf(stderr, "usage: whole DIRECTORY [BYTES, up to %d]\n", BYTES_MAX);
		return 1;
	}
	for (unsigned i = 0; i < ROUNDS * WAYS; i++) {
		unsigned way = i % WAYS;
		char directory[4096];
		double us;

		snprintf(directory, sizeof(directory), "%s/%u", argv[1], i);
		us = round_us(&ways[way], directory, bytes);
		if (i < WAYS || us < best_us[way])
			best_us[way] = us;
	}
	for (unsigned way = 0; way < WAYS; way++)
		printf("%-26s %6.1f us for each file of %zu bytes, %+.0f %%\n", ways[way].name,
			best_us[way], bytes, 100 * (best_us[way] / best_us[0] - 1));
	return 0;
}
