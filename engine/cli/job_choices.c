/* SPDX-License-Identifier: MIT */
#include "cli/job_choices.h"

#include "cli/job_actions.h"

const struct option_choice job_attribute_choices[] = {
	{"mode", PRESERVE_MODE},
	{"timestamps", PRESERVE_TIMES},
	{"ownership", PRESERVE_OWNER},
	{"links", PRESERVE_LINKS},
	{"context", PRESERVE_CONTEXT},
	{"xattr", PRESERVE_XATTR | PRESERVE_XATTR_OR_FAIL},
	{"flags", PRESERVE_FLAGS},
	{"all", PRESERVE_EVERYTHING},
	{NULL, 0},
};

const struct option_choice job_prompt_choices[] = {
	{"never", JOB_PROMPT_NEVER},
	{"no", JOB_PROMPT_NEVER},
	{"none", JOB_PROMPT_NEVER},
	{"once", JOB_PROMPT_ONCE},
	{"always", JOB_PROMPT_ALWAYS},
	{"yes", JOB_PROMPT_ALWAYS},
	{NULL, 0},
};

const struct option_choice job_update_choices[] = {
	{"all", UPDATE_ALL},
	{"none", UPDATE_NONE},
	{"none-fail", UPDATE_NONE_FAIL},
	{"older", UPDATE_OLDER},
	{NULL, 0},
};

const struct option_choice job_sparse_choices[] = {
	{"auto", SPARSE_AUTO},
	{"always", SPARSE_ALWAYS},
	{"never", SPARSE_NEVER},
	{NULL, 0},
};

const struct option_choice job_reflink_choices[] = {
	{"auto", REFLINK_AUTO},
	{"always", REFLINK_ALWAYS},
	{"never", REFLINK_NEVER},
	{NULL, 0},
};

const struct option_choice job_progress_choices[] = {
	{"auto", JOB_PROGRESS_AUTO},
	{"always", JOB_PROGRESS_ALWAYS},
	{"never", JOB_PROGRESS_NEVER},
	{NULL, 0},
};

const struct option_choice job_detach_choices[] = {
	{"pause", JOB_DETACH_PAUSE},
	{"fail", JOB_DETACH_FAIL},
	{NULL, 0},
};

const struct option_choice job_strategy_choices[] = {
	{"auto", STRATEGY_AUTO},
	{"reflink", STRATEGY_REFLINK},
	{"range", STRATEGY_RANGE},
	{"direct", STRATEGY_DIRECT},
	{"uring", STRATEGY_URING},
	{"plain", STRATEGY_PLAIN},
	{NULL, 0},
};

const struct option_choice job_backup_choices[] = {
	{"none", BACKUP_NONE},
	{"off", BACKUP_NONE},
	{"simple", BACKUP_SIMPLE},
	{"never", BACKUP_SIMPLE},
	{"existing", BACKUP_EXISTING},
	{"nil", BACKUP_EXISTING},
	{"numbered", BACKUP_NUMBERED},
	{"t", BACKUP_NUMBERED},
	{NULL, 0},
};
