/* SPDX-License-Identifier: MIT */
#include "job/sentry.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "haul/exit.h"
#include "job/coordinator.h"
#include "job/watcher.h"
#include "util/clock.h"
#include "util/quote.h"
#include "util/spawn.h"
#include "util/stop_signals.h"

#define MS_NS UINT64_C(1000000)

/* An order that was not obeyed by then is answered all the same. */
#define OBEY_MS 40

/* A coordinator that has not even heard of a stop by then is stuck; one that has needs its own
 * time, see order.c, and more on a busy machine. */
#define HEAR_MS       850
#define STOP_MS       3000
#define STOP_AGAIN_MS 100

/* One that was killed is gone by then, if ever it will be soon. */
#define DIE_MS 20

struct sentry {
	struct job *job;
	struct watcher watcher;
	int channel;
	int signal_fd;
	pid_t pid; /* the coordinator */
	int pidfd;
	unsigned unheard; /* orders that are not yet obeyed */
	bool paused;
	bool stopping;
	bool ended; /* the coordinator has, and was reaped */
	uint64_t hear_deadline_ns;
	uint64_t stop_deadline_ns;
	char resume[QUOTE_BYTES]; /* what `haul resume` takes; empty: nothing to resume */
};

/* The first byte of what the coordinator says. */
enum sentry_word {
	WORD_OBEYED = 1,
	WORD_RESUMABLE = 2, /* a name follows */
};

/* ---- the coordinator's end ---- */

int sentry_next_order(int channel, enum sentry_order *ret_order)
{
	uint8_t order;
	ssize_t got = recv(channel, &order, sizeof(order), MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!got)
		return -EPIPE;
	*ret_order = (enum sentry_order)order;
	return 1;
}

void sentry_obeyed(int channel)
{
	uint8_t word = WORD_OBEYED;

	/* A sentry that is gone has taken us along, or is about to. */
	(void)send(channel, &word, sizeof(word), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void sentry_tell_resumable(int channel, const char *name)
{
	char text[1 + QUOTE_BYTES] = {WORD_RESUMABLE};

	snprintf(text + 1, sizeof(text) - 1, "%s", name);
	(void)send(channel, text, 1 + strlen(text + 1), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* ---- what the coordinator says ---- */

static void hear(struct sentry *sentry)
{
	char text[1 + QUOTE_BYTES];
	ssize_t got;

	while ((got = recv(sentry->channel, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[got] = '\0';
		if (text[0] == WORD_OBEYED && sentry->unheard)
			sentry->unheard--;
		else if (text[0] == WORD_RESUMABLE)
			snprintf(sentry->resume, sizeof(sentry->resume), "%s", text + 1);
	}
}

static void reap(struct sentry *sentry)
{
	siginfo_t end = {0};
	struct job *job = sentry->job;

	if (waitid(P_PID, (id_t)sentry->pid, &end, WEXITED | WNOHANG) || !end.si_pid)
		return;
	hear(sentry);
	sentry->ended = true;
	if (end.si_code == CLD_EXITED) {
		job->exit_status = end.si_status;
		return;
	}
	notify(job, "the coordinator died by signal %d%s%s", end.si_status,
		sentry->resume[0] ? "; to go on: haul resume " : "", sentry->resume);
	job->exit_status = sentry->resume[0] ? HAUL_EXIT_STOPPED : HAUL_EXIT_FAILED;
	region_set_state(&job->region, HAUL_STATE_FAILED, job->exit_status);
}

/* ---- orders ---- */

static void wait_until_obeyed(struct sentry *sentry)
{
	struct pollfd heard = {.fd = sentry->channel, .events = POLLIN};
	uint64_t end_ns = clock_monotonic_ns() + OBEY_MS * MS_NS, now_ns;

	while (sentry->unheard && (now_ns = clock_monotonic_ns()) < end_ns) {
		int got = poll(&heard, 1, (int)((end_ns - now_ns) / MS_NS) + 1);

		if (got > 0)
			hear(sentry);
		if (got > 0 && heard.revents & POLLHUP)
			return;
	}
}

static void pass_on(struct sentry *sentry, enum sentry_order order)
{
	uint8_t byte = (uint8_t)order;

	/* One that is gone is noticed by its process descriptor. */
	if (send(sentry->channel, &byte, sizeof(byte), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		sentry->unheard++;
}

static void stop(struct sentry *sentry)
{
	uint64_t now_ns = clock_monotonic_ns();

	pass_on(sentry, SENTRY_STOP);
	sentry->hear_deadline_ns = now_ns + (sentry->stopping ? STOP_AGAIN_MS : HEAR_MS) * MS_NS;
	if (!sentry->stopping)
		sentry->stop_deadline_ns = now_ns + STOP_MS * MS_NS;
	sentry->stopping = true;
}

/* The coordinator has let go of a filesystem that is not there. */
static bool waits(const struct sentry *sentry)
{
	return __atomic_load_n(&sentry->job->region.header->waits_for[0], __ATOMIC_RELAXED);
}

/* It is for the coordinator to say whether it can: then it waits no more. */
static int end_waiting(struct sentry *sentry)
{
	pass_on(sentry, SENTRY_RESUME);
	wait_until_obeyed(sentry);
	return waits(sentry) ? -ENODEV : 0;
}

/* A coordinator that is stuck does nothing, so the job stands still, or will go on, as readers are
 * told; it says so itself as soon as it can. */
static int set_paused(struct sentry *sentry, bool paused)
{
	if (!paused && !sentry->paused && !sentry->stopping && waits(sentry))
		return end_waiting(sentry);
	if (sentry->paused == paused || sentry->stopping)
		return -EALREADY;
	sentry->paused = paused;
	pass_on(sentry, paused ? SENTRY_PAUSE : SENTRY_RESUME);
	wait_until_obeyed(sentry);
	if (sentry->unheard)
		region_show_state(
			&sentry->job->region, paused ? HAUL_STATE_PAUSED : HAUL_STATE_RUNNING);
	return 0;
}

static int obey(struct sentry *sentry, enum control_command command)
{
	switch (command) {
	case CONTROL_PAUSE:
		return set_paused(sentry, true);
	case CONTROL_RESUME:
		return set_paused(sentry, false);
	case CONTROL_CANCEL:
		stop(sentry);
		return 0;
	default:
		return -EINVAL;
	}
}

static void on_control(struct sentry *sentry)
{
	struct control *control = &sentry->job->control;
	enum control_command command;
	struct control_peer peer;

	while (control_next(control, &command, &peer) > 0)
		control_answer(control, &peer, obey(sentry, command));
}

static void on_signal(struct sentry *sentry)
{
	struct signalfd_siginfo info;

	while (read(sentry->signal_fd, &info, sizeof(info)) == sizeof(info))
		stop(sentry);
}

/* ---- giving up on a coordinator ---- */

/* 'D' for one that waits for a device; '\0' when nobody knows. */
static char process_state(pid_t pid)
{
	char path[32], text[256];
	const char *end;
	FILE *file;
	size_t got;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return '\0';
	got = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[got] = '\0';
	/* The name before it may hold anything, also parentheses. */
	end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : '\0';
}

static bool is_stuck(struct sentry *sentry, uint64_t now_ns)
{
	if (!sentry->stopping)
		return false;
	if (now_ns >= sentry->stop_deadline_ns)
		return true;
	return sentry->unheard && now_ns >= sentry->hear_deadline_ns &&
	       process_state(sentry->pid) != 'R';
}

/* Its children die with it, but not as long as a device keeps it from dying. Nobody else can have
 * got their numbers: it does not reap them any more. */
static void kill_children(pid_t pid)
{
	char path[64];
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fscanf(file, "%d", &child) == 1)
		kill(child, SIGKILL);
	fclose(file);
}

static void abandon(struct sentry *sentry)
{
	struct pollfd gone = {.fd = sentry->pidfd, .events = POLLIN};
	struct job *job = sentry->job;

	/* Stopped first, it can't start others instead. */
	kill(sentry->pid, SIGSTOP);
	kill_children(sentry->pid);
	kill(sentry->pid, SIGKILL);
	if (poll(&gone, 1, DIE_MS) == 1)
		(void)waitid(P_PID, (id_t)sentry->pid, NULL, WEXITED | WNOHANG);
	notify(job, "stopped without waiting for a device that does not answer%s%s",
		sentry->resume[0] ? "; to go on: haul resume " : "", sentry->resume);
	job->exit_status = HAUL_EXIT_STOPPED;
	region_set_state(&job->region, HAUL_STATE_CANCELLED, job->exit_status);
}

/* ---- standing guard ---- */

static int timeout_ms(const struct sentry *sentry, uint64_t now_ns)
{
	uint64_t until_ns = sentry->stop_deadline_ns;

	if (!sentry->stopping)
		return -1;
	if (sentry->unheard && sentry->hear_deadline_ns < until_ns)
		until_ns = sentry->hear_deadline_ns;
	/* Heard too late: it was running, so it is looked at again soon. */
	return now_ns < until_ns ? (int)((until_ns - now_ns) / MS_NS) + 1 : OBEY_MS;
}

static void stand_guard(struct sentry *sentry)
{
	struct pollfd event[] = {
		{.fd = sentry->pidfd, .events = POLLIN},
		{.fd = sentry->channel, .events = POLLIN},
		{.fd = sentry->signal_fd, .events = POLLIN},
		{.fd = sentry->job->control.fd, .events = POLLIN},
	};

	while (!sentry->ended) {
		uint64_t now_ns = clock_monotonic_ns();

		if (is_stuck(sentry, now_ns)) {
			abandon(sentry);
			return;
		}
		if (poll(event, sizeof(event) / sizeof(event[0]), timeout_ms(sentry, now_ns)) < 0)
			continue;
		if (event[1].revents & POLLIN)
			hear(sentry);
		/* Its end closes the channel, too; that it has ended is told elsewhere. */
		if (event[1].revents & POLLHUP)
			event[1].fd = -1;
		if (event[2].revents)
			on_signal(sentry);
		if (event[3].revents)
			on_control(sentry);
		if (event[0].revents)
			reap(sentry);
	}
}

/* ---- beginning and end ---- */

/* At a terminal an interrupt goes to the whole group: the sentry alone decides what it means. */
static void become_coordinator(struct job *job, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(HAUL_EXIT_FAILED);
	if (signal(SIGINT, SIG_IGN) == SIG_ERR || signal(SIGHUP, SIG_IGN) == SIG_ERR)
		_exit(HAUL_EXIT_FAILED);
	/* The sentry's lock tells readers that somebody looks after the job. */
	close(job->region.lock_fd);
	job->region.lock_fd = -1;
}

static int start_coordinator(struct sentry *sentry, void (*coordinate)(struct job *job))
{
	struct job *job = sentry->job;
	pid_t parent = getpid();
	int pair[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	/* What is buffered would be written twice. */
	fflush(NULL);
	error = spawn_fork(&sentry->pid, &sentry->pidfd);
	if (error) {
		close(pair[0]);
		close(pair[1]);
		return error;
	}
	if (!sentry->pid) {
		become_coordinator(job, parent);
		close(pair[0]);
		job->orders = pair[1];
		coordinate(job);
		exit(job->exit_status);
	}
	close(pair[1]);
	/* What the working directory is on may have to be unmounted, and is no business of ours. */
	if (chdir("/"))
		return -errno;
	sentry->channel = pair[0];
	return 0;
}

/* A job that can't be controlled is better than none. */
static void open_control(struct job *job)
{
	int error = control_open(job->region.named ? job->region.path : NULL, &job->control);

	if (error)
		notify(job, "cannot listen to haul pause, resume and cancel: %s", strerror(-error));
}

int sentry_run(struct job *job, void (*coordinate)(struct job *job))
{
	struct sentry sentry = {.job = job, .channel = -1, .pidfd = -1};
	int error;

	/* The work goes on when nobody reads what is said of it; job.c tells. */
	signal(SIGPIPE, SIG_IGN);
	sentry.signal_fd = stop_signals_open();
	error = sentry.signal_fd < 0 ? sentry.signal_fd : 0;
	open_control(job);
	watcher_start(&sentry.watcher, job);
	if (!error)
		error = start_coordinator(&sentry, coordinate);
	if (!error) {
		stand_guard(&sentry);
	} else {
		diagnose(job, "cannot start the coordinator process: %s", strerror(-error));
		region_set_state(&job->region, HAUL_STATE_FAILED, job->exit_status);
	}
	watcher_end(&sentry.watcher);
	control_close(&job->control);
	if (sentry.channel >= 0)
		close(sentry.channel);
	if (sentry.pidfd >= 0)
		close(sentry.pidfd);
	if (sentry.signal_fd >= 0)
		close(sentry.signal_fd);
	return job->exit_status;
}
