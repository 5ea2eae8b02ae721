/* SPDX-License-Identifier: MIT */
/* What a comparison finds: facts, which the coordinator words. */
#ifndef ENGINE_WIRE_DIFFERENCE_H
#define ENGINE_WIRE_DIFFERENCE_H

#include <stdint.h>

/* `value` holds two of the source and two of the destination, `detail` a text of each. */
enum difference_kind {
	DIFFERENCE_NONE = 0,
	DIFFERENCE_ONLY_SOURCE, /* value: its mode */
	DIFFERENCE_ONLY_TARGET, /* value: the mode is the destination's; name */
	DIFFERENCE_TYPE,        /* value: modes */
	DIFFERENCE_SIZE,        /* value: bytes */
	DIFFERENCE_CONTENT,     /* value: where it begins */
	DIFFERENCE_SUM,         /* value: both checksums, the destination's as it was read */
	DIFFERENCE_MODE,        /* value: modes */
	DIFFERENCE_OWNER,       /* value: users and groups */
	DIFFERENCE_TIME,        /* value: seconds and nanoseconds */
	DIFFERENCE_DEVICE,      /* value: device numbers of special files */
	DIFFERENCE_SYMLINK,     /* detail: what they point to */
	DIFFERENCE_XATTR,       /* detail: the attribute's name, where there is one */
	DIFFERENCES,

	/* No difference: how the entry is linked, which only all names together can tell. Value:
	 * inode and device. */
	DIFFERENCE_LINKED,
};

#define DIFFERENCE_SIDES 2

struct wire_difference {
	uint64_t id;
	uint32_t kind;  /* enum difference_kind */
	uint32_t index; /* of the entry in FILES; 0 otherwise */
	uint64_t value[DIFFERENCE_SIDES][2];
	uint32_t name_bytes; /* of the entry, which follows, where `index` can't tell it; else 0 */
	uint32_t detail_bytes[DIFFERENCE_SIDES]; /* these follow */
	uint32_t reserved;
};

#endif
