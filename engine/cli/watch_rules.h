/* SPDX-License-Identifier: MIT */
/*
 * haul watch --on-mount EXPR -- COMMAND...: runs the command when a device that matches is mounted,
 * once per insertion: mounted again without having been detached, it is not served again. Several
 * devices are served at the same time.
 */
#ifndef ENGINE_CLI_WATCH_RULES_H
#define ENGINE_CLI_WATCH_RULES_H

#include <poll.h>

#include "cli/watch_filter.h"

#define RULES_RUNNING_MAX 64

struct rules;

/* `command` ends with NULL and must outlive the rules; `filter` is taken over. Its words may hold
 * {mount}, {device}, {label}, {uuid}, {fstype}, {date} and {time}. At most `parallel` commands run
 * at once. The commands' output goes to standard error when `output_is_ours`. */
int rules_open(struct filter *filter, char *const *command, unsigned parallel, bool output_is_ours,
	struct rules **ret_rules);

/* Waits for the commands that run. */
void rules_close(struct rules *rules); /* NULL is fine */

/* Sees every event. */
int rules_event(struct rules *rules, const struct device_event *event);

/* Fills in what to poll for, at most RULES_RUNNING_MAX; then look at which have ended. */
unsigned rules_poll(const struct rules *rules, struct pollfd *ret_poll);
int rules_reap(struct rules *rules);

/* Ends the commands that run with this signal, and starts no more. */
void rules_stop(struct rules *rules, int signal_number);

/* Did a command fail? */
bool rules_failed(const struct rules *rules);

/* A word of the command with its placeholders replaced, to be freed; NULL: no memory. What comes
 * from the device (label, UUID, type) is made harmless: no slash, no control character, no dot or
 * dash in front. */
char *rules_expand(const char *word, const struct device_event *event);

#endif
