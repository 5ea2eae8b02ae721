/* SPDX-License-Identifier: MIT */
/* One terminal session on a port, shared by the files that run it: serial_term.c (its life) and
 * term_keys.c (what its keys do). */
#ifndef ENGINE_CLI_TERM_H
#define ENGINE_CLI_TERM_H

#include "cli/screen.h"
#include "cli/serial_options.h"
#include "serialctl/session.h"

#define TERM_INPUT_BYTES 1024u

struct term {
	const struct serial_settings *settings;
	struct session session;
	struct screen screen;
	int signal_fd;
	int log_fd;     /* or -1 */
	bool command;   /* the command key was pressed: the next says what */
	bool prompting; /* for a file's name */
	bool over;
	bool input_ended;
	bool raw; /* the user's terminal was made so */
	int status;
	size_t prompt_used;
	char prompt[512];
};

/* Shows and logs what has arrived. */
void term_take_port(struct term *term);

/* Does what a key means: most are sent. */
void term_key(struct term *term, uint8_t key);

/* A line of haul's own between what the device says. */
void term_tell(const struct term *term, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
