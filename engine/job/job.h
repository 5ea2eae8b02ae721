/* SPDX-License-Identifier: MIT */
/* Runs one job from beginning to end: the coordinator's front door. */
#ifndef ENGINE_JOB_JOB_H
#define ENGINE_JOB_JOB_H

#include <stdbool.h>

#include "job/selection.h"
#include "wire/options.h"

/* Between checkpoints, unless the user says otherwise. */
#define JOB_CHECKPOINT_NS (5 * UINT64_C(1000000000))

/* When a removal asks. */
enum job_prompt {
	JOB_PROMPT_PROTECTED = 0, /* as ask_protected tells */
	JOB_PROMPT_NEVER,
	JOB_PROMPT_ONCE,
	JOB_PROMPT_ALWAYS,
};

enum job_progress {
	JOB_PROGRESS_AUTO = 0, /* when standard error is a terminal */
	JOB_PROGRESS_ALWAYS,
	JOB_PROGRESS_NEVER,
};

/* When a filesystem that the job stands on goes away. */
enum job_detach {
	JOB_DETACH_PAUSE = 0, /* until it is back */
	JOB_DETACH_FAIL,
};

struct past;

struct job_request {
	struct job_options options;
	const char *program; /* what messages begin with: "haul cp" */
	const char *name;    /* of the job; NULL: one is made */
	char *const *sources;
	unsigned source_count;
	const char *target;       /* the destination; NULL for a removal */
	bool target_is_directory; /* -t: it must be one */
	bool no_target_directory; /* -T: treat it as a normal name */
	unsigned prompt;          /* enum job_prompt */
	bool ask_protected;       /* about what is write-protected, as there is somebody to ask */
	bool remove_system_root;  /* rm: "/" is not refused */
	bool preserve_mounts;     /* rm: refuse arguments that are mount points */
	bool parents;             /* the sources' own directories are made below the target */
	bool strip_slashes;       /* at the end of sources */
	bool follow_arguments;    /* -H: follow symbolic links named on the command line */
	struct selection *selection; /* of the entries; the caller's */
	unsigned worker_count;       /* 0: one per CPU that the process may use */
	const char *journal;         /* its file; NULL: in the user's state directory */
	const char *checksums;       /* the list that is written; verify: read; NULL: none */
	uint64_t checkpoint_ns;      /* between checkpoints; 0: none are made */
	const char *command;         /* "cp", and what followed it: for the journal */
	char *const *argument;
	unsigned argument_count;
	struct past *past; /* an earlier run that this one continues, or NULL */
	bool json;
	const char *redis; /* where else to publish; NULL: nowhere. As publisher.h has them */
	const char *socketio;
	const char *http;
	const char *http_token;
	enum job_progress progress;
	unsigned on_detach; /* enum job_detach */
	bool eject;         /* the destination is unmounted when everything is done */
};

/* Does what is requested, says on standard error what could not be done, and returns the exit
 * status (haul/exit.h). The request stays the caller's. */
int job_run(const struct job_request *request);

#endif
