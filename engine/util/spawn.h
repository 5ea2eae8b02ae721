/* SPDX-License-Identifier: MIT */
/* Starts this program again in another role, or with a command line of its own. */
#ifndef ENGINE_UTIL_SPAWN_H
#define ENGINE_UTIL_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#define SPAWN_NO_FD  (-1)
#define SPAWN_NO_CPU (-1)

/* Where the new process finds the descriptors that it is handed. */
enum spawn_fd {
	SPAWN_CHANNEL_FD = 3,
	SPAWN_REGION_FD = 4,
};

struct spawn {
	const char *role;       /* NULL: `arguments` are a whole command line, "haul" included */
	char *const *arguments; /* after --role=, ended by NULL; may be NULL */
	int channel_fd;         /* becomes SPAWN_CHANNEL_FD, or SPAWN_NO_FD */
	int region_fd;          /* becomes SPAWN_REGION_FD, or SPAWN_NO_FD */
	int cpu;                /* the one CPU to run on, or SPAWN_NO_CPU */
	const int *cpus;        /* the CPUs to choose from, `cpu_count` of them; NULL: as now */
	int cpu_count;
	bool no_input;        /* standard input is empty */
	bool output_is_error; /* standard output is where standard error is */
	bool die_with_parent; /* SIGKILL when the calling thread is gone */
};

/* The new process has standard input, output and error, what it is handed, and nothing else. It
 * ignores SIGINT: at a terminal the interrupt goes to the whole group, and only the coordinator
 * decides what it means. A command line's obeys SIGTERM, whatever its parent
 * ignores: it is how that stops it. *ret_pidfd is closed by the caller, who also reaps the
 * process. */
int spawn_role(const struct spawn *spawn, pid_t *ret_pid, int *ret_pidfd);

/* fork(2), as which it returns twice: *ret_pid is 0 in the child. In the parent *ret_pidfd becomes
 * readable when the child is gone. In the child it is what keeps that from being readable, or
 * SPAWN_NO_FD, and stays open to the end. 0 or -errno. */
int spawn_fork(pid_t *ret_pid, int *ret_pidfd);

#endif
