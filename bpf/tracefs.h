/* SPDX-License-Identifier: MIT */
#ifndef BPF_TRACEFS_H
#define BPF_TRACEFS_H

/* A descriptor of tracefs' root, where it is mounted, or else of a mount of its own that nobody
 * else sees. -errno: neither may be had. */
int tracefs_open(void);

/* The id of a tracepoint, for perf_event_open(2). -ENOENT: this kernel doesn't have it. */
int tracefs_event_id(int tracefs, const char *category, const char *name);

#endif
