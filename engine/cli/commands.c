/* SPDX-License-Identifier: MIT */
#include "cli/command.h"

#include <stddef.h>
#include <string.h>

const struct command command_table[] = {
	{"cp", "copy files and directories", command_cp, &cp_options, NULL},
	{"mv", "move or rename files and directories", command_mv, &mv_options, NULL},
	{"rm", "remove files and directories", command_rm, &rm_options, NULL},
	{"run", "do many jobs at once, from a file", command_run, &run_options, NULL},
	{"verify", "compare two trees, from the medium", command_verify, &verify_options, NULL},
	{"jobs", "list jobs that run, wait or died", command_jobs, &jobs_options, NULL},
	{"pause", "let jobs stand still", command_pause, &pause_options, NULL},
	{"resume", "let jobs go on that are paused or ended early", command_resume, &resume_options,
		NULL},
	{"cancel", "stop jobs", command_cancel, &cancel_options, NULL},
	{"top", "show jobs, ports and devices on the whole screen, live", command_top, &top_options,
		NULL},
	{"serial", "find serial ports, talk to devices, transfer files", command_serial, NULL,
		serial_verbs},
	{"publish", "tell programs and pages how jobs are doing, live", command_publish,
		&publish_options, NULL},
	{"watch", "show devices as they come, are mounted, and go", command_watch, &watch_options,
		NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

const struct command *command_find(const struct command *table, const char *name)
{
	for (const struct command *command = table; command->name; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}
