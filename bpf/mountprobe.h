/* SPDX-License-Identifier: MIT */
/*
 * What the BPF program tells of one system call that concerns mounts: a record in a ring buffer.
 * Compiled both for the kernel and for the process that reads the ring.
 *
 * Who may include this: bpf/. Depends on the kernel's integer types alone.
 */
#ifndef BPF_MOUNTPROBE_H
#define BPF_MOUNTPROBE_H

#include <linux/types.h>

#define MOUNTPROBE_RING_BYTES   (256 * 1024)
#define MOUNTPROBE_TARGET_BYTES 1024 /* a longer path is cut */
#define MOUNTPROBE_SOURCE_BYTES 256
#define MOUNTPROBE_FSTYPE_BYTES 32

enum mountprobe_call {
	MOUNTPROBE_MOUNT = 0,
	MOUNTPROBE_UMOUNT,
	MOUNTPROBE_MOVE_MOUNT,
	MOUNTPROBE_PIVOT_ROOT,
	MOUNTPROBE_MOUNT_SETATTR,
	MOUNTPROBE_CALLS,
};

/* An unmount is told twice: what it does is visible long before it returns, when much is left to
 * write. */
#define MOUNTPROBE_PENDING 1

/* Strings are as the caller gave them, relative or not, and end with a NUL. A record in the ring is
 * only as long as its target needs. */
struct mountprobe_record {
	__u64 time_ns;   /* CLOCK_MONOTONIC at the call's return, or at its entry when it is pending
			  */
	__u64 namespace; /* inode number of the caller's mount namespace; 0: unknown */
	__u64 mount_id;  /* a guess at the new mount, the youngest of the namespace; 0: none */
	__u64 flags;     /* of the call */
	__u32 major;     /* of that mount's device, both 0 when unknown */
	__u32 minor;
	__u32 pid;
	__u32 thread;
	__u32 uid;
	__s32 result; /* 0 or -errno, or MOUNTPROBE_PENDING */
	__u32 call;   /* enum mountprobe_call */
	__u32 reserved;
	char command[16];
	char fstype[MOUNTPROBE_FSTYPE_BYTES];
	char source[MOUNTPROBE_SOURCE_BYTES];
	char target[MOUNTPROBE_TARGET_BYTES];
};

#endif
