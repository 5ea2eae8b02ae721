/* SPDX-License-Identifier: MIT */
/* Ports by what they are called and by what they are. */
#include "serialctl/name.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "serialctl/inventory.h"

static int parse_id(const char **text, uint16_t *ret_id)
{
	unsigned value = 0, digits = 0;

	for (; digits < 4; digits++) {
		char c = (*text)[digits];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0)
			return -EINVAL;
		value = value * 16 + (unsigned)digit;
	}
	*text += 4;
	*ret_id = (uint16_t)value;
	return 0;
}

static int parse_usb(const char *text, struct port_name *name)
{
	if (parse_id(&text, &name->vendor) || *text++ != ':' || parse_id(&text, &name->product))
		return -EINVAL;
	if (*text == ':')
		name->serial = text + 1;
	else if (*text == '@')
		name->location = text + 1;
	else if (*text != '\0')
		return -EINVAL;
	name->usb = true;
	return 0;
}

int port_name_parse(const char *text, struct port_name *ret_name)
{
	struct port_name name = {0};

	if (*text == '\0')
		return -EINVAL;
	if (strncmp(text, "usb:", 4) == 0) {
		int error = parse_usb(text + 4, &name);

		if (error)
			return error;
	} else if (strncmp(text, "serial=", 7) == 0) {
		name.serial = text + 7;
	} else {
		name.path = text;
	}
	*ret_name = name;
	return 0;
}

bool port_name_matches(const struct port_name *name, const struct haul_port_info *info)
{
	if (!info->usb)
		return false;
	if (name->usb && (info->vendor != name->vendor || info->product != name->product))
		return false;
	if (name->serial && strcmp(name->serial, info->serial) != 0)
		return false;
	return !name->location || strcmp(name->location, info->location) == 0;
}

static int find_path(const char *path, struct haul_port_info *ret_info)
{
	char full[PATH_MAX], real[PATH_MAX];
	struct haul_port_info info;
	struct stat node;

	snprintf(full, sizeof(full), "%s%s", strchr(path, '/') ? "" : "/dev/", path);
	if (!realpath(full, real) || stat(real, &node) < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	if (!S_ISCHR(node.st_mode))
		return -ENOTTY;
	if (strlen(real) >= sizeof(info.path))
		return -ENAMETOOLONG;
	if (inventory_describe(real, &info)) {
		memset(&info, 0, sizeof(info));
		snprintf(info.path, sizeof(info.path), "%.*s", (int)sizeof(info.path) - 1, real);
	}
	*ret_info = info;
	return 0;
}

struct search {
	struct port_name name;
	struct haul_port_info info;
	unsigned found;
};

static int search_one(const struct haul_port_info *info, void *context)
{
	struct search *search = context;

	if (port_name_matches(&search->name, info)) {
		search->info = *info;
		search->found++;
	}
	return 0;
}

int haul_port_find(const char *name, struct haul_port_info *ret_info)
{
	struct search search = {.found = 0};
	int error = port_name_parse(name, &search.name);

	if (error)
		return error;
	if (search.name.path)
		return find_path(search.name.path, ret_info);
	error = haul_ports_each(search_one, &search);
	if (error)
		return error;
	if (search.found != 1)
		return search.found ? -ENOTUNIQ : -ENODEV;
	*ret_info = search.info;
	return 0;
}

void haul_port_identity(const struct haul_port_info *info, char *ret_name)
{
	const char *where = info->serial[0] ? info->serial : info->location;

	if (!info->usb)
		snprintf(ret_name, HAUL_PORT_NAME_BYTES, "%s", info->path);
	else
		snprintf(ret_name, HAUL_PORT_NAME_BYTES, "usb:%04x:%04x%s%s", info->vendor,
			info->product,
			info->serial[0] ? ":"
			: *where        ? "@"
					: "",
			where);
}
