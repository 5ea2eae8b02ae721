/* SPDX-License-Identifier: MIT */
/* The processors that this process may use. */
#ifndef ENGINE_UTIL_CPU_H
#define ENGINE_UTIL_CPU_H

/* Fills ret_cpu with the numbers of the CPUs in the affinity mask, at most `capacity`, in rising
 * order, and returns how many: fewer than the mask holds when a cgroup's quota allows less time
 * than they have (cpu.max, or cpu.cfs_quota_us), but at least one. -errno on failure. */
int cpu_allowed(int *ret_cpu, int capacity);

/* How many CPUs' worth of time a quota of `quota` in `period` is, rounded up, at least 1; 0 for no
 * limit. `text` is what cpu.max holds: "max 100000" or "150000 100000". */
int cpu_quota_parse(const char *text);

#endif
