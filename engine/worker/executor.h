/* SPDX-License-Identifier: MIT */
/*
 * What a worker works with. One process has one executor; nothing in it outlives the process.
 *
 * Reading order: worker.c (its life), inbox.c (what arrives), then one file per kind of item:
 * list_item.c, files_item.c, part.c, finish_item.c, link_item.c.
 */
#ifndef ENGINE_WORKER_EXECUTOR_H
#define ENGINE_WORKER_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "io/buffer_pool.h"
#include "io/close_batch.h"
#include "io/content.h"
#include "io/copy_ops.h"
#include "io/metadata.h"
#include "io/ring.h"
#include "io/source.h"
#include "io/target.h"
#include "io/transfer.h"
#include "io/tree.h"
#include "progress/region.h"
#include "wire/message.h"
#include "wire/options.h"
#include "worker/report.h"
#include "worker/slot.h"
#include "worker/work.h"

/* Contents that are moved in chunks at once; each takes up to TRANSFER_DEPTH buffers. */
#define EXECUTOR_TRANSFERS 8

/* A buffer for each small file and each chunk, and for both sides of what is compared: none ever
 * waits for one. Memory is taken as they are used. */
#define EXECUTOR_BUFFERS (CONTENT_SIDES * (SLOT_FILES + EXECUTOR_TRANSFERS * TRANSFER_DEPTH))

/* The same for ranges of large files, whose blocks may be longer. */
#define EXECUTOR_BLOCKS (SLOT_PARTS * TRANSFER_WINDOW)

/* What is in the way of a new file may go for these reasons. */
struct executor_policy {
	bool force;         /* whatever can't be written to, other than a directory */
	bool replace_links; /* a file with further names, so that those keep their content */
	bool looks_first;   /* what is in the way may forbid even to read the source */
};

struct executor {
	int channel;
	struct job_options options;
	struct metadata_wish wish;
	struct executor_policy policy;
	const struct copy_ops *copy; /* how contents of files are moved that are not large */
	struct transfer_manner manner_of_files;
	struct pace pace;
	struct region region;
	struct lane lane;
	struct ring *ring; /* NULL: plain calls */
	struct ring ring_storage;
	struct tree tree;
	struct source_manner manner;
	struct source_manner
		named_manner; /* of what the command line names, where it is followed */
	struct buffer_pool pool;
	struct buffer_pool blocks;
	struct close_batch closing;
	struct report report;
	struct wire_choice explained[CLASSES]; /* told last of each class, with options.explain */
	struct slot_table slots;
	struct slot_queue runnable;     /* slots that go on at the next turn */
	struct slot_queue for_transfer; /* slots that wait until fewer contents are moved */
	unsigned transfers;
	struct slot *range_turn;     /* the range that begins chunks */
	struct slot_queue for_range; /* those that wait for that */
	struct work_queue inbox;
	struct wire_buffer incoming;
	uint64_t checked_ns;  /* when the channel was looked at */
	bool paused;          /* nothing is begun or continued */
	bool channel_watched; /* the ring tells when it is readable */
	bool full;            /* the inbox's first item waits for a slot */
};

/* Adds to the lane's counter and to what the item's answer says. */
void executor_count(
	struct executor *executor, struct work *work, enum haul_counter counter, uint64_t amount);

/* The checksum of an entry's content, or of a part of it. */
void executor_tell_sum(struct executor *executor, const struct work *work, uint32_t index,
	uint64_t bytes, struct checksum_value sum);

/* Tells readers about a file of the item. */
void executor_tell_file(struct executor *executor, const struct work *work,
	enum haul_record_type type, struct wire_text name, uint64_t bytes);

/* A failure of entry `index`; `error` is 0 or -errno. */
void executor_fail(struct executor *executor, const struct work *work, uint32_t index,
	enum wire_operation operation, int error);
/* The same for what is no reason to count the copy as failed. */
void executor_warn(struct executor *executor, const struct work *work, uint32_t index,
	enum wire_operation operation, int error);
/* One warning for each part of the metadata that could not be kept. */
void executor_warn_metadata(struct executor *executor, const struct work *work, uint32_t index,
	struct filesystem *filesystem, const struct metadata_result *result);

/* Keeps inode flags and project ids, where they are to be kept. For a copy that has its name, and a
 * source of so many names. `source_fd` may be negative: then nothing is known of them. */
void executor_keep_flags(struct executor *executor, const struct work *work, uint32_t index,
	int source_fd, int target_fd, nlink_t names);

/* The item's directories, opened. On failure nothing is held, and *ret_operation says what failed.
 */
int executor_open_directories(
	struct executor *executor, struct work *work, enum wire_operation *ret_operation);

/* An earlier try of the item, or an earlier run of the job, may have left something unfinished of
 * what is to get this name: that goes. */
void executor_clear_leftover(
	const struct executor *executor, const struct work *work, const char *target_name);

/* Answers with DONE, gives the directories back and frees the item. */
void executor_done(struct executor *executor, struct work *work);
/* The same after another answer. */
void executor_end_work(struct executor *executor, struct work *work);

/* How the source of an entry with these flags (enum entry_flag) is opened. */
struct source_manner *executor_manner(struct executor *executor, uint32_t entry_flags);
/* And the flags for looking at it (AT_SYMLINK_NOFOLLOW or none). */
int executor_stat_flags(const struct executor *executor, uint32_t entry_flags);

/* How contents are moved between these filesystems, when `wanted` is the wish. */
const struct copy_ops *executor_sound_way(const struct copy_ops *wanted,
	const struct filesystem *source, const struct filesystem *target);

/* Whether letting a file share its data with its copy is worth a try. */
bool executor_may_share(
	const struct executor *executor, dev_t source, const struct filesystem *target);
/* Whether holes are looked for in the source. */
static inline bool executor_keeps_holes(const struct executor *executor, const struct stat *source)
{
	if (executor->options.sparse == SPARSE_AUTO)
		return extent_is_sparse(source);
	return executor->options.sparse == SPARSE_ALWAYS;
}

/* Whether a checksum is taken of what is moved in this way. What only the kernel sees has none, and
 * is compared with its source instead, as is what there was no memory for. */
static inline bool executor_sums(const struct executor *executor, const struct copy_ops *copy)
{
	return executor->options.sums && copy != &copy_reflink && copy != &copy_range;
}

/* Whether there is to be no other way. */
static inline bool executor_must_share(const struct executor *executor)
{
	return executor->options.strategy == STRATEGY_REFLINK ||
	       executor->options.reflink == REFLINK_ALWAYS;
}

/* Whether blocks are to be shared where they can be. */
static inline bool executor_wants_share(const struct executor *executor)
{
	return executor->options.reflink != REFLINK_NEVER &&
	       (executor_must_share(executor) || executor->options.strategy == STRATEGY_AUTO);
}

/* It was tried and failed. 0: copy it another way; else the -errno to fail with. */
int executor_share_failed(
	const struct executor *executor, dev_t source, struct filesystem *target, int error);

/* A place among those that move contents. False: the slot runs again when there is one. */
bool executor_take_transfer(struct executor *executor, struct slot *slot);
void executor_give_transfer(struct executor *executor);

#endif
