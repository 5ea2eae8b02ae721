/* SPDX-License-Identifier: MIT */
/*
 * What the coordinator and its workers say to each other. All packing and unpacking is here and
 * in message.c; nobody else looks at the bytes.
 *
 * The channel is a SOCK_SEQPACKET socket. A datagram holds one or more records; a record is a
 * struct wire_record, its fixed body and then, for some, a string area of names. Both ends are the
 * same binary, but the reader checks every length all the same: a worker may be killed or broken,
 * and a broken worker must not take the coordinator along.
 *
 *   coordinator -> worker                         worker -> coordinator
 *   SETUP     options, once, first                HELLO    version, ring or no ring
 *   ROOT      a pair of directory descriptors     LISTED   what a directory holds (ends a LIST)
 *   ROOT_END  close them                          PREPARED a large file's state (ends a PREPARE)
 *   LIST      list a part of a directory          FAILURE  one entry could not be done
 *   FILES     copy entries of one directory       DONE     an item is finished
 *   LINK      link names to a finished copy       OUTCOME  one entry was treated in another way
 *   PREPARE   begin a large file                  DIFFERENCE  what a comparison found
 *   RANGE     copy a part of a large file         SUM      the checksum of a content
 *   COMMIT    finish a large file                 NOTICE   something to tell people once
 *                                                 CHOICE   how files are copied, if that is asked
 *   FINISH    a directory's metadata, after all its children
 *   COMPARE   compare a part of one file
 *   EXTRA     list a part of a destination directory, for names that the source lacks
 *   STOP      drop what has not begun, finish what is small, exit
 *   PAUSE     begin and continue nothing until RESUME
 *
 * With ITEM_REMOVE LIST also removes what it finds, all but directories, unless options.by_entry;
 * FILES removes entries, and FINISH the directory itself.
 *
 * With ITEM_COMPARE LIST also compares both directories, and FILES compares entries instead of
 * copying them.
 *
 * With options.verify, what was copied and synced is compared with the checksums that were told
 * while it was copied, or, where there are none, with the source: contents only.
 *
 * A move to another filesystem is a copy, a checkpoint, and a removal of what the destination holds
 * by then.
 *
 * To another process, the keeper, the coordinator says KEEP (make something durable) and is
 * answered with KEPT.
 *
 * An item (LIST to FINISH) is answered by exactly one DONE, LISTED or PREPARED, and by a FAILURE
 * for each of its entries that failed and an OUTCOME for each that isn't simply done, before that.
 * Items are idempotent: the coordinator sends one again when its worker died. Bump WIRE_VERSION
 * when a layout changes.
 */
#ifndef ENGINE_WIRE_MESSAGE_H
#define ENGINE_WIRE_MESSAGE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "wire/difference.h"
#include "wire/options.h"

#define WIRE_VERSION        3u
#define WIRE_CHANNEL_FD     3            /* where a role finds its channel */
#define WIRE_REGION_FD      4            /* and the progress region */
#define WIRE_DATAGRAM_BYTES (128 * 1024) /* a datagram is never longer */
#define WIRE_NO_FD          (-1)

enum wire_type {
	WIRE_SETUP = 1,
	WIRE_ROOT,
	WIRE_ROOT_END,
	WIRE_LIST,
	WIRE_FILES,
	WIRE_LINK,
	WIRE_PREPARE,
	WIRE_RANGE,
	WIRE_COMMIT,
	WIRE_FINISH,
	WIRE_STOP,
	WIRE_PAUSE,
	WIRE_RESUME,
	WIRE_KEEP,
	WIRE_COMPARE,
	WIRE_EXTRA,

	WIRE_HELLO = 64,
	WIRE_LISTED,
	WIRE_PREPARED,
	WIRE_FAILURE,
	WIRE_DONE,
	WIRE_NOTICE,
	WIRE_KEPT,
	WIRE_OUTCOME,
	WIRE_CHOICE,
	WIRE_DIFFERENCE,
	WIRE_SUM,
};

struct wire_record {
	uint32_t bytes; /* the whole record, a multiple of 8 */
	uint32_t type;  /* enum wire_type */
};

struct wire_setup {
	struct job_options options;
	uint32_t version;
	uint32_t lane; /* the progress lane that this worker owns */
};

/* Comes with two descriptors: the source directory and the destination directory (for a removal,
 * the source's twice). Paths of items are relative to them, never leave them, and follow no link.
 */
struct wire_root {
	uint32_t root;
	uint32_t flags;       /* enum root_flag */
	uint32_t label_bytes; /* the source directory as the user named it, for progress records */
	uint32_t reserved;
	char text[];
};

enum root_flag {
	ROOT_NO_TARGET =
		1 << 0, /* dry_run: the destination is not there, and its descriptor not it */
};

struct wire_root_end {
	uint32_t root;
};

/* Every item begins with this. `path` is the directory's path below the root, "" for the root
 * itself, the same on both sides. */
struct wire_item {
	uint64_t id;
	uint32_t root;
	uint32_t flags; /* enum item_flag */
	uint32_t path_bytes;
	uint32_t entry_count;
};

enum item_flag {
	ITEM_RETRIED = 1 << 0,        /* a worker died over it: parts may be done already */
	ITEM_MAKE_DIRECTORY = 1 << 1, /* LIST: create the destination directory first */
	ITEM_REMOVE = 1 << 3,         /* LIST, FILES, FINISH: of a removal, see below */
	ITEM_MOVED = 1 << 4,          /* the same, but only of what the destination holds as well */
	ITEM_DOUBTED = 1 << 7,        /* and something failed to be copied */
	ITEM_CONTINUE = 1 << 5,       /* PREPARE: go on with the temporary file of an earlier run */
	ITEM_NO_ENTRIES = 1 << 2,     /* LIST: no further than that: a mount point under -x */
	ITEM_COMPARE = 1 << 6,        /* LIST, FILES: nothing is copied, see below */
};

/* LIST, EXTRA: wire_item, position, then the path. The worker reads one buffer of entries from
 * `position` on. */
struct wire_list {
	struct wire_item item;
	uint64_t position; /* 0 is the beginning; else what LISTED gave */
};

/* An entry of a directory. In FILES, COMPARE and LISTED, wire_item's entry_count of them follow the
 * path, each 8-aligned. */
struct wire_entry {
	union {
		struct {
			uint64_t inode;
			uint64_t device;
		};
		struct { /* with ENTRY_SUM: of the content, or of the part that is compared */
			uint64_t sum_high;
			uint64_t sum_low;
		};
	};
	uint64_t bytes;
	int64_t modified_ns; /* CLOCK_REALTIME */
	int64_t changed_ns;
	uint32_t mode; /* type and permissions */
	uint32_t links;
	uint16_t name_bytes;
	uint16_t target_bytes; /* the destination's name where it differs, else 0 */
	uint16_t flags;        /* enum entry_flag */
	uint16_t index;        /* in FILES: told back in FAILURE */
	char text[];           /* name, NUL, target name, NUL */
};

enum entry_flag {
	ENTRY_SPARSE = 1 << 0,    /* fewer blocks than bytes */
	ENTRY_PROTECTED = 1 << 1, /* by_entry: its user may not write to it */
	ENTRY_EMPTY = 1 << 2,     /* by_entry: a directory with nothing in it */
	ENTRY_DURABLE = 1 << 3, /* FILES: an earlier run has copied it, if its copy still stands */
	ENTRY_NAMED = 1 << 4,   /* on the command line: a symlink in its place is written through */
	ENTRY_FOLLOW = 1 << 5,  /* what the source symlink leads to is copied */
	ENTRY_SLASH = 1 << 7, /* a removal: somebody named the directory with a slash at its end */
	ENTRY_UNREADABLE = 1 << 8, /* by_entry: a directory that its user may not read */
	ENTRY_DECIDED = 1 << 9,    /* a move: what is in its place was looked at, and may go */
	ENTRY_SUM = 1 << 10,       /* compared with a checksum instead of the source */
	ENTRY_SUM_ALONE =
		1 << 11, /* that is all that is known: not the size, nor where parts end */
	ENTRY_SUM_WANTED = 1 << 12, /* not compared: the source's checksum is to be told */
	ENTRY_APPROVED = 1 << 6,    /* somebody agreed to what is in its place being overwritten */
};

/* What empty_directory() finds, as a flag. */
static inline uint16_t entry_emptiness(int empty)
{
	if (empty == -EACCES)
		return ENTRY_UNREADABLE;
	return empty > 0 ? ENTRY_EMPTY : 0;
}

/* LINK: wire_item (the directory of the new name), then path, existing path, name; NULs between.
 * Both are below destination descriptors: the existing one below `existing_root`. */
struct wire_link {
	struct wire_item item;
	uint32_t existing_root;
	uint32_t existing_path_bytes;
	uint32_t name_bytes;
	uint32_t entry_flags; /* enum entry_flag */
};

/* How a RANGE is moved, as the coordinator chose. */
enum manner_flag {
	MANNER_SOURCE_DIRECT = 1 << 0, /* past the page cache, where that can be */
	MANNER_TARGET_DIRECT = 1 << 1,
	MANNER_WRITE_BEHIND = 1 << 2, /* what goes through the cache is written back on the way */
	MANNER_DROP_SOURCE = 1 << 3,  /* what was not cached before isn't afterwards */
	MANNER_SETTLE = 1 << 4,       /* with WRITE_BEHIND: ends when all of it is written back */
};

struct wire_manner {
	uint32_t block_bytes; /* of a request */
	uint16_t depth;       /* requests in flight */
	uint8_t way;          /* enum job_strategy, but neither auto nor reflink */
	uint8_t flags;        /* enum manner_flag */
};

/* PREPARE, RANGE, COMMIT: one large file; wire_item, then path, name, target name (may be empty),
 * temporary name; NULs between. The temporary name is chosen by the coordinator, so that a retry
 * uses the same one. */
struct wire_large {
	struct wire_item item;
	uint64_t bytes;            /* of the source, as PREPARED told (PREPARE: as listed) */
	uint64_t offset;           /* RANGE */
	uint64_t length;           /* RANGE */
	struct wire_manner manner; /* RANGE */
	uint64_t temporary_inode;  /* RANGE, COMMIT: what the temporary name has to lead to */
	int64_t changed_sec;       /* its ctime, likewise: COMMIT checks it */
	uint32_t changed_nsec;
	uint16_t name_bytes;
	uint16_t target_bytes;
	uint16_t temporary_bytes;
	uint16_t entry_flags; /* enum entry_flag */
	uint16_t reserved[2];
};

/* COMPARE: wire_item, then path and one entry. The part at 0 compares also all else. */
struct wire_compare {
	struct wire_item item;
	uint64_t offset;
	uint64_t length;
};

/* A directory's metadata, as read before it was listed. */
struct wire_directory {
	uint64_t device;
	uint64_t inode;
	int64_t accessed_sec;
	int64_t modified_sec;
	uint32_t accessed_nsec;
	uint32_t modified_nsec;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t created;       /* 1: the destination directory is new */
	uint64_t target_device; /* that the destination directory is on; 0: unknown */
};

struct wire_finish {
	struct wire_item item;
	struct wire_directory directory;
};

struct wire_hello {
	uint32_t version;
	int32_t ring_error; /* 0, or the -errno that refused the ring */
};

struct wire_listed {
	uint64_t id;
	uint64_t next_position;
	uint32_t entry_count;
	uint32_t complete;  /* 1: no more entries */
	uint32_t continues; /* 1: a removal goes on; DONE ends the item */
	uint32_t alone;     /* 1: and several workers in the directory would slow it down */
	struct wire_directory directory; /* when position was 0 */
};

struct wire_prepared {
	uint64_t id;
	uint64_t bytes;           /* the source's size now */
	uint64_t data_bytes;      /* progress already made: all of it when `finished` */
	uint64_t cached_bytes;    /* of the source, in the page cache, about */
	uint64_t temporary_inode; /* unless `finished` or `stale` */
	uint64_t source_device;
	uint64_t target_device;
	uint64_t source_type; /* of filesystem, as statfs(2) tells it */
	uint64_t target_type;
	int64_t changed_sec;
	uint32_t changed_nsec;
	uint32_t finished;  /* 1: copied and in place already (a reflink): no ranges, no commit */
	uint32_t stale;     /* 1: there was nothing to CONTINUE, and there is nothing now */
	uint32_t continued; /* 1: the temporary file is that of an earlier run */
	uint32_t sparse;    /* 1: holes are kept */
	uint32_t reserved;
};

/* What was being done when it failed: the coordinator words it. */
enum wire_operation {
	OPERATION_NONE = 0,
	OPERATION_OPEN_SOURCE,
	OPERATION_STAT_SOURCE,
	OPERATION_READ,
	OPERATION_LIST,
	OPERATION_READ_LINK,
	OPERATION_READ_XATTR,
	OPERATION_CREATE,
	OPERATION_OPEN_TARGET,
	OPERATION_WRITE,
	OPERATION_MAKE_DIRECTORY,
	OPERATION_MAKE_LINK,
	OPERATION_MAKE_SYMLINK,
	OPERATION_MAKE_SPECIAL,
	OPERATION_MAKE_FIFO,
	OPERATION_SET_OWNER,
	OPERATION_SET_MODE,
	OPERATION_SET_TIMES,
	OPERATION_SET_XATTR,
	OPERATION_SET_FLAGS,
	OPERATION_PUBLISH,         /* giving the finished file its final name */
	OPERATION_SOURCE_CHANGED,  /* while it was copied */
	OPERATION_SOURCE_REPLACED, /* by something of another type */
	OPERATION_NOT_DIRECTORY,   /* the destination has a non-directory where a directory goes */
	OPERATION_IS_DIRECTORY,    /* and the other way round */
	OPERATION_SAME_FILE,       /* source and destination are one */
	OPERATION_STAT_TARGET,
	OPERATION_DANGLING,        /* the destination is a symlink that leads nowhere */
	OPERATION_SYMLINK_IN_TREE, /* it is a symlink, and nobody named it */
	OPERATION_NOT_REPLACING,
	OPERATION_MERGE, /* what exists is the copy of a name that is one with this one there */
	OPERATION_BACK_UP,
	OPERATION_BACKUP_IS_SOURCE,
	OPERATION_CLONE,
	OPERATION_CYCLE, /* a symlink that is followed leads to a directory that it is in */
	OPERATION_LINK_TO_SOURCE, /* a hard link, or a symlink, to the source itself */
	OPERATION_SYMLINK_TO_SOURCE,
	OPERATION_RELATIVE_SYMLINK, /* would not lead to the source */
	OPERATION_UNSUPPORTED,      /* a kind of thing that can't be copied yet */
	OPERATION_REMOVE,
	OPERATION_RENAME,
	OPERATION_NOT_MOVED,    /* a move: the destination does not hold it, so it stays. EEXIST: it
				   was not copied; ESTALE: it was changed since */
	OPERATION_OTHER_DEVICE, /* a removal stays on one filesystem */
	OPERATION_OPEN_COPY,    /* a comparison, at the destination */
	OPERATION_READ_COPY,
	OPERATION_LIST_COPY,
	OPERATION_SYNC_SOURCE, /* so that all is on the medium */
	OPERATION_SYNC_COPY,
	OPERATION_COMPARED_CHANGED, /* while it was compared */
	OPERATION_COPY_CHANGED,     /* the same, at the destination */
	OPERATION_WORKER_DIED,      /* too often, over this item: said by the coordinator itself */
	OPERATIONS,
};

struct wire_failure {
	uint64_t id;
	int32_t error;       /* a positive errno */
	uint32_t operation;  /* enum wire_operation */
	uint32_t index;      /* of the entry in FILES; 0 otherwise */
	uint32_t warning;    /* 1: the copy stands (metadata was not kept, say) but isn't perfect */
	uint32_t name_bytes; /* of the entry, which follows, where `index` can't tell it; else 0 */
	uint32_t reserved;
};

/* Sums over the item, as the worker added them to its lane. */
struct wire_done {
	uint64_t id;
	uint64_t files;
	uint64_t files_skipped;
	uint64_t bytes_read;
	uint64_t bytes_accepted;
	uint64_t bytes_durable;
	uint64_t bytes_checked;
	uint64_t directories;
};

/* Comes with two descriptors of one thing: a directory, whose filesystem is meant, or a file. */
struct wire_keep {
	uint32_t number; /* told back */
	uint32_t reserved;
};

struct wire_kept {
	uint32_t number;
	int32_t error; /* 0 or -errno */
};

/* What became of an entry other than a plain copy. */
enum outcome_kind {
	OUTCOME_NONE = 0,
	OUTCOME_SKIPPED,       /* what is there is left alone */
	OUTCOME_CURRENT,       /* the same, because it is not older than the source */
	OUTCOME_ASK,           /* nothing was done yet: may it be overwritten? */
	OUTCOME_ASK_PROTECTED, /* the same, of what may not be written to; its mode is told */
	OUTCOME_BACKED_UP,     /* under the name that follows */
	OUTCOME_REMOVED,       /* what was there, before the copy was made */
	OUTCOME_RENAMED,       /* a move within one filesystem */
	OUTCOME_COPIED,        /* with options.debug: how; of a large file, once for each range */
	OUTCOMES,
};

struct wire_outcome {
	uint64_t id;
	uint32_t kind;       /* enum outcome_kind */
	uint32_t index;      /* of the entry in FILES; 0 otherwise */
	uint32_t mode;       /* of what exists; OUTCOME_COPIED: bits of enum copied_flag */
	uint32_t name_bytes; /* of the backup, or 0 */
};

/* What was done with the content of one file. */
enum copied_flag {
	COPIED_CONTENT = 1 << 0,   /* always */
	COPIED_OFFLOADED = 1 << 1, /* the kernel moved it from file to file */
	COPIED_SHARED = 1 << 2,    /* the files share it: a reflink */
	COPIED_REFUSED = 1 << 3,   /* they were to, but the filesystems don't have it */
	COPIED_UNSHARED = 1 << 4,  /* they might have been able to, and it was not tried */
	COPIED_SOUGHT = 1 << 5,    /* holes were looked for */
	COPIED_ZEROS = 1 << 6,     /* and blocks of zeros, which became holes */
};

/* Which files are copied alike. */
enum file_class {
	CLASS_SMALL = 0, /* as one buffer */
	CLASS_MEDIUM,
	CLASS_HOLES, /* the same, with holes */
	CLASS_LARGE, /* in ranges */
	CLASSES,
};

/* With options.explain: how a file was copied, once for each class and pair of filesystems. */
struct wire_choice {
	uint64_t source_device;
	uint64_t target_device;
	uint64_t source_type; /* of filesystem, as statfs(2) tells it */
	uint64_t target_type;
	uint32_t file_class;     /* enum file_class */
	uint32_t way;            /* enum job_strategy */
	uint32_t source_refuses; /* 1: direct reads that were wanted */
	uint32_t target_refuses; /* the same of writes */
};

struct wire_sum {
	uint64_t id;
	uint64_t bytes; /* of the content, or of the part that a RANGE copied */
	uint64_t high;
	uint64_t low;
	uint32_t index; /* of the entry in FILES; 0 otherwise */
	uint32_t reserved;
};

struct wire_notice {
	uint32_t text_bytes;
	uint32_t reserved;
	char text[];
};

/* ---- building a datagram ---- */

struct wire_buffer {
	uint8_t *data; /* owned by the caller, 8-aligned */
	size_t capacity;
	size_t used;
	int fd[2]; /* to travel along, or WIRE_NO_FD */
};

struct wire_text {
	const char *data;
	size_t bytes;
};

void wire_reset(struct wire_buffer *buffer);
/* Appends a record: its fixed body, then each text followed by a NUL. -ENOSPC: send first. */
int wire_put(struct wire_buffer *buffer, enum wire_type type, const void *body, size_t body_bytes,
	const struct wire_text *text, unsigned text_count);
/* For records with entries: begin, add entries, end. -ENOSPC leaves the buffer as before the call.
 */
int wire_begin(struct wire_buffer *buffer, enum wire_type type, const void *body, size_t body_bytes,
	const struct wire_text *text, unsigned text_count, size_t *ret_start);
int wire_add_entry(struct wire_buffer *buffer, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target);
/* Appends entries that are packed already, as wire_add_entry packed them. */
int wire_add_packed(struct wire_buffer *buffer, const void *entries, size_t bytes);
/* Gives back the body, so that a count can be filled in. */
void *wire_end(struct wire_buffer *buffer, size_t start);

/* Sends what the buffer holds, if anything, and resets it. -EAGAIN (nothing sent) when the channel
 * is full and `block` is not set; -EPIPE or -ECONNRESET when the peer is gone. */
int wire_send(int channel, struct wire_buffer *buffer, bool block);

/* ---- reading one ---- */

/* Receives one datagram into the buffer. Returns 1, 0 when the peer has closed, or -errno. */
int wire_receive(int channel, struct wire_buffer *buffer, bool block);

struct wire_view {
	enum wire_type type;
	const void *body; /* as the type says; its lengths are checked */
	size_t body_bytes;
	const char *text; /* behind the fixed body */
	size_t text_bytes;
};

/* The record at *offset, which moves on. Returns 1, 0 at the end, -EPROTO for anything malformed:
 * a type's fixed body is complete, and texts and entries that it announces are there. */
int wire_next(const struct wire_buffer *buffer, size_t *offset, struct wire_view *ret_view);

/* Takes the next NUL-terminated text of `bytes` from the view. -EPROTO if it isn't there. */
int wire_take_text(struct wire_view *view, size_t bytes, struct wire_text *ret_text);
/* Takes the next entry. */
int wire_take_entry(struct wire_view *view, const struct wire_entry **ret_entry,
	struct wire_text *ret_name, struct wire_text *ret_target);

#endif
