/* SPDX-License-Identifier: MIT */
#include "cli/serial_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/screen.h"
#include "haul/progress.h"

#define FIELD(member) offsetof(struct serial_settings, member)
#define TASK(member)  offsetof(struct serial_settings, task.member)

#define VERBS_PORT     (VERB_TERM | VERB_EXEC | VERB_SEND | VERB_RECEIVE | VERB_STREAM)
#define VERBS_TRANSFER (VERB_SEND | VERB_RECEIVE)
#define VERBS_JOB      (VERBS_TRANSFER | VERB_STREAM)

#define TIMEOUT_DEFAULT_MS 2000u
#define IDLE_DEFAULT_MS    1000u
#define DURATION_MAX_MS    (24 * 3600 * 1000u)

static int set_frame(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct serial_settings *serial = settings;

	(void)row;
	if (haul_port_settings_frame(&serial->task.settings, argument) == 0)
		return 0;
	option_wrong(set, "invalid character format '%s': it looks like 8N1", argument);
	return -EINVAL;
}

/* "2s", "500ms", "1.5m"; a bare number is seconds. */
static int parse_duration(const char *text, unsigned *ret_ms)
{
	double number, scale;
	char *end;

	errno = 0;
	number = strtod(text, &end);
	if (end == text || errno || !(number >= 0))
		return -EINVAL;
	if (strcmp(end, "ms") == 0)
		scale = 1;
	else if (strcmp(end, "s") == 0 || *end == '\0')
		scale = 1000;
	else if (strcmp(end, "m") == 0)
		scale = 60000;
	else
		return -EINVAL;
	if (number * scale > DURATION_MAX_MS)
		return -ERANGE;
	*ret_ms = (unsigned)(number * scale + 0.5);
	return 0;
}

static int set_duration(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	if (parse_duration(argument, (unsigned *)((char *)settings + row->offset)) == 0)
		return 0;
	option_wrong(set, "invalid time '%s': it looks like 2s or 500ms", argument);
	return -EINVAL;
}

/* lines, slip, cobs, or fixed:LENGTH. */
static int set_framing(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct serial_settings *serial = settings;
	unsigned long length;
	char *end;
	int kind;

	if (strncmp(argument, "fixed:", 6) != 0) {
		kind = option_choose(set, row, argument, strlen(argument));
		if (kind >= 0)
			serial->task.framing = (unsigned)kind;
		return kind < 0 ? kind : 0;
	}
	length = strtoul(argument + 6, &end, 10);
	if (argument[6] < '0' || argument[6] > '9' || *end || length < 1 || length > FRAMER_BYTES) {
		option_wrong(set, "invalid frame length '%s'", argument + 6);
		return -EINVAL;
	}
	serial->task.framing = FRAMER_FIXED;
	serial->task.frame_bytes = (unsigned)length;
	return 0;
}

static int set_map(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct serial_settings *serial = settings;

	for (;;) {
		size_t bytes = strcspn(argument, ",");
		int bit = option_choose(set, row, argument, bytes);

		if (bit < 0)
			return bit;
		serial->view |= (unsigned)bit;
		if (argument[bytes] == '\0')
			return 0;
		argument += bytes + 1;
	}
}

static int set_view(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct serial_settings *serial = settings;

	(void)set;
	(void)argument;
	serial->view |= row->value;
	return 0;
}

static int set_job_name(void *settings, const struct option_set *set, const struct option_row *row,
	const char *argument)
{
	struct serial_settings *serial = settings;
	size_t bytes = strlen(argument);

	(void)row;
	if (bytes == 0 || bytes >= HAUL_JOB_BYTES || argument[0] == '.' || strchr(argument, '/')) {
		option_wrong(set, "invalid job name '%s'", argument);
		return -EINVAL;
	}
	serial->job = argument;
	return 0;
}

static const struct option_choice flow_choices[] = {
	{"none", HAUL_FLOW_NONE},
	{"hardware", HAUL_FLOW_HARDWARE},
	{"software", HAUL_FLOW_SOFTWARE},
	{NULL, 0},
};

static const struct option_choice protocol_choices[] = {
	{"ymodem", PROTOCOL_YMODEM},
	{"xmodem", PROTOCOL_XMODEM},
	{"xmodem-checksum", PROTOCOL_XMODEM_CHECKSUM},
	{"xmodem-1k", PROTOCOL_XMODEM_1K},
	{"raw", PROTOCOL_RAW},
	{NULL, 0},
};

static const struct option_choice framing_choices[] = {
	{"lines", FRAMER_LINES},
	{"slip", FRAMER_SLIP},
	{"cobs", FRAMER_COBS},
	{NULL, 0},
};

static const struct option_choice line_end_choices[] = {
	{"lf", LINE_END_LF},
	{"cr", LINE_END_CR},
	{"crlf", LINE_END_CRLF},
	{"none", LINE_END_NONE},
	{NULL, 0},
};

static const struct option_choice map_choices[] = {
	{"in-cr-lf", SCREEN_IN_CR_LF},
	{"in-lf-crlf", SCREEN_IN_LF_CRLF},
	{"out-cr-lf", SCREEN_OUT_CR_LF},
	{"out-cr-crlf", SCREEN_OUT_CR_CRLF},
	{"out-del-bs", SCREEN_OUT_DEL_BS},
	{NULL, 0},
};

static const struct option_choice progress_choices[] = {
	{"auto", JOB_PROGRESS_AUTO},
	{"always", JOB_PROGRESS_ALWAYS},
	{"never", JOB_PROGRESS_NEVER},
	{NULL, 0},
};

const struct option_row serial_option_rows[] = {
	{
		.letters = "b",
		.name = "baud",
		.kind = OPTION_NUMBER,
		.commands = VERBS_PORT,
		.group = "The port",
		.metavar = "RATE",
		.help = "any rate that the device can make; the default is 115200",
		.offset = TASK(settings.rate_baud),
		.minimum = 1,
		.maximum = 1000000000,
	},
	{
		.name = "format",
		.kind = OPTION_CUSTOM,
		.commands = VERBS_PORT,
		.metavar = "8N1",
		.help = "data bits (5 to 8), parity (N, E, O, M, S) and stop bits (1, 2)",
		.apply = set_frame,
	},
	{
		.letters = "f",
		.name = "flow",
		.kind = OPTION_CHOICE,
		.commands = VERBS_PORT,
		.metavar = "HOW",
		.help = "flow control: none (the default), hardware (RTS/CTS), "
			"software (XON/XOFF)",
		.offset = FIELD(flow),
		.choices = flow_choices,
	},
	{
		.name = "no-reconnect",
		.kind = OPTION_FLAG,
		.commands = VERB_TERM | VERB_STREAM,
		.help = "fail when the port disappears, instead of waiting for it",
		.offset = FIELD(no_reconnect),
	},
	{
		.letters = "e",
		.name = "expect",
		.kind = OPTION_TEXT,
		.commands = VERB_EXEC,
		.group = "Requests and answers",
		.metavar = "REGEX",
		.help = "what answers each line, as an extended regular expression; if it has a "
			"group, only what that matched is printed",
		.offset = FIELD(expect),
	},
	{
		.letters = "t",
		.name = "timeout",
		.kind = OPTION_CUSTOM,
		.commands = VERB_EXEC,
		.metavar = "TIME",
		.help = "how long to wait for each answer; the default is 2s",
		.offset = FIELD(timeout_ms),
		.apply = set_duration,
	},
	{
		.letters = "i",
		.name = "input",
		.kind = OPTION_TEXT,
		.commands = VERB_EXEC,
		.metavar = "FILE",
		.help = "send the lines of FILE, or of standard input if it is -",
		.offset = FIELD(script),
		.names = NAMES_FILE,
	},
	{
		.name = "eol",
		.kind = OPTION_CHOICE,
		.commands = VERB_EXEC,
		.metavar = "END",
		.help = "what ends a line that is sent: lf (the default), cr, crlf, none",
		.offset = FIELD(line_end),
		.choices = line_end_choices,
	},
	{
		.letters = "p",
		.name = "protocol",
		.kind = OPTION_CHOICE,
		.commands = VERBS_TRANSFER,
		.group = "The transfer",
		.metavar = "NAME",
		.help = "ymodem (the default), xmodem, xmodem-checksum, xmodem-1k, raw",
		.offset = TASK(protocol),
		.choices = protocol_choices,
	},
	{
		.name = "start",
		.kind = OPTION_NUMBER,
		.commands = VERBS_TRANSFER,
		.metavar = "SECONDS",
		.help = "how long the other side may take to begin; the default is 60",
		.offset = TASK(start_s),
		.minimum = 1,
		.maximum = 86400,
	},
	{
		.name = "overwrite",
		.kind = OPTION_FLAG,
		.commands = VERB_RECEIVE,
		.help = "replace files that exist",
		.offset = TASK(overwrite),
	},
	{
		.name = "pace",
		.kind = OPTION_SIZE,
		.commands = VERB_SEND,
		.metavar = "RATE",
		.help = "raw: send at most so many bytes a second",
		.offset = TASK(pace_bytes),
		.minimum = 1,
		.maximum = 1000000000,
	},
	{
		.name = "line-delay",
		.kind = OPTION_CUSTOM,
		.commands = VERB_SEND,
		.metavar = "TIME",
		.help = "raw: pause after each line",
		.offset = TASK(line_delay_ms),
		.apply = set_duration,
	},
	{
		.name = "idle",
		.kind = OPTION_CUSTOM,
		.commands = VERB_RECEIVE,
		.metavar = "TIME",
		.help = "raw: silence that ends the file; the default is 1s",
		.offset = TASK(idle_ms),
		.apply = set_duration,
	},
	{
		.name = "bytes",
		.kind = OPTION_SIZE,
		.commands = VERB_RECEIVE,
		.metavar = "SIZE",
		.help = "raw: receive exactly so many bytes",
		.offset = TASK(limit_bytes),
		.minimum = 1,
		.maximum = UINT64_MAX,
	},
	{
		.name = "frames",
		.kind = OPTION_CUSTOM,
		.commands = VERB_STREAM,
		.group = "The stream",
		.metavar = "KIND",
		.help = "what an event is: lines (the default), slip, cobs, or fixed:LENGTH",
		.choices = framing_choices,
		.apply = set_framing,
	},
	{
		.name = "echo",
		.kind = OPTION_ACTION,
		.commands = VERB_TERM,
		.group = "The terminal",
		.help = "show what is typed",
		.value = SCREEN_ECHO,
		.apply = set_view,
	},
	{
		.name = "hex",
		.kind = OPTION_ACTION,
		.commands = VERB_TERM,
		.help = "show what is received in hexadecimal",
		.value = SCREEN_HEX,
		.apply = set_view,
	},
	{
		.name = "timestamps",
		.kind = OPTION_ACTION,
		.commands = VERB_TERM,
		.help = "show the time before each line",
		.value = SCREEN_TIME,
		.apply = set_view,
	},
	{
		.name = "map",
		.kind = OPTION_CUSTOM,
		.commands = VERB_TERM,
		.metavar = "LIST",
		.help = "change line ends: in-cr-lf, in-lf-crlf, out-cr-lf, out-cr-crlf, "
			"out-del-bs",
		.choices = map_choices,
		.apply = set_map,
	},
	{
		.name = "log",
		.kind = OPTION_TEXT,
		.commands = VERB_TERM,
		.metavar = "FILE",
		.help = "append what is received to FILE",
		.offset = FIELD(log),
		.names = NAMES_FILE,
	},
	{
		.name = "progress",
		.kind = OPTION_CHOICE,
		.commands = VERBS_TRANSFER,
		.group = "The job",
		.metavar = "WHEN",
		.fallback = "always",
		.help = "show a progress bar on standard error: auto (the default: on a terminal), "
			"always, never",
		.offset = FIELD(progress),
		.choices = progress_choices,
	},
	{
		.name = "json",
		.kind = OPTION_FLAG,
		.commands = VERBS_JOB | VERB_LIST,
		.group = "The job",
		.help = "write to standard output as JSON lines",
		.offset = FIELD(json),
	},
	{
		.name = "job",
		.kind = OPTION_CUSTOM,
		.commands = VERBS_JOB,
		.metavar = "NAME",
		.help = "name the job; otherwise a name is made",
		.apply = set_job_name,
	},
	{
		.name = "help",
		.kind = OPTION_HELP,
		.group = "Other",
		.help = "show this help and exit",
	},
	{
		.name = "version",
		.kind = OPTION_VERSION,
		.help = "show the version and exit",
	},
	{.name = NULL},
};

enum option_result serial_settings_parse(const struct option_set *set, int argc, char **argv,
	struct serial_settings *ret_settings, int *ret_first)
{
	*ret_settings = (struct serial_settings){
		.task.idle_ms = IDLE_DEFAULT_MS,
		.timeout_ms = TIMEOUT_DEFAULT_MS,
	};
	haul_port_settings_default(&ret_settings->task.settings);
	return option_parse(set, argc, argv, ret_settings, ret_first);
}

static int check_send(const struct serial_task *task, const struct option_set *set)
{
	if (task->file_count == 0)
		option_wrong(set, "missing file operand");
	else if (task->file_count > 1 && task->protocol != PROTOCOL_YMODEM &&
		 task->protocol != PROTOCOL_RAW)
		option_wrong(set, "XMODEM sends one file; YMODEM sends many");
	else
		return 0;
	return -EINVAL;
}

static int check_receive(const struct serial_task *task, const struct option_set *set)
{
	if (task->file_count > 1)
		option_wrong(set, "extra operand '%s'", task->files[1]);
	else if (task->protocol != PROTOCOL_YMODEM && task->file_count == 0)
		option_wrong(set, "missing file operand: only YMODEM tells names");
	else
		return 0;
	return -EINVAL;
}

int serial_settings_finish(struct serial_settings *settings, const struct option_set *set,
	char **operand, int operand_count)
{
	struct serial_task *task = &settings->task;

	if (operand_count < 1) {
		option_wrong(set, "missing port operand");
		return -EINVAL;
	}
	task->port = operand[0];
	task->settings.flow = (uint8_t)settings->flow;
	task->reconnect = !settings->no_reconnect;
	task->files = operand + 1;
	task->file_count = (unsigned)operand_count - 1;
	task->target = operand_count > 1 ? operand[1] : ".";
	switch (set->mask) {
	case VERB_SEND:
		return check_send(task, set);
	case VERB_RECEIVE:
		return check_receive(task, set);
	default:
		return 0;
	}
}
