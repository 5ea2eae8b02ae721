/* SPDX-License-Identifier: MIT */
/*
 * Many jobs at once. The runner starts an ordinary coordinator for each and looks after them:
 *
 *     haul run
 *       ├─ haul cp …      each with its workers, its region, its journal, its name
 *       ├─ haul mv …
 *       └─ publisher      of all of them, if bars or events were asked for
 *
 * Why not one coordinator with several jobs in it: as processes they share nothing that one could
 * break for the others, haul pause, cancel and resume know each by its name, and every promise that
 * a single job keeps is kept here by the same code.
 *
 * Sharing the CPUs is left to the kernel. Every job has a worker of the same weight on each CPU, so
 * each has the same share, and a job that waits for its device leaves its share to the others; that
 * is adjusted with every tick, which nothing that handed out workers could be. Where jobs are so
 * many that there would be far too many processes, each has workers on a part of the CPUs.
 *
 *     runner.c    start, event loop, end
 *     process.c   a job's process, from its start to its exit
 *     survey.c    asking which disks a job is about, without waiting for an answer
 *     schedule.c  which job is next
 *     record.c    which jobs are done, for a later run that goes on with the rest
 *     summary.c   what is said at the end
 *     plan.c      what is said of what would be done
 */
#ifndef ENGINE_RUN_RUN_H
#define ENGINE_RUN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "haul/progress.h"
#include "run/disk.h"

#define RUN_JOBS_MAX 256 /* at once: as many as a publisher can show */

/* What a job's command line names. */
struct run_needs {
	char *const *path;
	unsigned path_count;
	const char *target; /* one more path, or NULL */
	const char *port;   /* a serial port, or NULL */
	bool renames;       /* on one filesystem, the data stays where it is */
	bool takes;         /* nothing is left of the sources when it is done */
	bool lasts;         /* what it has done outlasts a loss of power */
};

enum run_state {
	RUN_WAITING = 0, /* nobody asked yet what it is about */
	RUN_SURVEYED,
	RUN_READY,
	RUN_RUNNING,
	RUN_ENDED,
};

struct run_job {
	unsigned number; /* of its line in the job file */
	unsigned stage;  /* those of a lower one end before it begins */
	char name[HAUL_JOB_BYTES];
	char **argument;   /* the whole command line, "haul" first, ended by NULL */
	const char *label; /* what it is in messages; NULL: its line */
	struct run_needs needs;

	/* The runner's own: zeros at first. */
	enum run_state state;
	bool overdue; /* the survey is: its filesystem does not answer */
	uint64_t surveyed_ns;
	struct disk_set disks;
	unsigned slot; /* of those that run, the place it has */
	pid_t pid;     /* of the survey or the coordinator */
	int pidfd;
	int channel;
	struct haul_reader *reader; /* NULL: it has no region, or not yet */
	uint64_t counter[HAUL_COUNTERS];
	bool earlier; /* an earlier run has done it */
	int status;   /* its exit status; -N: signal N ended it */
};

struct record;

struct run_request {
	const char *program; /* what messages begin with */
	const char *file;    /* the job file, as it is called in messages */
	const char *noun;    /* what a job is called; NULL: "job" */
	struct run_job *job; /* by rising stage */
	size_t count;
	unsigned at_most; /* jobs at once */
	bool json;        /* events to standard output */
	bool bar;         /* bars on standard error */
	bool bar_always;
	bool quiet;               /* say nothing when everything was done */
	const char *how_to_go_on; /* when not everything was done; NULL: it can't be told */
};

/* Runs those that have not ended, records what is done, says what is to be said, and returns the
 * exit status. */
int run_all(struct run_request *request, struct record *record);
/* Says what run_all would do, on standard output. */
int run_show_plan(const struct run_request *request);

/* ---- schedule.c ---- */

/* The next job to do something with: one in RUN_WAITING is to be surveyed, one in RUN_READY to be
 * started. NULL: not now. Jobs that need the same disk run in their order. */
struct run_job *schedule_next(struct run_job *job, size_t count, unsigned at_most);

/* ---- survey.c ---- */

/* What a job is about, found out here and now. */
void survey_disks(const struct run_job *job, struct disk_set *ret_disks);
/* Starts a process that finds it out. 0 or -errno. */
int survey_start(struct run_job *job);
/* The process has ended, or said something: its answer, or none. */
void survey_end(struct run_job *job);

/* ---- process.c ---- */

/* Starts its coordinator, on these CPUs. `mute`: what it says on standard output goes to standard
 * error. 0 or -errno. */
int process_start(struct run_job *job, const int *cpu, int cpu_count, bool mute);
/* Takes what it announced. The descriptor of its region, once, which stays the job's reader's and
 * which the caller closes; -ENODATA. */
int process_region(struct run_job *job);
/* It has exited: reaps it. */
void process_end(struct run_job *job);
/* Sends it a signal, whatever it is doing. */
void process_signal(const struct run_job *job, int signal_number);

/* ---- summary.c ---- */

/* The exit status that these jobs amount to. `stopped`: the run itself was. */
int summary_status(const struct run_request *request, bool stopped);
void summary_print(const struct run_request *request, uint64_t elapsed_ns, FILE *out);

#endif
