/* SPDX-License-Identifier: MIT */
#include "bpf/mount_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/statmount.h"

#define FIRST_CAPACITY   64
#define TEXT_BYTES_FIRST (64 * 1024)

void mount_info_free(struct mount_info *mount)
{
	free(mount->mount_point);
	free(mount->root);
	free(mount->fstype);
	free(mount->source);
	*mount = (struct mount_info){0};
}

static char *copy_string(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		*failed = true;
	return copy;
}

int mount_info_copy(const struct mount_info *from, struct mount_info *ret_copy)
{
	bool failed = false;
	struct mount_info copy = *from;

	copy.mount_point = copy_string(from->mount_point, &failed);
	copy.root = copy_string(from->root, &failed);
	copy.fstype = copy_string(from->fstype, &failed);
	copy.source = copy_string(from->source, &failed);
	if (failed) {
		mount_info_free(&copy);
		return -ENOMEM;
	}
	*ret_copy = copy;
	return 0;
}

static bool same_string(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

bool mount_info_same(const struct mount_info *one, const struct mount_info *other)
{
	return one->id == other->id && one->major == other->major && one->minor == other->minor &&
	       same_string(one->mount_point, other->mount_point) &&
	       same_string(one->root, other->root) && same_string(one->fstype, other->fstype) &&
	       same_string(one->source, other->source);
}

int mount_table_add(struct mount_table *table, struct mount_info *mount)
{
	size_t capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
	struct mount_info *grown;

	if (table->count == table->capacity) {
		grown = reallocarray(table->mount, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		table->mount = grown;
		table->capacity = capacity;
	}
	table->mount[table->count++] = *mount;
	return 0;
}

static int compare_ids(const void *left, const void *right)
{
	const struct mount_info *one = left, *other = right;

	return (one->id > other->id) - (one->id < other->id);
}

void mount_table_sort(struct mount_table *table)
{
	if (table->count > 1)
		qsort(table->mount, table->count, sizeof(*table->mount), compare_ids);
}

void mount_table_free(struct mount_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		mount_info_free(&table->mount[i]);
	free(table->mount);
	*table = (struct mount_table){0};
}

/* ---- mountinfo ---- */

static bool is_octal(char digit)
{
	return digit >= '0' && digit <= '7';
}

/* Space, tab, newline and backslash are written as a backslash and three octal digits. */
static char *unescape(const char *field, size_t bytes)
{
	char *text = malloc(bytes + 1), *to = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < bytes; i++) {
		if (field[i] == '\\' && i + 3 < bytes && is_octal(field[i + 1]) &&
			is_octal(field[i + 2]) && is_octal(field[i + 3])) {
			*to++ = (char)((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
				       (field[i + 3] - '0'));
			i += 3;
		} else {
			*to++ = field[i];
		}
	}
	*to = '\0';
	return text;
}

/* Field `number` of a line, counted from 0. */
static char *field_copy(const char *line, const char *end, unsigned number)
{
	while (number-- > 0) {
		line = memchr(line, ' ', (size_t)(end - line));
		if (!line)
			return NULL;
		line++;
	}
	return unescape(line, strcspn(line, " \n") > (size_t)(end - line) ? (size_t)(end - line)
									  : strcspn(line, " \n"));
}

static bool has_option(const char *options, const char *name)
{
	size_t bytes = strlen(name);

	while (options && *options) {
		size_t length = strcspn(options, ",");

		if (length == bytes && memcmp(options, name, bytes) == 0)
			return true;
		options += length + (options[length] == ',');
	}
	return false;
}

/* ext4 no longer says "ro" when it stops after an error (6.12). */
static bool is_unwritable(const char *mount_options, const char *filesystem_options)
{
	return has_option(mount_options, "ro") || has_option(filesystem_options, "ro") ||
	       has_option(filesystem_options, "emergency_ro") ||
	       has_option(filesystem_options, "shutdown");
}

static int parse_line(const char *line, const char *end, struct mount_info *ret_mount)
{
	const char *separator = memmem(line, (size_t)(end - line), " - ", 3);
	char *mount_options, *filesystem_options;
	struct mount_info mount = {0};

	if (!separator ||
		sscanf(line, "%lu %*u %u:%u ", &mount.id, &mount.major, &mount.minor) != 3)
		return -EPROTO;
	mount.root = field_copy(line, separator, 3);
	mount.mount_point = field_copy(line, separator, 4);
	mount.fstype = field_copy(separator + 3, end, 0);
	mount.source = field_copy(separator + 3, end, 1);
	mount_options = field_copy(line, separator, 5);
	filesystem_options = field_copy(separator + 3, end, 2);
	mount.unwritable = is_unwritable(mount_options, filesystem_options);
	free(mount_options);
	free(filesystem_options);
	if (!mount.root || !mount.mount_point || !mount.fstype || !mount.source) {
		mount_info_free(&mount);
		return -EPROTO;
	}
	*ret_mount = mount;
	return 0;
}

static int parse_all(const char *text, struct mount_table *table)
{
	struct mount_info mount;
	int error;

	while (*text) {
		const char *end = strchrnul(text, '\n');

		error = parse_line(text, end, &mount);
		if (error)
			return error;
		error = mount_table_add(table, &mount);
		if (error) {
			mount_info_free(&mount);
			return error;
		}
		text = *end ? end + 1 : end;
	}
	return 0;
}

int mount_table_parse(const char *text, struct mount_table *ret_table)
{
	struct mount_table table = {0};
	int error = parse_all(text, &table);

	if (error) {
		mount_table_free(&table);
		return error;
	}
	mount_table_sort(&table);
	*ret_table = table;
	return 0;
}

/* Fills the buffer as far as the text goes. Returns its length, or -EMSGSIZE when there is more. */
static ssize_t fill(int fd, char *buffer, size_t capacity)
{
	size_t used = 0;
	ssize_t got;

	do {
		got = pread(fd, buffer + used, capacity - used, (off_t)used);
		if (got < 0)
			return -errno;
		used += (size_t)got;
	} while (got > 0 && used < capacity);
	return used < capacity ? (ssize_t)used : -EMSGSIZE;
}

static int read_text(int fd, char **ret_text)
{
	size_t capacity = TEXT_BYTES_FIRST;
	ssize_t used = -EMSGSIZE;
	char *text = NULL, *grown;

	while (used == -EMSGSIZE) {
		grown = realloc(text, capacity);
		if (!grown) {
			used = -ENOMEM;
			break;
		}
		text = grown;
		used = fill(fd, text, capacity);
		capacity *= 2;
	}
	if (used < 0) {
		free(text);
		return (int)used;
	}
	text[used] = '\0';
	*ret_text = text;
	return 0;
}

static int read_mountinfo(int fd, struct mount_table *ret_table)
{
	char *text = NULL;
	int error = read_text(fd, &text);

	if (!error)
		error = mount_table_parse(text, ret_table);
	free(text);
	return error;
}

/* ---- either ---- */

enum mount_reader mount_reader_choose(void)
{
	return statmount_works() ? MOUNT_READER_STATMOUNT : MOUNT_READER_MOUNTINFO;
}

int mount_table_read(enum mount_reader reader, int mountinfo_fd, struct mount_table *ret_table)
{
	if (reader == MOUNT_READER_STATMOUNT)
		return statmount_table(ret_table);
	return read_mountinfo(mountinfo_fd, ret_table);
}
