/* SPDX-License-Identifier: MIT */
/*
 * The writers' side of the progress region (include/haul/progress.h draws it).
 *
 * The coordinator creates the region and owns lane 0; each worker maps the descriptor that it
 * inherits and owns the lane that it is told. Nothing here blocks, allocates or prints after
 * set-up. Appending a record takes tens of nanoseconds (bench/ring measures it).
 */
#ifndef ENGINE_PROGRESS_REGION_H
#define ENGINE_PROGRESS_REGION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "haul/progress.h"

struct region_spec {
	const char *job;              /* NULL: a name is made from the operation */
	const char *operation;
	const char *const *arguments; /* sources, then the destination */
	unsigned argument_count;
	unsigned lane_count;          /* the coordinator's included */
	uint32_t ring_bytes;          /* 0: the default */
};

struct region {
	struct haul_header *header;
	int fd;             /* O_CLOEXEC; roles inherit a duplicate */
	bool named;         /* false: no room or no directory, an anonymous memfd that nobody can find */
	char path[128];     /* of the file, when named */
};

/* Creates the file (in a directory that only its owner can enter), takes the lock whose loss tells
 * readers that the writer is gone, and maps it. All memory is allocated now, so that no write can
 * fault later. -EEXIST: a job of this name is running. A region left behind by a dead job of the
 * same name is replaced. */
int region_create(const struct region_spec *spec, struct region *ret_region);

/* Maps an inherited region for writing. -EPROTO when it is not one. */
int region_map(int fd, struct region *ret_region);

/* Unmaps and closes; region_remove also removes the name. */
void region_close(struct region *region);
void region_remove(struct region *region);

void region_set_planning_done(struct region *region);
/* Publishes the state, appends its record to lane 0 and rings. */
void region_set_state(struct region *region, enum haul_state state, int exit_status);

/* A writer's private view of the lane that it owns. */
struct lane {
	struct haul_header *header;
	struct haul_lane *shared;
	uint8_t *ring;
	uint64_t ring_mask;
	uint64_t head; /* this writer is the only one, so it need not read them back */
	uint64_t tail;
	uint64_t sequence;
	uint64_t rung_ns; /* when the bell was rung last */
	bool unrung;      /* something was appended or counted since */
};

/* Takes over a lane, continuing where a writer that died left off; a half-written record of its is
 * overwritten, since it was never published. */
void lane_open(const struct region *region, unsigned index, enum haul_role role, struct lane *ret_lane);

void lane_add(struct lane *lane, enum haul_counter counter, uint64_t amount);
/* For the coordinator when a lane's writer is dead and reaped. */
void lane_reset_counter(struct lane *lane, enum haul_counter counter, uint64_t value);

/* Appends a record of `type` whose payload is the concatenation of `part`. Payloads over a quarter
 * of the ring are refused with -EMSGSIZE. */
int lane_append(
	struct lane *lane, enum haul_record_type type, uint64_t time_ns, const struct iovec *part,
	unsigned part_count);

/* A file record; `directory` may be empty, and is joined to `name` by a slash. Paths over 64 KiB
 * are cut from the left. */
struct lane_file {
	const char *directory;
	size_t directory_bytes;
	const char *name;
	size_t name_bytes;
	uint64_t bytes;
	int error;
	const char *message; /* may be NULL */
};
void lane_file(
	struct lane *lane, enum haul_record_type type, uint64_t time_ns, const struct lane_file *file);

/* Wakes the readers that sleep, if something happened since the last ring and that was at least a
 * millisecond ago, or `force`. Call it now and then while working, and forced before sleeping. */
void lane_ring(struct lane *lane, uint64_t now_ns, bool force);

#endif
