/* SPDX-License-Identifier: MIT */
/* haul serial term: a terminal session, guarded so that the user's terminal is put back. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cli/serial.h"
#include "cli/term.h"
#include "haul/exit.h"
#include "serialctl/words.h"
#include "util/stop_signals.h"
#include "util/terminal_guard.h"

#define DRAIN_NS  UINT64_C(10000000000) /* for what a pipe gave us to send */
#define ANSWER_NS UINT64_C(250000000)   /* of silence, after that */

static const char *const usage[] = {"[OPTION]... PORT", NULL};

const struct option_set serial_term_options = {
	.command = "serial term",
	.usage = usage,
	.description = "Talk to the device behind PORT by hand. Ctrl-T is the key for everything "
		       "else: Ctrl-T ? shows what there is, Ctrl-T q ends the session.",
	.row = serial_option_rows,
	.mask = VERB_TERM,
	.operands = NAMES_FILE,
};

static void port_lost(struct term *term)
{
	session_lose(&term->session);
	if (term->settings->no_reconnect) {
		term_tell(term, "%s is gone", term->session.path);
		term->status = HAUL_EXIT_FAILED;
		term->over = true;
		return;
	}
	term_tell(term, "%s is gone: waiting for it (Ctrl-T q ends)", term->session.path);
}

static void take_keys(struct term *term)
{
	uint8_t data[TERM_INPUT_BYTES];
	ssize_t got = read(STDIN_FILENO, data, sizeof(data));

	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		term->input_ended = true;
	for (ssize_t i = 0; i < got && !term->over; i++)
		term_key(term, data[i]);
}

/* ---- the session ---- */

static int watch_all(struct term *term)
{
	int error = haul_port_watch(term->session.port, term->signal_fd);

	if (!error && !term->input_ended)
		error = haul_port_watch(term->session.port, STDIN_FILENO);
	return error;
}

static void wait_for_port(struct term *term)
{
	int result = session_regain(&term->session, STDIN_FILENO);
	struct signalfd_siginfo info;

	if (result == 1)
		take_keys(term);
	else if (result == 0 && watch_all(term) == 0)
		term_tell(term, "%s is there", term->session.path);
	if (read(term->signal_fd, &info, sizeof(info)) > 0)
		term->over = true;
	if (term->input_ended)
		term->over = true;
}

static void use_port(struct term *term)
{
	struct haul_port *port = term->session.port;
	int events = haul_port_wait(port, HAUL_PORT_FOREVER);

	if (events < 0) {
		term->over = events != -EINTR;
		return;
	}
	term_take_port(term);
	if (events & HAUL_PORT_WATCHED && haul_port_watched(port, term->signal_fd)) {
		term->over = true;
		return;
	}
	if (events & HAUL_PORT_WATCHED && haul_port_watched(port, STDIN_FILENO))
		take_keys(term);
	if (events & HAUL_PORT_LOST) {
		port_lost(term);
	} else if (term->input_ended) {
		/* Input from a pipe: what it said goes out, what answers in a moment is shown. */
		haul_port_unwatch(port, STDIN_FILENO);
		haul_port_drain(port, haul_port_now_ns() + DRAIN_NS);
		while (haul_port_wait(port, haul_port_now_ns() + ANSWER_NS) & HAUL_PORT_INPUT)
			term_take_port(term);
		term->over = true;
	}
}

static void set_of_stops(sigset_t *ret_stops)
{
	sigemptyset(ret_stops);
	stop_signals_add(ret_stops);
	sigaddset(ret_stops, SIGQUIT);
}

static int open_signals(void)
{
	sigset_t stop;

	set_of_stops(&stop);
	if (sigprocmask(SIG_BLOCK, &stop, NULL))
		return -errno;
	return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_log(struct term *term)
{
	const char *path = term->settings->log;

	if (!path)
		return 0;
	term->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	if (term->log_fd >= 0)
		return 0;
	option_error(&serial_term_options, "cannot open log '%s': %s", path, strerror(errno));
	return -1;
}

static void make_raw(struct term *term, const struct termios *before)
{
	struct termios raw = *before;

	cfmakeraw(&raw);
	term->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static int run_session(const struct serial_settings *settings, const struct termios *before)
{
	struct term term = {
		.settings = settings,
		.screen.view = settings->view,
		.log_fd = -1,
	};
	const struct serial_task *task = &settings->task;
	char text[WORDS_BYTES];
	int error = session_open(&term.session, task->port, &task->settings);

	if (error) {
		words_open_failure(task->port, error, text);
		option_error(&serial_term_options, "%s", text);
		return HAUL_EXIT_FAILED;
	}
	term.signal_fd = open_signals();
	if (term.signal_fd < 0 || open_log(&term) || watch_all(&term)) {
		session_close(&term.session);
		return HAUL_EXIT_FAILED;
	}
	if (before) {
		make_raw(&term, before);
		term_tell(&term, "%s, Ctrl-T ? for help, Ctrl-T q to end", term.session.path);
	}
	while (!term.over) {
		if (term.session.port)
			use_port(&term);
		else
			wait_for_port(&term);
	}
	session_close(&term.session);
	if (term.raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, before);
	return term.status;
}

struct guarded {
	const struct serial_settings *settings;
	const struct termios *before;
};

static int run_guarded(void *context)
{
	const struct guarded *guarded = context;

	return run_session(guarded->settings, guarded->before);
}

static int guard_terminal(const struct serial_settings *settings)
{
	struct termios before;
	struct guarded guarded = {settings, &before};
	sigset_t stops;
	int status;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return run_session(settings, NULL);
	set_of_stops(&stops);
	status = terminal_guard(&stops, "", run_guarded, &guarded);
	if (status >= 0)
		return status;
	option_error(&serial_term_options, "cannot start: %s", strerror(-status));
	return HAUL_EXIT_FAILED;
}

int serial_term(int argc, char **argv)
{
	struct serial_settings settings;
	int first;

	switch (serial_settings_parse(&serial_term_options, argc, argv, &settings, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (serial_settings_finish(&settings, &serial_term_options, argv + first, argc - first))
		return HAUL_EXIT_FAILED;
	if (argc - first > 1) {
		option_wrong(&serial_term_options, "extra operand '%s'", argv[first + 1]);
		return HAUL_EXIT_FAILED;
	}
	return guard_terminal(&settings);
}
