/* SPDX-License-Identifier: MIT */
/*
 * Two sources about mounts, merged into one ordered list of changes: the mount table says what is
 * true, the probe's records say who did it, when, what failed, and what came and went between two
 * looks at the table. Does no I/O and reads no clock.
 *
 * A change that only one source knows waits for the other, at most the hold time; what comes after
 * it waits too, so that order is kept. Without a probe the hold time is 0 and nothing waits.
 */
#ifndef BPF_MOUNT_STATE_H
#define BPF_MOUNT_STATE_H

#include "bpf/mount_table.h"
#include "bpf/mountprobe.h"

enum mount_change_kind {
	MOUNT_CHANGE_MOUNTED,
	MOUNT_CHANGE_UNMOUNTED,
	MOUNT_CHANGE_FAILED, /* a call returned an error: nothing has changed */
};

struct mount_change {
	enum mount_change_kind kind;
	const struct mount_info *mount;
	const struct mountprobe_record *who; /* NULL: unknown */
	uint64_t time_ns;                    /* CLOCK_MONOTONIC */
	bool visible; /* false: in another mount namespace, the mount point is as seen there */
};

/* The change and what it points to are valid during the call. Returns 0 or -errno. */
typedef int mount_change_fn(const struct mount_change *change, void *context);

struct mount_record;

struct mount_entry {
	struct mount_info mount;
	uint64_t seen_ns;
	uint64_t gone_ns; /* 0: it is in the table */
	bool announced;
	bool anonymous; /* told before its record came */
	bool done;      /* announced as unmounted: to be forgotten */
	/* Found anew by each mount_match_all: */
	struct mount_record *added_by;
	struct mount_record *removed_by;
};

/* What a call does to the mount table. */
enum mount_effect {
	MOUNT_EFFECT_NONE, /* or only to a mount's flags */
	MOUNT_EFFECT_ADDS,
	MOUNT_EFFECT_REMOVES,
	MOUNT_EFFECT_REARRANGES,
};

struct mount_record {
	struct mountprobe_record data;
	char *target;        /* without what a path can do without: "/a//b/." is "/a/b" */
	uint64_t arrival_ns; /* when it was handed in */
	enum mount_effect effect;
	bool foreign; /* from another mount namespace */
	bool pending; /* an unmount that has not returned yet */
	bool told;    /* and what it did was told */
	bool done;    /* told, or nothing to tell: to be forgotten */
	/* Found anew by each mount_match_all: */
	struct mount_record *pair; /* the unmount of what this mounted, or the other way round */
	struct mount_entry *entry;
};

struct mount_state {
	uint64_t namespace; /* this process's, as the probe numbers them */
	uint64_t hold_ns;
	struct mount_entry *entry; /* sorted by id */
	size_t entry_count;
	struct mount_record **record; /* not matched yet, in the order of the calls' returns */
	size_t record_count;
	size_t record_capacity;
};

/* The probe is later than the table by microseconds, unless the machine is very busy: with three
 * busy processes on two processors by more than 50 ms, and then a storm's order was lost. Only a
 * change that the probe does not know at all is told this late. */
#define MOUNT_HOLD_NS UINT64_C(200000000)

/* Finds which record belongs to which entry: sets the members that say so. */
void mount_match_all(struct mount_state *state);

void mount_state_open(struct mount_state *state, uint64_t namespace);
void mount_state_close(struct mount_state *state);

/* Takes one of the probe's records, of which `bytes` are there. -EPROTO when they don't make one.
 */
int mount_state_record(struct mount_state *state, const void *data, size_t bytes, uint64_t now_ns);

/* Records were lost: those of calls that are pending may never be followed by their ends. */
void mount_state_lost(struct mount_state *state);

/* Compares with a table that was read after the last record was handed in, takes the table over in
 * any case, and tells of the changes in order. Stops at the first error of `tell`, which it
 * returns; the change counts as told. *ret_wake_ns is when to come back at the latest with a new
 * table, 0 for not before there is news. */
int mount_state_advance(struct mount_state *state, struct mount_table *table, uint64_t now_ns,
	mount_change_fn *tell, void *context, uint64_t *ret_wake_ns);

/* Calls `tell` for each announced mount, by rising id, with time_ns and who unset. */
int mount_state_each(const struct mount_state *state, mount_change_fn *tell, void *context);

#endif
