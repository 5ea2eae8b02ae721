/* SPDX-License-Identifier: MIT */
/*
 * A file that is being received. It has a temporary name until it is complete and on the medium:
 * what was cut short never stands under the final name.
 */
#ifndef SERIALCTL_INBOX_H
#define SERIALCTL_INBOX_H

#include <limits.h>
#include <stdbool.h>

#include "serialctl/modem.h"

struct inbox {
	int directory_fd;
	int fd; /* -1: no file is open */
	bool overwrite;
	uint64_t bytes;
	struct modem_file file;
	char temporary[NAME_MAX + 1];
};

/* Files go into `directory`. */
int inbox_open(struct inbox *ret_inbox, const char *directory, bool overwrite);
/* Closes it and removes a file that was not finished. */
void inbox_close(struct inbox *inbox);

/* Begins a file. Of its name only the last part counts. -EINVAL: it has none that could be a
 * file's; -EEXIST: there is one, and it isn't to be overwritten. */
int inbox_begin(struct inbox *inbox, const struct modem_file *file);
int inbox_write(struct inbox *inbox, const void *data, size_t bytes);
/* Time and mode as they were told, on the medium, and under the final name. */
int inbox_finish(struct inbox *inbox);

#endif
