/* SPDX-License-Identifier: MIT */
/* Which devices are meant: "label=CAM*,fstype!=ntfs". */
#ifndef ENGINE_CLI_WATCH_FILTER_H
#define ENGINE_CLI_WATCH_FILTER_H

#include "bpf/device_event.h"

#define FILTER_TERMS_MAX 16

struct filter_term {
	unsigned key;
	bool negated;
	char *pattern; /* as glob(7), where * matches slashes, too */
};

struct filter {
	struct filter_term term[FILTER_TERMS_MAX]; /* all must hold */
	unsigned count;
};

/* Takes apart KEY=PATTERN and KEY!=PATTERN, separated by commas. -EINVAL with *ret_word pointing to
 * the term in `text` that is none; -E2BIG; -ENOMEM. An empty text matches everything. */
int filter_parse(const char *text, struct filter *ret_filter, const char **ret_word);
void filter_free(struct filter *filter);

bool filter_match(const struct filter *filter, const struct device_event *event);

/* The keys, separated by commas, for help and messages. */
#define FILTER_KEYS                                                                                \
	"action, device, fstype, uuid, label, mount, source, removable, command, operation"

#endif
