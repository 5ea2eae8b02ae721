/* SPDX-License-Identifier: MIT */
/* A small sysfs in a temporary directory, which comes and goes with the test. */
#ifndef TESTS_UNIT_SYSFS_FIXTURE_H
#define TESTS_UNIT_SYSFS_FIXTURE_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct sysfs_fixture {
	char path[64];
};

/* Writes `text` to a file below the fixture, making its directories. */
static inline void sysfs_write(
	const struct sysfs_fixture *sysfs, const char *text, const char *format, ...)
{
	char name[PATH_MAX], path[PATH_MAX + 80];
	va_list arguments;
	FILE *file;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	snprintf(path, sizeof(path), "%s/%s", sysfs->path, name);
	for (char *slash = path + 1; *slash; slash++) {
		if (*slash != '/')
			continue;
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static inline void sysfs_link(const struct sysfs_fixture *sysfs, const char *to, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/dev", sysfs->path);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/dev/block", sysfs->path);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/dev/block/%s", sysfs->path, name);
	unlink(path);
	assert_int_equal(symlink(to, path), 0);
}

/* A disk of that many sectors, below a USB port. */
static inline void sysfs_add_disk(
	const struct sysfs_fixture *sysfs, const char *name, unsigned minor, unsigned sectors)
{
	char text[256], place[128], number[32];

	snprintf(place, sizeof(place), "devices/usb1/%s", name);
	snprintf(text, sizeof(text), "MAJOR=8\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=disk\n", minor, name);
	sysfs_write(sysfs, text, "%s/uevent", place);
	snprintf(number, sizeof(number), "8:%u", minor);
	sysfs_write(sysfs, number, "%s/dev", place);
	snprintf(text, sizeof(text), "%u\n", sectors);
	sysfs_write(sysfs, text, "%s/size", place);
	sysfs_write(sysfs, "1\n", "%s/removable", place);
	sysfs_write(sysfs, "7\n", "%s/diskseq", place);
	sysfs_write(sysfs, "1 2 3 4 5 6 77 8 9 10 11\n", "%s/stat", place);
	snprintf(text, sizeof(text), "../../%s", place);
	sysfs_link(sysfs, text, number);
}

static inline void sysfs_add_partition(
	const struct sysfs_fixture *sysfs, const char *disk, unsigned minor, unsigned sectors)
{
	char text[256], place[128], number[32];

	snprintf(place, sizeof(place), "devices/usb1/%s/%s1", disk, disk);
	snprintf(text, sizeof(text), "MAJOR=8\nMINOR=%u\nDEVNAME=%s1\nDEVTYPE=partition\n", minor,
		disk);
	sysfs_write(sysfs, text, "%s/uevent", place);
	sysfs_write(sysfs, "1\n", "%s/partition", place);
	snprintf(text, sizeof(text), "%u\n", sectors);
	sysfs_write(sysfs, text, "%s/size", place);
	sysfs_write(sysfs, "1 2 3 4 5 6 77 8 0 10 11\n", "%s/stat", place);
	snprintf(text, sizeof(text), "../../%s", place);
	snprintf(number, sizeof(number), "8:%u", minor);
	sysfs_link(sysfs, text, number);
}

static inline void sysfs_remove(const struct sysfs_fixture *sysfs, unsigned minor)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/dev/block/8:%u", sysfs->path, minor);
	assert_int_equal(unlink(path), 0);
}

static inline void sysfs_make(struct sysfs_fixture *sysfs)
{
	snprintf(sysfs->path, sizeof(sysfs->path), "/tmp/haul-sysfs.XXXXXX");
	assert_non_null(mkdtemp(sysfs->path));
	sysfs_write(sysfs, "", "dev/block/none");
}

static inline void sysfs_destroy(const struct sysfs_fixture *sysfs)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf --one-file-system %s", sysfs->path);
	assert_int_equal(system(command), 0);
}

#endif
