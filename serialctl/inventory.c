/* SPDX-License-Identifier: MIT */
/* The ports of this machine, as libserialport finds them. */
#include "serialctl/inventory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_LIBSERIALPORT
#include <libserialport.h>
#endif

#define SYSFS_LEVELS 8 /* from a port's interface up to its USB device: two or three */

static void copy_text(char *ret_text, size_t room, const char *text)
{
	size_t bytes = text ? strnlen(text, room - 1) : 0;

	if (bytes)
		memcpy(ret_text, text, bytes);
	ret_text[bytes] = '\0';
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void info_driver(struct haul_port_info *info)
{
	char link[PATH_MAX], target[PATH_MAX];
	ssize_t bytes;

	snprintf(link, sizeof(link), "/sys/class/tty/%s/device/driver", base_name(info->path));
	bytes = readlink(link, target, sizeof(target) - 1);
	if (bytes < 0)
		return;
	target[bytes] = '\0';
	copy_text(info->driver, sizeof(info->driver), base_name(target));
}

/* The directory above the port's that has an idVendor is the USB device; its name says where. */
static void info_location(struct haul_port_info *info)
{
	char link[PATH_MAX], directory[PATH_MAX];

	snprintf(link, sizeof(link), "/sys/class/tty/%s/device", base_name(info->path));
	if (!realpath(link, directory))
		return;
	for (int level = 0; level < SYSFS_LEVELS; level++) {
		char file[PATH_MAX + 16], *slash;

		snprintf(file, sizeof(file), "%s/idVendor", directory);
		if (access(file, F_OK) == 0) {
			copy_text(info->location, sizeof(info->location), base_name(directory));
			return;
		}
		slash = strrchr(directory, '/');
		if (!slash)
			return;
		*slash = '\0';
	}
}

#ifdef HAVE_LIBSERIALPORT

static void info_fill(struct haul_port_info *info, const struct sp_port *port)
{
	int vendor = 0, product = 0;

	memset(info, 0, sizeof(*info));
	copy_text(info->path, sizeof(info->path), sp_get_port_name(port));
	copy_text(info->description, sizeof(info->description), sp_get_port_description(port));
	info_driver(info);
	info->usb = sp_get_port_transport(port) == SP_TRANSPORT_USB;
	if (!info->usb)
		return;
	if (sp_get_port_usb_vid_pid(port, &vendor, &product) == SP_OK) {
		info->vendor = (uint16_t)vendor;
		info->product = (uint16_t)product;
	}
	copy_text(
		info->manufacturer, sizeof(info->manufacturer), sp_get_port_usb_manufacturer(port));
	copy_text(info->product_name, sizeof(info->product_name), sp_get_port_usb_product(port));
	copy_text(info->serial, sizeof(info->serial), sp_get_port_usb_serial(port));
	info_location(info);
}

int haul_ports_each(int (*found)(const struct haul_port_info *info, void *context), void *context)
{
	struct sp_port **list;
	enum sp_return listed = sp_list_ports(&list);
	int result = 0;

	if (listed != SP_OK)
		return listed == SP_ERR_MEM ? -ENOMEM : -EIO;
	for (unsigned i = 0; list[i] && result == 0; i++) {
		struct haul_port_info info;

		info_fill(&info, list[i]);
		result = found(&info, context);
	}
	sp_free_port_list(list);
	return result;
}

int inventory_describe(const char *path, struct haul_port_info *ret_info)
{
	struct sp_port *port;
	enum sp_return got = sp_get_port_by_name(path, &port);

	if (got != SP_OK)
		return got == SP_ERR_MEM ? -ENOMEM : -ENODEV;
	info_fill(ret_info, port);
	sp_free_port(port);
	return 0;
}

#else

int haul_ports_each(int (*found)(const struct haul_port_info *info, void *context), void *context)
{
	(void)found;
	(void)context;
	return -ENOSYS;
}

int inventory_describe(const char *path, struct haul_port_info *ret_info)
{
	struct haul_port_info info = {0};

	copy_text(info.path, sizeof(info.path), path);
	info_driver(&info);
	info_location(&info);
	*ret_info = info;
	return 0;
}

#endif
