/* SPDX-License-Identifier: MIT */
/* haul serial exec: lines out, answers back, an exit status by the result. */
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/serial.h"
#include "cli/serial_options.h"
#include "haul/exit.h"
#include "haul/serial.h"
#include "serialctl/words.h"

#define ANSWER_BYTES  (64u * 1024)
#define QUIET_NS      UINT64_C(100000000) /* without --expect: silence that ends an answer */
#define MILLISECOND   UINT64_C(1000000)
#define EXCERPT_BYTES 60u

static const char *const usage[] = {"[OPTION]... PORT [LINE]...", NULL};

const struct option_set serial_exec_options = {
	.command = "serial exec",
	.usage = usage,
	.description =
		"Send each LINE to the device behind PORT, wait for its answer, and print it. With "
		"--expect, the answer is all up to where REGEX matches; otherwise, all until the "
		"line is silent. Without a LINE and --input, only wait. The exit status is 0 when "
		"every line was answered; the first that is not ends it.",
	.row = serial_option_rows,
	.mask = VERB_EXEC,
	.operands = NAMES_FILE,
};

struct exec {
	const struct serial_settings *settings;
	struct haul_port *port;
	regex_t pattern;
	size_t used; /* of `answer` */
	char answer[ANSWER_BYTES + 1];
};

/* What came instead of an answer, printable and short: its end tells most. */
static void excerpt(const struct exec *exec, char *ret_text)
{
	size_t start = exec->used > EXCERPT_BYTES ? exec->used - EXCERPT_BYTES : 0;

	for (size_t i = start; i < exec->used; i++) {
		unsigned char byte = (unsigned char)exec->answer[i];

		if (byte >= ' ' && byte < 0x7f && byte != '\\')
			ret_text += sprintf(ret_text, "%c", byte);
		else
			ret_text += sprintf(ret_text, "\\x%02x", byte);
	}
	*ret_text = '\0';
}

static const char *exec_reason(const struct exec *exec, int error)
{
	switch (error) {
	case -ENODEV:
		return "the port is gone";
	case -ETIMEDOUT:
		return exec->used ? "no match in time" : "nothing came in time";
	case -EMSGSIZE:
		return "too much came";
	default:
		return strerror(-error);
	}
}

static int exec_fail(const struct exec *exec, const char *what, int error)
{
	const char *reason = exec_reason(exec, error);
	char text[4 * EXCERPT_BYTES + 1];

	excerpt(exec, text);
	if (exec->used == 0)
		option_error(&serial_exec_options, "%s: %s", what, reason);
	else
		option_error(&serial_exec_options, "%s: %s; what came: %zu bytes, '%s'", what,
			reason, exec->used, text);
	return error;
}

/* NULs would end the text that is searched: they become what no text protocol means. */
static int exec_read(struct exec *exec, uint64_t deadline_ns)
{
	size_t room = ANSWER_BYTES - exec->used;
	ssize_t got;

	if (!room)
		return -EMSGSIZE;
	got = haul_port_read(exec->port, exec->answer + exec->used, room, deadline_ns);
	if (got <= 0)
		return got < 0 ? (int)got : 0;
	for (ssize_t i = 0; i < got; i++) {
		if (exec->answer[exec->used + (size_t)i] == '\0')
			exec->answer[exec->used + (size_t)i] = '\x01';
	}
	exec->used += (size_t)got;
	exec->answer[exec->used] = '\0';
	return (int)got;
}

static void exec_print(const char *text, size_t bytes)
{
	fwrite(text, 1, bytes, stdout);
	if (bytes == 0 || text[bytes - 1] != '\n')
		putchar('\n');
	fflush(stdout);
}

/* Prints the answer and keeps what came after it, which may belong to the next. */
static void exec_matched(struct exec *exec, const regmatch_t *match)
{
	const regmatch_t *shown = match + (exec->pattern.re_nsub > 0 && match[1].rm_so >= 0);
	size_t start = shown == match ? 0 : (size_t)shown->rm_so;
	size_t end = (size_t)match->rm_eo;

	exec_print(exec->answer + start, (size_t)shown->rm_eo - start);
	exec->used -= end;
	memmove(exec->answer, exec->answer + end, exec->used + 1);
}

static int exec_await_match(struct exec *exec, uint64_t deadline_ns)
{
	regmatch_t match[2];

	while (exec->used == 0 || regexec(&exec->pattern, exec->answer, 2, match, 0) != 0) {
		int got = exec_read(exec, deadline_ns);

		if (got == 0)
			return exec_fail(exec, "no answer", -ETIMEDOUT);
		if (got < 0)
			return exec_fail(exec, "no answer", got);
	}
	exec_matched(exec, match);
	return 0;
}

static int exec_await_silence(struct exec *exec, uint64_t deadline_ns)
{
	int got;

	do {
		uint64_t quiet_ns = haul_port_now_ns() + QUIET_NS;
		bool begun = exec->used > 0;

		got = exec_read(exec, begun && quiet_ns < deadline_ns ? quiet_ns : deadline_ns);
	} while (got > 0);
	if (got < 0)
		return exec_fail(exec, "no answer", got);
	if (exec->used == 0)
		return exec_fail(exec, "no answer", -ETIMEDOUT);
	exec_print(exec->answer, exec->used);
	exec->used = 0;
	return 0;
}

static int exec_await(struct exec *exec)
{
	uint64_t deadline_ns = haul_port_now_ns() + exec->settings->timeout_ms * MILLISECOND;

	return exec->settings->expect ? exec_await_match(exec, deadline_ns)
				      : exec_await_silence(exec, deadline_ns);
}

static int exec_write(struct exec *exec, const char *data, uint64_t deadline_ns)
{
	ssize_t sent = haul_port_write(exec->port, data, strlen(data), deadline_ns);

	if (sent >= 0 && (size_t)sent == strlen(data))
		return 0;
	return exec_fail(exec, "cannot send", sent < 0 ? (int)sent : -ETIMEDOUT);
}

static int exec_line(struct exec *exec, const char *line)
{
	static const char *const ends[] = {"\n", "\r", "\r\n", ""};
	uint64_t deadline_ns = haul_port_now_ns() + exec->settings->timeout_ms * MILLISECOND;
	int error;

	/* What came before the question is no answer to it. */
	haul_port_discard_input(exec->port);
	exec->used = 0;
	error = exec_write(exec, line, deadline_ns);
	if (!error)
		error = exec_write(exec, ends[exec->settings->line_end], deadline_ns);
	return error ? error : exec_await(exec);
}

static int exec_script(struct exec *exec, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *script = standard ? stdin : fopen(path, "re");
	size_t room = 0;
	char *line = NULL;
	int error = 0;

	if (!script) {
		option_error(&serial_exec_options, "cannot open '%s': %s", path, strerror(errno));
		return -ENOENT;
	}
	while (!error && getline(&line, &room, script) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		error = exec_line(exec, line);
	}
	if (!error && ferror(script)) {
		option_error(&serial_exec_options, "cannot read '%s'", path);
		error = -EIO;
	}
	free(line);
	if (!standard)
		fclose(script);
	return error;
}

static int exec_all(struct exec *exec, char **line, int count)
{
	int error = 0;

	for (int i = 0; i < count && !error; i++)
		error = exec_line(exec, line[i]);
	if (!error && exec->settings->script)
		error = exec_script(exec, exec->settings->script);
	if (count == 0 && !exec->settings->script)
		error = exec_await(exec);
	return error;
}

static int exec_pattern(struct exec *exec)
{
	const char *expect = exec->settings->expect;
	char text[256];
	int error = expect ? regcomp(&exec->pattern, expect, REG_EXTENDED | REG_NEWLINE) : 0;

	if (!error)
		return 0;
	regerror(error, &exec->pattern, text, sizeof(text));
	option_wrong(&serial_exec_options, "invalid pattern '%s': %s", expect, text);
	return -EINVAL;
}

static int exec_run(
	struct exec *exec, const struct serial_settings *settings, char **line, int count)
{
	char text[WORDS_BYTES];
	int error;

	exec->settings = settings;
	if (exec_pattern(exec))
		return HAUL_EXIT_FAILED;
	error = haul_port_open(settings->task.port, &settings->task.settings, &exec->port);
	if (error) {
		words_open_failure(settings->task.port, error, text);
		option_error(&serial_exec_options, "%s", text);
	} else {
		error = exec_all(exec, line, count);
		haul_port_close(exec->port);
	}
	if (settings->expect)
		regfree(&exec->pattern);
	return error ? HAUL_EXIT_FAILED : HAUL_EXIT_OK;
}

int serial_exec(int argc, char **argv)
{
	struct serial_settings settings;
	struct exec *exec;
	int first, status;

	switch (serial_settings_parse(&serial_exec_options, argc, argv, &settings, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (serial_settings_finish(&settings, &serial_exec_options, argv + first, argc - first))
		return HAUL_EXIT_FAILED;
	exec = calloc(1, sizeof(*exec));
	if (!exec) {
		option_error(&serial_exec_options, "memory exhausted");
		return HAUL_EXIT_FAILED;
	}
	status = exec_run(exec, &settings, argv + first + 1, argc - first - 1);
	free(exec);
	return status;
}
