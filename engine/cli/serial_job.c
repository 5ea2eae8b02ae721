/* SPDX-License-Identifier: MIT */
#include "cli/serial_job.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "haul/exit.h"
#include "progress/announce.h"
#include "progress/control.h"
#include "progress/region.h"
#include "publisher/terminal.h"
#include "serialctl/channel.h"
#include "util/clock.h"
#include "util/spawn.h"
#include "util/stop_signals.h"

#define STOP_GRACE_MS 3000 /* to tell the peer, and to close the port */
#define LAST_WORDS_MS 2000
#define SAID_BYTES    (CHANNEL_TEXT_BYTES + 64)

/* A line costs its bytes and about 60: at 3 Mbaud, half a second of the shortest lines there are,
 * or six of common ones, may wait for a reader. */
#define STREAM_RING_BYTES (8u * 1024 * 1024)

struct port_process {
	pid_t pid; /* 0: it has ended and was reaped */
	int pidfd;
	int channel;
	bool ended; /* it said so itself */
};

struct serial_job {
	const struct serial_job_request *request;
	struct region region;
	struct lane lane;
	struct control control;
	struct port_process *process;
	pid_t publisher;
	int publisher_pidfd;
	int signal_fd;
	bool bar; /* one is drawn on standard error: messages must clear their line */
	bool paused;
	bool stopping;
	bool failed;
};

static void say(const struct serial_job *job, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* In one piece, which the C library writes as one: messages of several jobs never mix in a line. */
static void say(const struct serial_job *job, const char *format, ...)
{
	char text[SAID_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(stderr, "%shaul %s: %s\n", job->bar ? TERMINAL_CLEAR : "",
		job->request->set->command, text);
}

/* ---- start ---- */

static int start_process(struct serial_job *job, unsigned index)
{
	struct port_process *process = &job->process[index];
	char lane[16], port[16];
	char *arguments[] = {lane, port, NULL};
	struct spawn spawn = {
		.role = "serial",
		.arguments = arguments,
		.region_fd = job->region.inherit_fd,
		.cpu = SPAWN_NO_CPU,
	};
	int pair[2], error;

	snprintf(lane, sizeof(lane), "%u", index + 1);
	snprintf(port, sizeof(port), "%u", index);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	spawn.channel_fd = pair[1];
	error = channel_send_line(pair[0], job->request->line_count, job->request->line);
	if (!error)
		error = spawn_role(&spawn, &process->pid, &process->pidfd);
	close(pair[1]);
	if (error) {
		close(pair[0]);
		process->pid = 0;
		return error;
	}
	process->channel = pair[0];
	return 0;
}

static int start_publisher(struct serial_job *job)
{
	char region[] = "--region-fd=4", terminal[] = "--terminal", always[] = "--terminal=always",
	     json[] = "--json";
	char *arguments[4] = {region};
	struct spawn spawn = {
		.role = "publisher",
		.arguments = arguments,
		.channel_fd = SPAWN_NO_FD,
		.region_fd = job->region.inherit_fd,
		.cpu = SPAWN_NO_CPU,
	};
	enum announced announced = announce_region(&job->region);
	unsigned progress = job->request->progress;
	int count = 1;

	if (progress == JOB_PROGRESS_ALWAYS)
		arguments[count++] = always;
	else if (progress == JOB_PROGRESS_AUTO && announced == ANNOUNCE_NOBODY &&
		 isatty(STDERR_FILENO))
		arguments[count++] = terminal;
	job->bar = announced == ANNOUNCE_BAR || count > 1;
	if (job->request->json)
		arguments[count++] = json;
	return count > 1 ? spawn_role(&spawn, &job->publisher, &job->publisher_pidfd) : 0;
}

static int open_region(struct serial_job *job)
{
	const struct serial_job_request *request = job->request;
	struct region_spec spec = {
		.job = request->name,
		.operation = "serial",
		.arguments = (const char *const *)request->arguments,
		.argument_count = request->argument_count,
		.lane_count = request->port_count + 1,
		.ring_bytes = request->endless ? STREAM_RING_BYTES : 0,
	};
	int error = region_create(&spec, &job->region);

	if (!error)
		error = lane_open(&job->region, 0, HAUL_ROLE_COORDINATOR, &job->lane);
	if (error)
		return error;
	lane_add(&job->lane, HAUL_FILES_PLANNED, request->files_planned);
	lane_add(&job->lane, HAUL_BYTES_PLANNED, request->bytes_planned);
	if (request->planned)
		region_set_planning_done(&job->region);
	return control_open(job->region.named ? job->region.path : NULL, &job->control);
}

/* ---- what processes say ---- */

static void on_failure(struct serial_job *job, const struct channel_message *message)
{
	uint64_t now_ns = clock_monotonic_ns();
	const char *port = job->request->arguments[job->request->argument_count - 1];
	struct lane_file file = {
		.directory = "",
		.name = port,
		.name_bytes = strlen(port),
		.error = message->error,
		.message = message->text,
	};

	if (job->stopping && message->error == ECANCELED)
		return;
	job->failed = true;
	say(job, "%s", message->text);
	lane_add(&job->lane, HAUL_FILES_FAILED, 1);
	lane_file(&job->lane, HAUL_RECORD_FILE_FAILED, now_ns, &file);
	lane_ring(&job->lane, now_ns, true);
}

static void on_message(
	struct serial_job *job, struct port_process *process, const struct channel_message *message)
{
	switch (message->word) {
	case CHANNEL_NOTICE:
		say(job, "%s", message->text);
		break;
	case CHANNEL_FAILURE:
		on_failure(job, message);
		break;
	default:
		process->ended = true;
		job->failed |= message->error && !(job->stopping && message->error == ECANCELED);
		break;
	}
}

static void hear(struct serial_job *job, struct port_process *process)
{
	struct channel_message message;

	while (process->channel >= 0 && channel_hear(process->channel, &message) == 1)
		on_message(job, process, &message);
}

static void on_exit_of(struct serial_job *job, struct port_process *process)
{
	siginfo_t end = {0};

	hear(job, process); /* what it said before it ended counts */
	while (waitid(P_PID, (id_t)process->pid, &end, WEXITED) && errno == EINTR)
		;
	if (!process->ended) {
		job->failed = true;
		say(job, "the process that had the port died");
	}
	close(process->pidfd);
	if (process->channel >= 0)
		close(process->channel);
	*process = (struct port_process){.channel = -1, .pidfd = -1, .ended = true};
}

/* ---- orders ---- */

static void stop(struct serial_job *job)
{
	job->stopping = true;
	for (unsigned i = 0; i < job->request->port_count; i++) {
		struct port_process *process = &job->process[i];

		/* Only this direction: what it has to say still comes. */
		if (process->channel >= 0)
			shutdown(process->channel, SHUT_WR);
	}
}

static int pause_or_resume(struct serial_job *job, bool pause)
{
	if (job->request->endless)
		return -EOPNOTSUPP; /* the device would go on, and what it says be lost */
	if (job->paused == pause || job->stopping)
		return -EALREADY;
	job->paused = pause;
	for (unsigned i = 0; i < job->request->port_count; i++) {
		if (job->process[i].channel >= 0)
			channel_give(
				job->process[i].channel, pause ? CHANNEL_PAUSE : CHANNEL_RESUME);
	}
	region_set_state(&job->region, pause ? HAUL_STATE_PAUSED : HAUL_STATE_RUNNING, 0);
	return 0;
}

static void on_control(struct serial_job *job)
{
	enum control_command command;
	struct control_peer peer;

	while (control_next(&job->control, &command, &peer) > 0) {
		int error = 0;

		if (command == CONTROL_CANCEL)
			stop(job);
		else
			error = pause_or_resume(job, command == CONTROL_PAUSE);
		control_answer(&job->control, &peer, error);
	}
}

static void on_signal(struct serial_job *job)
{
	struct signalfd_siginfo info;

	while (read(job->signal_fd, &info, sizeof(info)) == sizeof(info))
		stop(job);
}

/* ---- the loop ---- */

static bool any_running(const struct serial_job *job)
{
	for (unsigned i = 0; i < job->request->port_count; i++) {
		if (job->process[i].pid)
			return true;
	}
	return false;
}

static void wait_once(struct serial_job *job, struct pollfd *wait, int timeout_ms)
{
	unsigned count = job->request->port_count;

	wait[0] = (struct pollfd){.fd = job->signal_fd, .events = POLLIN};
	wait[1] = (struct pollfd){.fd = job->control.fd, .events = POLLIN};
	for (unsigned i = 0; i < count; i++) {
		const struct port_process *process = &job->process[i];
		/* One that has said its end has only to exit: its closed channel is no news. */
		int channel = process->ended ? -1 : process->channel;

		wait[2 + 2 * i] = (struct pollfd){.fd = channel, .events = POLLIN};
		wait[3 + 2 * i] = (struct pollfd){
			.fd = process->pid ? process->pidfd : -1,
			.events = POLLIN,
		};
	}
	if (poll(wait, 2 + 2 * count, timeout_ms) < 0)
		return;
	if (wait[0].revents)
		on_signal(job);
	if (wait[1].revents)
		on_control(job);
	for (unsigned i = 0; i < count; i++) {
		if (wait[2 + 2 * i].revents & POLLIN)
			hear(job, &job->process[i]);
		if (wait[3 + 2 * i].revents)
			on_exit_of(job, &job->process[i]);
	}
}

static void run(struct serial_job *job)
{
	struct pollfd *wait = calloc(2 + 2 * (size_t)job->request->port_count, sizeof(*wait));
	uint64_t give_up_ns = 0;

	if (!wait) {
		job->failed = true;
		return;
	}
	while (any_running(job)) {
		uint64_t now_ns = clock_monotonic_ns();

		if (job->stopping && !give_up_ns)
			give_up_ns = now_ns + STOP_GRACE_MS * UINT64_C(1000000);
		for (unsigned i = 0;
			give_up_ns && now_ns >= give_up_ns && i < job->request->port_count; i++) {
			if (job->process[i].pid)
				kill(job->process[i].pid, SIGKILL);
		}
		wait_once(job, wait, job->stopping ? 100 : -1);
	}
	free(wait);
}

static int finish(struct serial_job *job)
{
	struct pollfd gone = {.fd = job->publisher_pidfd, .events = POLLIN};
	int status = job->failed ? HAUL_EXIT_FAILED : HAUL_EXIT_OK;
	enum haul_state state = job->failed ? HAUL_STATE_FAILED : HAUL_STATE_DONE;

	if (job->stopping && !job->request->endless) {
		say(job, "stopped before everything was transferred");
		status = HAUL_EXIT_STOPPED;
		state = HAUL_STATE_CANCELLED;
	}
	if (!job->request->planned)
		region_set_planning_done(&job->region);
	region_set_state(&job->region, state, status);
	if (job->publisher && poll(&gone, 1, LAST_WORDS_MS) == 1)
		waitpid(job->publisher, NULL, 0);
	return status;
}

static void start_all(struct serial_job *job)
{
	int error = start_publisher(job);

	if (error)
		say(job, "cannot start the publisher: %s", strerror(-error));
	for (unsigned i = 0; i < job->request->port_count; i++) {
		error = start_process(job, i);
		if (!error)
			continue;
		job->failed = true;
		say(job, "cannot start a process for a port: %s", strerror(-error));
	}
}

int serial_job_run(const struct serial_job_request *request)
{
	struct serial_job job = {
		.request = request,
		.control.fd = -1,
		.publisher_pidfd = -1,
		.process = calloc(request->port_count, sizeof(*job.process)),
	};
	int error = job.process ? 0 : -ENOMEM;
	int status = HAUL_EXIT_FAILED;

	job.signal_fd = stop_signals_open();
	if (!error && job.signal_fd < 0)
		error = job.signal_fd;
	for (unsigned i = 0; job.process && i < request->port_count; i++)
		job.process[i] = (struct port_process){.channel = -1, .pidfd = -1};
	if (!error)
		error = open_region(&job);
	if (error == -EEXIST)
		say(&job, "a job named '%s' is running already", request->name);
	else if (error)
		say(&job, "cannot set up the job: %s", strerror(-error));
	if (!error) {
		start_all(&job);
		run(&job);
		status = finish(&job);
		control_close(&job.control);
		region_remove(&job.region);
		close(job.signal_fd);
	}
	free(job.process);
	return status;
}
