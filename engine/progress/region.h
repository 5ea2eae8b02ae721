/* SPDX-License-Identifier: MIT */
/*
 * The writers' side of the progress region (include/haul/progress.h draws it).
 *
 * The coordinator creates the region and owns lane 0; each worker maps the descriptor that it
 * inherits and owns the lane that it is told. Nothing here blocks, allocates or prints after
 * set-up. Appending a record takes tens of nanoseconds (bench/ring measures it).
 *
 * How readers learn that the coordinator died: it holds a write lock on the file (F_OFD_SETLK),
 * which the kernel drops with the last duplicate of the descriptor that took it. A worker that
 * inherited that descriptor would keep a dead coordinator's lock alive, so there are two, opened
 * separately: `lock_fd` is close-on-exec, is handed to nobody, and is never read or mapped by
 * others; `inherit_fd` is what roles get. A child that lives on without exec must close its copy
 * of lock_fd (region_close does).
 */
#ifndef ENGINE_PROGRESS_REGION_H
#define ENGINE_PROGRESS_REGION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "haul/progress.h"

struct region_spec {
	const char *job; /* NULL: a name is made from the operation */
	const char *operation;
	const char *const *arguments; /* sources, then the destination */
	unsigned argument_count;
	unsigned lane_count; /* the coordinator's included */
	uint32_t ring_bytes; /* 0: the default */
};

#define REGION_PATH_BYTES         256
#define REGION_RING_BYTES_DEFAULT (512u * 1024)

struct region {
	struct haul_header *header;
	uint64_t map_bytes;
	int lock_fd;    /* the coordinator's alone; -1 in other roles */
	int inherit_fd; /* O_CLOEXEC; roles get a duplicate, and so does a reader in this process */
	bool named;     /* false: no room or no directory, so a memfd that nobody can find */
	char path[REGION_PATH_BYTES]; /* of the file, when named */
};

/* Creates the file (in a directory that only its owner can enter), takes the lock whose loss tells
 * readers that the writer is gone, and maps it. The file appears under its name when it is
 * complete, not before. All memory is allocated now, so that no write can fault later. -EEXIST: a
 * job of this name is running. A region left behind by a dead job of the same name is replaced, and
 * those of others go when they are an hour old.
 * -EINVAL: a name, a lane count or a ring size (a power of two, at least 4096) that can't be. */
int region_create(const struct region_spec *spec, struct region *ret_region);

/* Maps an inherited region for writing. On success the region owns fd, as its inherit_fd.
 * -EPROTO when it is not one, or of another version: all writers are the same binary. */
int region_map(int fd, struct region *ret_region);

/* Unmaps and closes; region_remove also removes the name. */
void region_close(struct region *region);
void region_remove(struct region *region);

/* Publishes that FILES_PLANNED and BYTES_PLANNED are final, and rings. */
void region_set_planning_done(struct region *region);
/* They are not, after all: the job is planned anew. */
void region_set_planning_begun(struct region *region);

/* Publishes what is still to be written, as the header has it, and rings if that changed. */
void region_set_unwritten(struct region *region, uint64_t bytes);

/* What a job that is paused waits for, "" for nothing. Before region_set_state. */
void region_set_waiting(struct region *region, const char *what);

/* Appends the state's record to lane 0, publishes the state and rings. For lane 0's writer. */
void region_set_state(struct region *region, enum haul_state state, int exit_status);

/* Shows a state in which the job is, and rings, without a record: for a process that stands in for
 * lane 0's writer, who adds the record as soon as it can. */
void region_show_state(struct region *region, enum haul_state state);

/* A writer's view of the lane that it owns. Positions and the last sequence are kept in the region
 * alone, so one thread may have several views of its lane. */
struct lane {
	struct haul_header *header;
	struct haul_lane *shared;
	uint64_t *ring;
	uint64_t ring_bytes; /* a power of two */
	uint64_t rung_ns;    /* when the bell was rung last */
	bool unrung;         /* something was appended or counted since */
};

/* Takes over a lane, continuing where a writer that died left off; a half-written record of its is
 * overwritten, since it was never published. If the writer damaged the lane, its records are
 * dropped, and readers see an overrun at most. -EINVAL: no such lane. */
int lane_open(
	const struct region *region, unsigned index, enum haul_role role, struct lane *ret_lane);

void lane_add(struct lane *lane, enum haul_counter counter, uint64_t amount);
/* For the coordinator when a lane's writer is dead and reaped. */
void lane_reset_counter(struct lane *lane, enum haul_counter counter, uint64_t value);

/* Appends a record of `type` whose payload is the concatenation of `part`. Payloads over a quarter
 * of the ring are refused with -EMSGSIZE. */
int lane_append(struct lane *lane, enum haul_record_type type, uint64_t time_ns,
	const struct iovec *part, unsigned part_count);

/* A file record; `directory` may be empty, and is joined to `name` by a slash. Paths over 64 KiB,
 * or an eighth of the ring, are cut from the left; messages, from the right. */
struct lane_file {
	const char *directory;
	size_t directory_bytes;
	const char *name;
	size_t name_bytes;
	uint64_t bytes;
	int error;
	const char *message; /* may be NULL */
};
void lane_file(struct lane *lane, enum haul_record_type type, uint64_t time_ns,
	const struct lane_file *file);

/* Wakes the readers that sleep, if something happened since the last ring and that was at least a
 * millisecond ago, or `force`. Call it now and then while working, and forced before sleeping.
 * now_ns is CLOCK_MONOTONIC. Without a sleeper it costs one system call that finds none. */
void lane_ring(struct lane *lane, uint64_t now_ns, bool force);

#endif
