/* SPDX-License-Identifier: MIT */
/* The words that options of cp, mv and rm choose among; each list is ended by NULL. */
#ifndef ENGINE_CLI_JOB_CHOICES_H
#define ENGINE_CLI_JOB_CHOICES_H

#include "cli/option.h"

extern const struct option_choice job_attribute_choices[];
extern const struct option_choice job_prompt_choices[];
extern const struct option_choice job_update_choices[];
extern const struct option_choice job_sparse_choices[];
extern const struct option_choice job_reflink_choices[];
extern const struct option_choice job_progress_choices[];
extern const struct option_choice job_detach_choices[];
extern const struct option_choice job_strategy_choices[];
extern const struct option_choice job_backup_choices[];

#endif
