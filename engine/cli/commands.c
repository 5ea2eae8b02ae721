/* SPDX-License-Identifier: MIT */
#include "cli/command.h"

#include <stddef.h>
#include <string.h>

const struct command command_table[] = {
	{"cp", "copy files and directories", command_cp, &cp_options},
	{"mv", "move or rename files and directories", command_mv, &mv_options},
	{"rm", "remove files and directories", command_rm, &rm_options},
	{"jobs", "list jobs that run, wait or died", command_jobs, &jobs_options},
	{"pause", "let jobs stand still", command_pause, &pause_options},
	{"resume", "let paused jobs go on", command_resume, &resume_options},
	{"cancel", "stop jobs", command_cancel, &cancel_options},
	{"serial", "find serial ports, talk to devices, transfer files", command_serial, NULL},
	{"publish", "tell programs and pages how jobs are doing, live", command_publish,
		&publish_options},
	{"watch", "show devices as they come, are mounted, and go", command_watch, &watch_options},
	{NULL, NULL, NULL, NULL},
};

const struct command *command_find(const char *name)
{
	for (const struct command *command = command_table; command->name; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}
