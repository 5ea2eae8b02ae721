/* SPDX-License-Identifier: MIT */
/*
 * What a ring's request says about itself when it completes:
 *
 *     63          32 31      24 23       16 15        0
 *     +-------------+----------+-----------+-----------+
 *     | generation  | part     | operation | slot      |
 *     +-------------+----------+-----------+-----------+
 */
#ifndef ENGINE_IO_TAG_H
#define ENGINE_IO_TAG_H

#include <assert.h>
#include <stdint.h>

#define RING_TAG_SLOT_BITS       16
#define RING_TAG_OPERATION_BITS  8
#define RING_TAG_PART_BITS       8
#define RING_TAG_GENERATION_BITS 32

struct ring_tag {
	uint16_t slot;       /* whose request it is */
	uint8_t operation;   /* what its owner wanted */
	uint8_t part;        /* which of several like it */
	uint32_t generation; /* how often the slot was taken: a stale completion shows itself */
};

_Static_assert(RING_TAG_SLOT_BITS + RING_TAG_OPERATION_BITS + RING_TAG_PART_BITS +
			       RING_TAG_GENERATION_BITS ==
		       64,
	"a tag fills user_data");
_Static_assert(sizeof(struct ring_tag) == sizeof(uint64_t), "members are as wide as their fields");

static inline uint64_t ring_tag_pack(struct ring_tag tag)
{
	return (uint64_t)tag.generation << 32 | (uint64_t)tag.part << 24 |
	       (uint64_t)tag.operation << 16 | tag.slot;
}

static inline struct ring_tag ring_tag_unpack(uint64_t data)
{
	return (struct ring_tag){
		.slot = (uint16_t)data,
		.operation = (uint8_t)(data >> 16),
		.part = (uint8_t)(data >> 24),
		.generation = (uint32_t)(data >> 32),
	};
}

#endif
