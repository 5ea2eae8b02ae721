/* SPDX-License-Identifier: MIT */
/*
 * The progress region: one shared-memory file per job that tells any number of readers how the job
 * is doing. Writers never wait for readers and never learn that they exist; readers map the file
 * read-only.
 *
 * Layout, every part starting on a 4096-byte page:
 *
 *     +-----------------+  0
 *     | header          |  struct haul_header: what job this is, its state, the doorbell
 *     +-----------------+  header_bytes
 *     | lane 0          |  struct haul_lane: counters and ring positions; of the coordinator
 *     |   its ring      |  ring_bytes bytes of records
 *     +-----------------+  header_bytes + lane_stride_bytes
 *     | lane 1          |  of worker 0
 *     |   its ring      |
 *     +-----------------+
 *       ...                lane_count lanes
 *
 * Each lane has exactly one writer at any time. All integers are in the byte order of the machine.
 *
 * A record starts at an 8-byte boundary of its ring and never wraps; a HAUL_RECORD_PAD fills what
 * is left at the end:
 *
 *     +--------+------+-------+----------+---------+---------------------------+
 *     | size   | type | flags | sequence | time_ns | payload, padded to 8      |
 *     |  u32   | u16  |  u16  |   u64    |  u64    | size - 24 bytes           |
 *     +--------+------+-------+----------+---------+---------------------------+
 *
 * A pad may be shorter than that, 8 or 16 bytes: then the drawing is cut off there. No pad is
 * longer than a record can be, and none lies anywhere but at the end of the ring.
 *
 * The ring overwrites its oldest records. `head` and `tail` are byte positions that only grow; a
 * position's place in the ring is its remainder by ring_bytes. Records in [tail, head) are whole.
 * The writer moves `tail` past what it is about to overwrite *before* it overwrites (and some
 * records further, so that the oldest record does not vanish at once), and `head` *after* a record
 * is complete. A reader copies the record out and then looks at `tail` again: if it has passed the
 * record's position, the copy is worthless and the reader was overrun.
 *
 * Who may include this: everyone. Depends on the C library alone.
 */
#ifndef HAUL_PROGRESS_H
#define HAUL_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAUL_MAGIC UINT64_C(0x0a0d6c7561682e01) /* "\x01.haul\r\n" in memory, little-endian */

/* A reader of version V accepts a region whose abi_compatible <= V <= abi_version, or whose
 * abi_version <= V: a newer writer says in abi_compatible which old readers still understand it. */
#define HAUL_ABI_VERSION    3u
#define HAUL_ABI_COMPATIBLE 1u

#define HAUL_PAGE_BYTES     4096u
#define HAUL_JOB_BYTES      64u /* the longest job name, its NUL included */
#define HAUL_LANES_MAX      1024u
#define HAUL_ARGUMENT_BYTES 3584u

/* The operation of what is no work but a watch over devices: it has records and counts nothing. */
#define HAUL_WATCH_OPERATION "watch"

enum haul_state {
	HAUL_STATE_RUNNING = 0,
	HAUL_STATE_PAUSED = 1,
	/* The states from here on are final: nothing in the region changes any more. */
	HAUL_STATE_DONE = 2,
	HAUL_STATE_FAILED = 3,
	HAUL_STATE_CANCELLED = 4,
};

/*
 * Counters of a lane. A total is the sum over all lanes. Counters only grow, with two exceptions:
 * when a worker dies, the coordinator sets its lane back to what it had reported as finished,
 * because the rest will be done (and counted) again. And a job that goes on after a device was away
 * counts from 0: what is durable counts at once, and what isn't has to be done again.
 */
enum haul_counter {
	HAUL_FILES_PLANNED = 0, /* found so far; everything that is not a directory is a file */
	HAUL_FILES_DONE,
	HAUL_FILES_FAILED,
	HAUL_FILES_SKIPPED,
	HAUL_BYTES_PLANNED,
	HAUL_BYTES_READ,
	HAUL_BYTES_ACCEPTED, /* the destination took them; they may still be in memory only */
	HAUL_BYTES_DURABLE,  /* known to be on the medium */
	HAUL_DIRECTORIES_DONE,
	/* Since version 3. Of what was accepted: read once more, to be verified or for a list of
	 * checksums. That is planned, read, accepted and durable like the copy before it, so that
	 * nothing is told to be done too early; without it, it is what was copied. */
	HAUL_BYTES_CHECKED,
	HAUL_COUNTERS, /* not a counter: how many there are */
};
#define HAUL_COUNTER_SLOTS 16u /* room in the ABI for counters to come */

enum haul_record_type {
	HAUL_RECORD_PAD = 0,          /* no payload: skip it */
	HAUL_RECORD_FILE_STARTED = 1, /* struct haul_file; not for files that take an instant */
	HAUL_RECORD_FILE_DONE = 2,    /* struct haul_file */
	HAUL_RECORD_FILE_FAILED = 3,  /* struct haul_file */
	HAUL_RECORD_FILE_SKIPPED = 4, /* struct haul_file */
	HAUL_RECORD_JOB_STATE = 5,    /* struct haul_job_state: in lane 0 */
	HAUL_RECORD_DEVICE = 6,       /* struct haul_text: a JSON object, of a device event */
	HAUL_RECORD_SERIAL = 7,       /* struct haul_serial */
	HAUL_RECORD_NOTICE = 8,       /* struct haul_text: one line for people */
};

/* What is lost to an overrun must not be a failure: those go to lane 0, which has little else. */

struct haul_record {
	uint32_t size_bytes; /* the whole record, a multiple of 8, at least 24 */
	uint16_t type;       /* enum haul_record_type; readers skip types that they don't know */
	uint16_t flags;      /* 0 for now */
	uint64_t sequence;   /* rises by one per record of the lane, pads not counted; first 1 */
	uint64_t time_ns;    /* CLOCK_MONOTONIC */
};

struct haul_file {
	uint64_t bytes;      /* of the file's content */
	int32_t error;       /* errno, 0 unless it failed */
	uint16_t path_bytes; /* source path as the user would name it, no NUL */
	uint16_t message_bytes;
	char text[]; /* the path, then the message */
};

struct haul_job_state {
	uint32_t state; /* enum haul_state */
	int32_t exit_status;
};

struct haul_serial {
	uint32_t state; /* enum haul_serial_state */
	uint16_t port_bytes;
	uint16_t reserved;
	uint32_t data_bytes;
	uint32_t reserved2;
	char text[]; /* the port's path, then the data */
};

enum haul_serial_state {
	HAUL_SERIAL_OPENED = 0,
	HAUL_SERIAL_LINE = 1,
	HAUL_SERIAL_PROGRESS = 2,
	HAUL_SERIAL_CLOSED = 3,
	HAUL_SERIAL_LOST = 4,
	HAUL_SERIAL_DROPPED = 5, /* data: how many bytes were dropped, and why, as text */
};

struct haul_text {
	uint32_t text_bytes;
	uint32_t reserved;
	char text[];
};

/* The header's first line never changes once the region is visible under its name. */
struct haul_header {
	uint64_t magic;
	uint32_t abi_version;
	uint32_t abi_compatible;
	uint32_t header_bytes;
	uint32_t lane_count;
	uint32_t lane_stride_bytes; /* HAUL_PAGE_BYTES + ring_bytes */
	uint32_t ring_bytes;        /* of each lane, a power of two */
	uint64_t region_bytes;
	uint64_t start_realtime_ns;
	uint64_t start_monotonic_ns;
	int32_t coordinator_pid;
	uint32_t uid;
	char job[HAUL_JOB_BYTES];
	char operation[16]; /* "cp", "mv", "rm", "verify", "serial", ... */
	uint8_t reserved[48];
	/* offset 192: written by the coordinator while the job runs, each on its own cache line */
	uint32_t state; /* enum haul_state, atomic */
	int32_t exit_status;
	uint32_t planning_done; /* 1 when FILES_PLANNED and BYTES_PLANNED are final, atomic */
	uint32_t reserved5;
	/* Since version 3: about how much of what was accepted is still to be written, and at least
	 * 1, while the job has nothing to do but wait for that; else 0. Atomic. */
	uint64_t unwritten_bytes;
	uint8_t reserved2[40];
	/* The doorbell: the one word that several writers change, at most about a thousand times a
	 * second each. Readers sleep on it with FUTEX_WAIT, which works on a read-only mapping. */
	uint32_t bell;
	uint8_t reserved3[60];
	/* offset 320: sources and then the destination, each ended by a NUL */
	uint32_t argument_count;
	uint32_t arguments_cut; /* 1 when they did not all fit */
	/* With a limit on bytes per second, when the next one may move (CLOCK_MONOTONIC), atomic;
	 * the job's processes keep it. Nothing beside it changes, or is read by watchers that
	 * follow. */
	uint64_t pace_ns;
	uint8_t reserved4[48];
	char arguments[HAUL_ARGUMENT_BYTES];
	/* Since version 2: what a paused job waits for, "/dev/sdb1, UUID 1234-ABCD"; "" for nothing
	 * but its user. Changes only together with the state. */
	char waits_for[128];
};

struct haul_lane {
	uint64_t counter[HAUL_COUNTER_SLOTS]; /* atomic, relaxed; indexed by enum haul_counter */
	/* offset 128 */
	uint64_t head; /* atomic; released after a record is complete */
	/* Of the newest record, for the lane's writer alone: a reader learns it from the record. */
	uint64_t sequence;
	uint64_t reserved[6];
	/* offset 192 */
	uint64_t tail; /* atomic; moved before what it passes is overwritten */
	uint64_t reserved2[7];
	/* offset 256 */
	int32_t writer_pid; /* 0 while the lane is unused; atomic */
	uint32_t role;      /* enum haul_role; atomic */
	uint8_t reserved3[HAUL_PAGE_BYTES - 264];
	/* at HAUL_PAGE_BYTES: the ring */
};

enum haul_role {
	HAUL_ROLE_NONE = 0,
	HAUL_ROLE_COORDINATOR = 1,
	HAUL_ROLE_WORKER = 2,
	HAUL_ROLE_SERIAL = 3,
	HAUL_ROLE_PROBE = 4,
};

#ifndef __cplusplus
_Static_assert(sizeof(struct haul_record) == 24, "record header is part of the ABI");
_Static_assert(sizeof(struct haul_header) == HAUL_PAGE_BYTES, "header is one page");
_Static_assert(sizeof(struct haul_lane) == HAUL_PAGE_BYTES, "lane head is one page");
_Static_assert(offsetof(struct haul_header, state) == 192, "state has a cache line of its own");
_Static_assert(offsetof(struct haul_header, unwritten_bytes) == 208, "beside it");
_Static_assert(offsetof(struct haul_header, bell) == 256, "so has the bell");
_Static_assert(offsetof(struct haul_header, argument_count) == 320, "arguments follow");
_Static_assert(offsetof(struct haul_header, waits_for) == 3968, "and what it waits for");
_Static_assert(offsetof(struct haul_lane, head) == 128, "head has a cache line of its own");
_Static_assert(offsetof(struct haul_lane, tail) == 192, "so has tail");
#endif

/*
 * The reader. Every function returns 0 or more on success and -errno on failure, prints nothing,
 * and leaves its ret_ arguments alone when it fails. A reader belongs to one thread at a time.
 */

struct haul_reader;

struct haul_totals {
	uint64_t counter[HAUL_COUNTERS];
	int planning_done;
	enum haul_state state;
	int exit_status; /* meaningful in a final state */
};

enum haul_next {
	HAUL_NEXT_RECORD = 0,  /* *ret_record is valid until the next call */
	HAUL_NEXT_NOTHING = 1, /* all lanes are read to their end */
	HAUL_NEXT_OVERRUN = 2, /* *ret_lost records of a lane were overwritten, unread */
};

/*
 * The whole of a watcher (docs/examples/watch.c is one that runs):
 *
 *     haul_reader_open(job, &reader);
 *     do {
 *             haul_reader_totals(reader, &totals);
 *             while ((next = haul_reader_next(reader, &record, &lane, &lost)) != HAUL_NEXT_NOTHING)
 *                     if (next < 0)
 *                             return next;
 *                     else if (next == HAUL_NEXT_RECORD && record->type == HAUL_RECORD_FILE_DONE)
 *                             ... (const struct haul_file *)(record + 1) ...
 *     } while (totals.state < HAUL_STATE_DONE && haul_reader_wait(reader, -1) == HAUL_WAIT_NEWS);
 *     haul_reader_close(reader);
 *
 * The totals come first: when they say that the job has ended, what is read after them is all.
 */

/* Attaches to a running job by name (of this user), or to a region by path if `name` contains a
 * slash. -ENOENT: no such job; -EINVAL: no job can have this name; -EPROTO: not a region, damaged,
 * or of an incompatible version; -EPERM: the file belongs to a user who is neither this one nor
 * root, or others may write to it. (Whoever can write to the file can shorten it, and a reader of a
 * shortened mapping is killed by SIGBUS. The file's owner could kill the reader anyway, so only
 * owners are trusted with that; from others, only a memfd that is sealed against shrinking is
 * taken. What is *in* the file is never trusted.) */
int haul_reader_open(const char *name, struct haul_reader **ret_reader);
int haul_reader_open_fd(int fd, struct haul_reader **ret_reader); /* keeps a duplicate of fd */
void haul_reader_close(struct haul_reader *reader);               /* NULL is fine */

/* The mapped header, for names and start times. Live members must be read with atomics. */
const struct haul_header *haul_reader_header(const struct haul_reader *reader);

void haul_reader_totals(const struct haul_reader *reader, struct haul_totals *ret_totals);

/* The oldest unread record of all lanes, by time. Returns an enum haul_next, or -EPROTO when the
 * region contradicts itself, or -ENOMEM. The payload follows the record header in memory and is
 * checked to hold what its type needs: lengths can be trusted, text can not. Records of types that
 * this library doesn't know are passed over. A reader that attaches late begins with the oldest
 * record that is still there, and that is no overrun. After an overrun, reading goes on with the
 * oldest record that is left. Any of the ret_ arguments but ret_record may be NULL. */
int haul_reader_next(struct haul_reader *reader, const struct haul_record **ret_record,
	unsigned *ret_lane, uint64_t *ret_lost);

enum haul_wait {
	HAUL_WAIT_NEWS = 0,    /* something may have changed */
	HAUL_WAIT_TIMEOUT = 1, /* nothing rang within the time */
	HAUL_WAIT_GONE = 2,    /* the coordinator died before it reached a final state */
};

/* Sleeps until a writer rings, or rang since the last call, or `timeout_ms` passed (negative: no
 * limit). Costs the writers nothing. The coordinator's death is noticed within half a second; what
 * its workers appended can still be read then. In a final state nobody will ring again, so there
 * it doesn't sleep. Returns an enum haul_wait or -errno (-EINTR on a signal). */
int haul_reader_wait(struct haul_reader *reader, int timeout_ms);

/* Calls `found` with the name of each job of this user that has a region, running or left behind,
 * until it returns other than 0, and returns that; 0 when all were told, or -errno. To tell the
 * two apart, open it and see whether haul_reader_wait(reader, 0) is HAUL_WAIT_GONE. */
int haul_jobs_each(int (*found)(const char *job, void *context), void *context);

const char *haul_version(void);

#ifdef __cplusplus
}
#endif
#endif
