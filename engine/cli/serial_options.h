/* SPDX-License-Identifier: MIT */
/* The options of `haul serial`: one table, whose rows say which of the verbs have them. */
#ifndef ENGINE_CLI_SERIAL_OPTIONS_H
#define ENGINE_CLI_SERIAL_OPTIONS_H

#include "cli/option.h"
#include "job/job.h"
#include "serialctl/task.h"

/* Bits of option_set.mask. */
enum serial_verb {
	VERB_LIST = 1 << 0,
	VERB_TERM = 1 << 1,
	VERB_EXEC = 1 << 2,
	VERB_SEND = 1 << 3,
	VERB_RECEIVE = 1 << 4,
	VERB_STREAM = 1 << 5,
};

/* What ends a line that is sent. */
enum serial_line_end {
	LINE_END_LF = 0,
	LINE_END_CR,
	LINE_END_CRLF,
	LINE_END_NONE,
};

struct serial_settings {
	struct serial_task task;
	unsigned flow; /* enum haul_port_flow */
	bool no_reconnect;
	bool json;
	unsigned progress; /* enum job_progress */
	const char *job;   /* its name, or NULL */

	const char *expect; /* exec: a pattern, or NULL */
	const char *script; /* exec: a file of lines, or NULL */
	unsigned timeout_ms;
	unsigned line_end; /* enum serial_line_end */

	unsigned view;   /* term: bits of enum screen_view */
	const char *log; /* term: a file to append to, or NULL */
};

extern const struct option_row serial_option_rows[];

extern const struct option_set serial_list_options;
extern const struct option_set serial_term_options;
extern const struct option_set serial_exec_options;
extern const struct option_set serial_send_options;
extern const struct option_set serial_receive_options;
extern const struct option_set serial_stream_options;

/* Parses one verb's arguments; argv[0] is the verb. Fills in everything but the operands. */
enum option_result serial_settings_parse(const struct option_set *set, int argc, char **argv,
	struct serial_settings *ret_settings, int *ret_first);

/* Joins the parsed settings to the operands, for the verbs whose port is used by a process of its
 * own. Asks no file and no port. Says what is wrong, and returns -EINVAL. */
int serial_settings_finish(struct serial_settings *settings, const struct option_set *set,
	char **operand, int operand_count);

#endif
