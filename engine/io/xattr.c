/* SPDX-License-Identifier: MIT */
#include "io/xattr.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define ACCESS_ACL  "system.posix_acl_access"
#define DEFAULT_ACL "system.posix_acl_default"

/* Fits what nearly all files have; XATTR_LIST_MAX and XATTR_SIZE_MAX are 64 KiB. */
#define STACK_BYTES 1024

struct xattr_data {
	char *data; /* `space`, or allocated */
	size_t bytes;
	char space[STACK_BYTES];
};

static void data_free(struct xattr_data *data)
{
	if (data->data != data->space)
		free(data->data);
}

static ssize_t call_list(const struct xattr_file *file, char *buffer, size_t bytes)
{
	return file->path ? llistxattr(file->path, buffer, bytes)
			  : flistxattr(file->fd, buffer, bytes);
}

static ssize_t call_get(const struct xattr_file *file, const char *name, char *buffer, size_t bytes)
{
	return file->path ? lgetxattr(file->path, name, buffer, bytes)
			  : fgetxattr(file->fd, name, buffer, bytes);
}

static int call_set(const struct xattr_file *file, const char *name, const struct xattr_data *value)
{
	int result = file->path ? lsetxattr(file->path, name, value->data, value->bytes, 0)
				: fsetxattr(file->fd, name, value->data, value->bytes, 0);

	return result ? -errno : 0;
}

/* Reads the list of names, or with `name` a value, into the space or as much as it needs. */
static int read_data(const struct xattr_file *file, const char *name, struct xattr_data *ret_data)
{
	size_t capacity = sizeof(ret_data->space);
	ssize_t got;

	ret_data->data = ret_data->space;
	for (;;) {
		got = name ? call_get(file, name, ret_data->data, capacity)
			   : call_list(file, ret_data->data, capacity);
		if (got >= 0)
			break;
		if (errno != ERANGE || capacity > XATTR_SIZE_MAX) {
			got = -errno;
			data_free(ret_data);
			return (int)got;
		}
		data_free(ret_data);
		capacity = XATTR_SIZE_MAX + 1;
		ret_data->data = malloc(capacity);
		if (!ret_data->data)
			return -ENOMEM;
	}
	ret_data->bytes = (size_t)got;
	return 0;
}

static bool is_chosen(const char *name, struct xattr_choice choice)
{
	if (strcmp(name, ACCESS_ACL) == 0 || strcmp(name, DEFAULT_ACL) == 0)
		return choice.acl;
	return choice.others;
}

static bool is_privileged(const char *name)
{
	return strncmp(name, "security.", 9) == 0 || strncmp(name, "trusted.", 8) == 0;
}

static int copy_one(const struct xattr_file *source, const struct xattr_file *target,
	const char *name, struct xattr_choice choice)
{
	struct xattr_data value;
	int error = read_data(source, name, &value);

	if (error == -ENODATA)
		return 0; /* removed since it was listed */
	if (error)
		return error;
	error = call_set(target, name, &value);
	data_free(&value);
	if (error == -EPERM && choice.lenient && is_privileged(name))
		error = 0;
	return error;
}

static int copy_listed(const struct xattr_file *source, const struct xattr_file *target,
	const struct xattr_data *names, struct xattr_choice choice, bool *ret_acl)
{
	int first_error = 0;

	for (size_t i = 0; i < names->bytes; i += strlen(names->data + i) + 1) {
		const char *name = names->data + i;
		int error;

		if (!is_chosen(name, choice))
			continue;
		error = copy_one(source, target, name, choice);
		if (error && !first_error)
			first_error = error;
		else if (!error && strcmp(name, ACCESS_ACL) == 0)
			*ret_acl = true;
	}
	return first_error;
}

static int copy_all(const struct xattr_file *source, const struct xattr_file *target,
	struct xattr_choice choice, bool *ret_acl)
{
	struct xattr_data names;
	int error = read_data(source, NULL, &names);

	*ret_acl = false;
	if (error == -EOPNOTSUPP || error == -ENOSYS)
		return 0;
	if (error)
		return error;
	error = copy_listed(source, target, &names, choice, ret_acl);
	data_free(&names);
	return error;
}

int xattr_copy(int source_fd, int target_fd, struct xattr_choice choice, bool *ret_acl)
{
	struct xattr_file source = {.fd = source_fd}, target = {.fd = target_fd};

	return copy_all(&source, &target, choice, ret_acl);
}

int xattr_copy_path(const char *source, const char *target, struct xattr_choice choice)
{
	struct xattr_file from = {.fd = -1, .path = source}, to = {.fd = -1, .path = target};
	bool acl;

	return copy_all(&from, &to, choice, &acl);
}

int xattr_remove_acl(int fd)
{
	if (!fremovexattr(fd, ACCESS_ACL) || errno == ENODATA || errno == EOPNOTSUPP)
		return 0;
	return -errno;
}

bool xattr_has_default_acl(int directory_fd)
{
	return fgetxattr(directory_fd, DEFAULT_ACL, NULL, 0) > 0;
}

/* ---- comparing ---- */

static bool is_compared(const char *name, struct xattr_choice choice)
{
	return is_chosen(name, choice) && strcmp(name, "security.selinux") != 0 &&
	       strncmp(name, "trusted.SGI_ACL_", 16) != 0;
}

/* A filesystem without attributes has none of them. */
static int list_names(const struct xattr_file *file, struct xattr_data *ret_names)
{
	int error = read_data(file, NULL, ret_names);

	if (error != -EOPNOTSUPP && error != -ENOSYS)
		return error;
	ret_names->data = ret_names->space;
	ret_names->bytes = 0;
	return 0;
}

static bool has_name(const struct xattr_data *names, const char *name)
{
	for (size_t i = 0; i < names->bytes; i += strlen(names->data + i) + 1)
		if (strcmp(names->data + i, name) == 0)
			return true;
	return false;
}

static int same_value(const struct xattr_file *source, const struct xattr_file *target,
	const char *name, bool *ret_same)
{
	struct xattr_data a, b;
	int error = read_data(source, name, &a);

	if (error)
		return error;
	error = read_data(target, name, &b);
	if (!error) {
		*ret_same = a.bytes == b.bytes && !memcmp(a.data, b.data, a.bytes);
		data_free(&b);
	}
	data_free(&a);
	return error;
}

int xattr_compare(const struct xattr_file *source, const struct xattr_file *target,
	struct xattr_choice choice,
	void (*differs)(void *context, const char *name, bool in_source, bool in_target),
	void *context)
{
	struct xattr_data a, b;
	int error = list_names(source, &a);

	if (error)
		return error;
	error = list_names(target, &b);
	if (error) {
		data_free(&a);
		return error;
	}
	for (size_t i = 0; i < a.bytes && !error; i += strlen(a.data + i) + 1) {
		const char *name = a.data + i;
		bool both = has_name(&b, name), same = false;

		if (!is_compared(name, choice))
			continue;
		if (both)
			error = same_value(source, target, name, &same);
		if (!same && !error)
			differs(context, name, true, both);
	}
	for (size_t i = 0; i < b.bytes && !error; i += strlen(b.data + i) + 1)
		if (is_compared(b.data + i, choice) && !has_name(&a, b.data + i))
			differs(context, b.data + i, false, true);
	data_free(&a);
	data_free(&b);
	return error;
}
