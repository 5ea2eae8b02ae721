/* SPDX-License-Identifier: MIT */
#include "top/top.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "haul/exit.h"
#include "progress/control.h"
#include "publisher/roster.h"
#include "top/fullscreen.h"
#include "top/keys.h"
#include "top/view.h"
#include "util/clock.h"
#include "util/terminal_guard.h"
#include "util/terminal_kind.h"

#define NS_PER_MS     UINT64_C(1000000)
#define STILL_MS      1000 /* between two looks at jobs that stand still */
#define IDLE_MS       5000 /* ... at free space and ports, where no job is */
#define ONCE_MS       300  /* enough to tell how fast jobs are */
#define ANSWER_MS     300  /* a coordinator answers in less than one */
#define TEXT_COLUMNS  160u /* where there is no terminal */
#define MESSAGE_BYTES 256u
#define INPUT_BYTES   256u
#define CONTROL_C     3
#define CONTROL_L     12
#define CONTROL_Z     26

struct top {
	const struct top_request *request;
	struct roster roster;
	struct devices *devices; /* NULL: there are none to be had */
	struct top_jobs jobs;
	struct top_ports ports;
	struct top_drives drives;
	struct fullscreen screen;
	struct terminal_kind kind;
	locale_t locale;
	int signal_fd;
	char selected[HAUL_JOB_BYTES + 1];
	bool chosen; /* by key: it stays selected, wherever it moves */
	char message[MESSAGE_BYTES];
	bool cancelling; /* the next key says whether it is meant */
	bool help;
	bool ports_changed;
	bool watching; /* the devices that are there are all told */
	bool over;
	uint64_t refreshed_ns;
};

static int complain(const char *what, int error)
{
	fprintf(stderr, "haul top: %s: %s\n", what, strerror(-error));
	return HAUL_EXIT_FAILED;
}

/* ---- what comes in ---- */

static void take_event(void *context, const struct event *event)
{
	struct top *top = context;

	top_jobs_take(&top->jobs, event);
	top_ports_take(&top->ports, event);
	if (event->type == EVENT_SERIAL && event->serial.state != HAUL_SERIAL_LINE)
		top->ports_changed = true;
}

static int take_devices(struct top *top)
{
	const struct device_event *event;
	int result;

	while (top->devices && (result = devices_next(top->devices, &event)) != 0) {
		if (result < 0)
			return result;
		top_drives_take(&top->drives, event);
		top->ports_changed = top->ports_changed || event->serial;
		top->watching = top->watching || event->action == DEVICE_WATCHING;
	}
	return 0;
}

/* What nobody tells of. While nothing moves, this is all that is done, once in a while. */
static void refresh(struct top *top, uint64_t now_ns)
{
	uint64_t pause_ns = (roster_running(&top->roster) ? STILL_MS : IDLE_MS) * NS_PER_MS;
	bool due = now_ns - top->refreshed_ns >= pause_ns;

	if (due) {
		top->refreshed_ns = now_ns;
		top_drives_refresh(&top->drives);
	}
	if (due || top->ports_changed)
		top_ports_refresh(&top->ports);
	top->ports_changed = false;
}

static int look(struct top *top)
{
	int error;

	roster_step(&top->roster, clock_monotonic_ns());
	error = take_devices(top);
	if (!error)
		refresh(top, clock_monotonic_ns());
	return error;
}

/* ---- the selected job ---- */

/* Its place in the list, that of the first one unless another was chosen; -1 if there is none. */
static int selected_at(const struct top *top)
{
	for (unsigned at = 0; top->chosen && at < top->jobs.count; at++)
		if (strcmp(top->jobs.row[at]->name, top->selected) == 0)
			return (int)at;
	return top->jobs.count ? 0 : -1;
}

static void select_at(struct top *top, int at)
{
	int last = (int)top->jobs.count - 1;

	if (at > last)
		at = last;
	if (at < 0)
		at = 0;
	top->selected[0] = '\0';
	if (last >= 0)
		snprintf(top->selected, sizeof(top->selected), "%s", top->jobs.row[at]->name);
}

/* The same permission as the command line has: the job decides. */
static void order(struct top *top, enum control_command command)
{
	static const char *const verbs[] = {[CONTROL_PAUSE] = "pause",
		[CONTROL_RESUME] = "resume",
		[CONTROL_CANCEL] = "cancel"};
	int at = selected_at(top), error;

	if (at < 0) {
		snprintf(top->message, sizeof(top->message), "there is no job");
		return;
	}
	error = control_ask(top->jobs.row[at]->name, command, ANSWER_MS);
	if (error)
		snprintf(top->message, sizeof(top->message), "cannot %s %s: %s", verbs[command],
			top->jobs.row[at]->name, control_words(command, error));
}

static void ask_cancel(struct top *top)
{
	int at = selected_at(top);

	if (at < 0 || top->jobs.row[at]->ended) {
		snprintf(top->message, sizeof(top->message), "there is nothing to cancel");
		return;
	}
	top->cancelling = true;
	snprintf(top->message, sizeof(top->message), "cancel %s? y, or any other key to let it run",
		top->jobs.row[at]->name);
}

/* ---- keys ---- */

/* The shell gets its terminal as it was, and this process a fresh one when it goes on. */
static void stop_self(struct top *top)
{
	fullscreen_leave(&top->screen);
	if (top->screen.keyboard)
		kill(getppid(), SIGSTOP);
	raise(SIGSTOP);
	fullscreen_enter(&top->screen);
}

static void take_command(struct top *top, int key)
{
	switch (key) {
	case 'q':
	case CONTROL_C:
		top->over = true;
		break;
	case 'p':
		order(top, CONTROL_PAUSE);
		break;
	case 'r':
		order(top, CONTROL_RESUME);
		break;
	case 'c':
		ask_cancel(top);
		break;
	case 'x':
		top_jobs_forget_ended(&top->jobs);
		break;
	case 'h':
	case '?':
		top->help = true;
		break;
	case CONTROL_L:
		fullscreen_spoil(&top->screen);
		break;
	case CONTROL_Z:
		stop_self(top);
		break;
	default:
		break;
	}
}

static void choose(struct top *top, int at)
{
	top->chosen = true;
	select_at(top, at);
}

static void take_key(struct top *top, int key)
{
	bool cancelling = top->cancelling;

	top->message[0] = '\0';
	top->cancelling = false;
	if (cancelling && key == 'y')
		order(top, CONTROL_CANCEL);
	else if (top->help && key != CONTROL_C && key != CONTROL_Z)
		top->help = false;
	else if (key == KEY_UP || key == 'k')
		choose(top, selected_at(top) - 1);
	else if (key == KEY_DOWN || key == 'j')
		choose(top, selected_at(top) + 1);
	else if (key == KEY_FIRST)
		choose(top, 0);
	else if (key == KEY_LAST)
		choose(top, (int)top->jobs.count - 1);
	else if (!cancelling || key == CONTROL_C)
		take_command(top, key);
}

static void take_keys(struct top *top)
{
	char data[INPUT_BYTES];
	ssize_t bytes = read(STDIN_FILENO, data, sizeof(data));

	if (bytes == 0 || (bytes < 0 && errno != EINTR && errno != EAGAIN))
		top->over = true;
	for (ssize_t at = 0; at < bytes && !top->over;) {
		int key;

		at += (ssize_t)keys_next(data + at, (size_t)(bytes - at), &key);
		take_key(top, key);
	}
}

static void take_signal(struct top *top)
{
	struct signalfd_siginfo info;

	if (read(top->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGWINCH:
		fullscreen_spoil(&top->screen);
		break;
	case SIGTSTP:
		stop_self(top);
		break;
	case SIGCONT:
		/* Whoever went on after a stop that nobody could prepare for. */
		fullscreen_enter(&top->screen);
		break;
	default:
		top->over = true;
		break;
	}
}

/* ---- the loop ---- */

static void make_view(struct top *top, struct view *ret_view)
{
	struct terminal_size size = terminal_size_of(STDOUT_FILENO);

	if (!top->kind.is_terminal)
		size.columns = TEXT_COLUMNS;
	select_at(top, selected_at(top));
	*ret_view = (struct view){
		.jobs = &top->jobs,
		.ports = &top->ports,
		.drives = &top->drives,
		.selected = top->selected,
		.message = top->message,
		.help = top->help,
		.keys = top->screen.keyboard,
		.style = {.columns = size.columns,
			.utf8 = top->kind.utf8,
			.colour = top->kind.colour},
		.rows = size.rows,
	};
}

static int draw(struct top *top)
{
	struct sheet sheet;
	struct view view;

	make_view(top, &view);
	view_draw(&view, &sheet);
	return fullscreen_show(&top->screen, &sheet);
}

static int pause_ms(const struct top *top)
{
	if (!roster_running(&top->roster))
		return IDLE_MS;
	return roster_moved(&top->roster) ? (int)top->request->delay_ms : STILL_MS;
}

/* Until it is time to look again, or a key or a signal comes. */
static int wait_for_news(struct top *top)
{
	struct pollfd wait[] = {
		{.fd = top->signal_fd, .events = POLLIN},
		{.fd = top->screen.keyboard ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = top->roster.notify_fd, .events = POLLIN},
		{.fd = top->devices ? devices_fd(top->devices) : -1, .events = POLLIN},
		{.fd = top->screen.fd, .events = fullscreen_busy(&top->screen) ? POLLOUT : 0},
	};

	if (poll(wait, sizeof(wait) / sizeof(wait[0]), pause_ms(top)) < 0)
		return errno == EINTR ? 0 : -errno;
	if (wait[0].revents)
		take_signal(top);
	if (wait[1].revents && !top->over)
		take_keys(top);
	if (wait[4].revents & (POLLERR | POLLHUP))
		top->over = true;
	return 0;
}

static int run_live(struct top *top)
{
	int error = 0;

	while (!top->over && !error) {
		error = look(top);
		if (!error)
			error = draw(top);
		if (!error)
			error = wait_for_news(top);
	}
	return error;
}

/* ---- once ---- */

static int print_sheet(const struct sheet *sheet)
{
	for (unsigned at = 0; at < sheet->count; at++)
		if (puts(sheet->line[at]) == EOF)
			return -EIO;
	return fflush(stdout) == 0 ? 0 : -errno;
}

/* Jobs are looked at twice: how fast they are is a difference. */
static int run_once(struct top *top)
{
	struct sheet sheet;
	struct view view;
	int error = look(top);

	if (!error && roster_running(&top->roster)) {
		if (poll(NULL, 0, ONCE_MS) < 0 && errno != EINTR)
			return -errno;
		error = look(top);
	}
	while (!error && top->devices && !top->watching) {
		struct pollfd wait = {.fd = devices_fd(top->devices), .events = POLLIN};

		if (poll(&wait, 1, -1) < 0 && errno != EINTR)
			return -errno;
		error = take_devices(top);
	}
	if (error)
		return error;
	make_view(top, &view);
	view.rows = 0;
	view_draw(&view, &sheet);
	error = print_sheet(&sheet);
	sheet_close(&sheet);
	return error;
}

/* ---- life ---- */

static void refused(const char *job, int error)
{
	/* haul jobs and the publisher say so; a screen has no place for it. */
	(void)job;
	(void)error;
}

static void set_of_signals(sigset_t *ret_signals)
{
	static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT};

	sigemptyset(ret_signals);
	for (size_t at = 0; at < sizeof(numbers) / sizeof(numbers[0]); at++)
		sigaddset(ret_signals, numbers[at]);
}

static int open_signals(struct top *top)
{
	sigset_t signals;

	set_of_signals(&signals);
	sigaddset(&signals, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -errno;
	top->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return top->signal_fd < 0 ? -errno : 0;
}

static int open_sources(struct top *top)
{
	const struct devices_options options = {.probe = false};
	const struct watch_target target = {take_event, top};
	int error = roster_open_all(&target, refused, &top->roster);

	if (error)
		return error;
	top->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!top->locale)
		return -errno;
	uselocale(top->locale);
	top->kind = terminal_kind_of(STDOUT_FILENO);
	top->refreshed_ns = 0;
	top->ports_changed = true;
	/* Where devices can't be watched, jobs still can. */
	if (devices_open(&options, &top->devices))
		top->devices = NULL;
	return 0;
}

static void close_sources(struct top *top)
{
	devices_close(top->devices);
	roster_close(&top->roster);
	top_jobs_close(&top->jobs);
	top_ports_close(&top->ports);
	top_drives_close(&top->drives);
	if (!top->locale)
		return;
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(top->locale);
}

static int finish(struct top *top, int error)
{
	close_sources(top);
	/* Nobody reads any more. */
	return error && error != -EPIPE && error != -EIO ? complain("cannot go on", error)
							 : HAUL_EXIT_OK;
}

static int session(void *context)
{
	struct top top = {.request = context, .roster.notify_fd = -1};
	int error = open_signals(&top);

	if (!error)
		error = open_sources(&top);
	if (!error)
		error = fullscreen_open(&top.screen);
	if (!error) {
		error = run_live(&top);
		fullscreen_close(&top.screen);
	}
	return finish(&top, error);
}

static int snapshot(const struct top_request *request)
{
	struct top top = {.request = request, .roster.notify_fd = -1};
	int error = open_sources(&top);

	if (!error)
		error = run_once(&top);
	return finish(&top, error);
}

int top_run(const struct top_request *request)
{
	struct terminal_kind kind = terminal_kind_of(STDOUT_FILENO);
	sigset_t signals;
	int status;

	signal(SIGPIPE, SIG_IGN);
	if (request->once || !kind.is_terminal || kind.dumb)
		return snapshot(request);
	if (!isatty(STDIN_FILENO))
		return session((void *)request);
	set_of_signals(&signals);
	status = terminal_guard(&signals, FULLSCREEN_RESTORE, session, (void *)request);
	return status < 0 ? complain("cannot start", status) : status;
}
