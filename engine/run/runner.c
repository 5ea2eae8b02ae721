/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "haul/exit.h"
#include "progress/announce.h"
#include "run/record.h"
#include "util/clock.h"
#include "util/cpu.h"
#include "util/spawn.h"
#include "util/stop_signals.h"

/* A disk that sleeps takes up to ten seconds to wake. */
#define SURVEY_NS (12 * UINT64_C(1000000000))

/* While a survey or a start that failed is waited for. */
#define LOOK_AGAIN_MS 500

#define LAST_WORDS_MS 2000

/* Workers of all jobs together: more of them cost memory and gain nothing. */
#define WORKERS_PER_CPU 4

struct runner {
	struct run_request *request;
	struct record *record;
	int cpu[HAUL_LANES_MAX];
	int cpu_count;
	bool slot_taken[RUN_JOBS_MAX];
	size_t unfinished;
	unsigned running;
	unsigned stops; /* how often it was told to stop */
	bool starved;   /* a process could not be started: not before another ends */
	int signal_fd;
	int publisher_channel; /* -1: nobody watches */
	pid_t publisher;
	int publisher_pidfd;
};

/* ---- what is said ---- */

static void say(const struct runner *runner, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct runner *runner, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "%s%s: ", runner->request->bar ? "\r\033[K" : "", runner->request->program);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

/* ---- set-up ---- */

static int spawn_publisher(struct runner *runner, int channel)
{
	const struct run_request *request = runner->request;
	char regions[] = "--regions-fd=3", terminal[] = "--terminal",
	     always[] = "--terminal=always", json[] = "--json";
	char *arguments[4] = {regions};
	struct spawn spawn = {
		.role = "publisher",
		.arguments = arguments,
		.channel_fd = channel,
		.region_fd = SPAWN_NO_FD,
		.cpu = SPAWN_NO_CPU,
	};
	int count = 1;

	_Static_assert(SPAWN_CHANNEL_FD == 3, "as the publisher and the jobs are told");
	if (request->bar)
		arguments[count++] = request->bar_always ? always : terminal;
	if (request->json)
		arguments[count++] = json;
	return spawn_role(&spawn, &runner->publisher, &runner->publisher_pidfd);
}

static int start_publisher(struct runner *runner)
{
	int pair[2], error;

	if (!runner->request->bar && !runner->request->json)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	error = spawn_publisher(runner, pair[1]);
	close(pair[1]);
	if (error) {
		close(pair[0]);
		runner->publisher = 0;
		runner->request->bar = false;
		return error;
	}
	runner->publisher_channel = pair[0];
	return 0;
}

/* Closing the channel tells the publisher that no more jobs come. One whose reader is slow is left
 * behind. */
static void end_publisher(struct runner *runner)
{
	struct pollfd gone = {.fd = runner->publisher_pidfd, .events = POLLIN};

	if (!runner->publisher)
		return;
	close(runner->publisher_channel);
	/* It may be asleep for a while yet. */
	kill(runner->publisher, SIGWINCH);
	if (poll(&gone, 1, LAST_WORDS_MS) == 1)
		waitpid(runner->publisher, NULL, 0);
	close(runner->publisher_pidfd);
}

static int open_runner(struct runner *runner)
{
	int error;

	/* The jobs go on when nobody reads what is said of them. */
	signal(SIGPIPE, SIG_IGN);
	runner->signal_fd = stop_signals_open();
	error = runner->signal_fd < 0 ? runner->signal_fd : 0;
	runner->cpu_count = cpu_allowed(runner->cpu, HAUL_LANES_MAX);
	if (!error && runner->cpu_count < 0)
		error = runner->cpu_count;
	if (error)
		return error;
	error = start_publisher(runner);
	if (error)
		say(runner, "cannot start the publisher: %s", strerror(-error));
	if (setenv(ANNOUNCE_ENVIRONMENT, runner->request->bar ? "3 bar" : "3", true))
		return -errno;
	return 0;
}

/* ---- jobs ---- */

static unsigned free_slot(const struct runner *runner)
{
	unsigned slot = 0;

	while (runner->slot_taken[slot])
		slot++;
	return slot;
}

/* Those of a job on the slot: all, or a part when there will be too many jobs for that. */
static int choose_cpus(const struct runner *runner, unsigned slot, int *ret_cpu)
{
	int count = runner->cpu_count, jobs = (int)runner->request->at_most, share;

	if ((size_t)jobs > runner->unfinished)
		jobs = (int)runner->unfinished;
	share = WORKERS_PER_CPU * count / jobs;
	if (share > count)
		share = count;
	if (share < 1)
		share = 1;
	for (int i = 0; i < share; i++)
		ret_cpu[i] = runner->cpu[((int)slot * share + i) % count];
	return share;
}

static void start_job(struct runner *runner, struct run_job *job)
{
	unsigned slot = free_slot(runner);
	int cpu[HAUL_LANES_MAX];
	int cpus = choose_cpus(runner, slot, cpu);
	/* Standard output is for events then. */
	int error = process_start(job, cpu, cpus, runner->request->json);

	if (!error) {
		job->slot = slot;
		runner->slot_taken[slot] = true;
		runner->running++;
		return;
	}
	if (runner->running) {
		runner->starved = true;
		return;
	}
	say(runner, "cannot start job %s: %s", job->name, strerror(-error));
	job->status = HAUL_EXIT_FAILED;
	job->state = RUN_ENDED;
	runner->unfinished--;
}

static void start_survey(struct runner *runner, struct run_job *job)
{
	if (!survey_start(job))
		return;
	/* Where no process can be had for it, it is better to be unkind to a disk than to stop. */
	if (!runner->running)
		job->state = RUN_READY;
	else
		runner->starved = true;
}

static void start_jobs(struct runner *runner)
{
	const struct run_request *request = runner->request;
	struct run_job *job;

	while (!runner->stops && !runner->starved &&
		(job = schedule_next(request->job, request->count, request->at_most))) {
		if (job->state == RUN_WAITING)
			start_survey(runner, job);
		else
			start_job(runner, job);
	}
}

/* A publisher that takes no more, because it stands still, must not hold up anything. */
static void hear_job(struct runner *runner, struct run_job *job)
{
	int fd = process_region(job);

	if (fd < 0)
		return;
	if (runner->publisher_channel >= 0)
		(void)announce_send(runner->publisher_channel, fd);
	close(fd);
}

static void job_exited(struct runner *runner, struct run_job *job)
{
	hear_job(runner, job); /* what it announced before */
	process_end(job);
	if (job->status == HAUL_EXIT_OK)
		record_done(runner->record, job->number);
	runner->slot_taken[job->slot] = false;
	runner->running--;
	runner->unfinished--;
}

/* ---- stop ---- */

static void abandon_survey(struct run_job *job)
{
	process_signal(job, SIGKILL);
	survey_end(job);
}

/* Once: cleanly. Twice: at once. More often: by force. */
static void stop(struct runner *runner)
{
	const struct run_request *request = runner->request;
	int signal_number = ++runner->stops > 2 ? SIGKILL : SIGTERM;

	for (size_t i = 0; i < request->count; i++) {
		if (request->job[i].state == RUN_RUNNING)
			process_signal(&request->job[i], signal_number);
		else if (request->job[i].state == RUN_SURVEYED)
			abandon_survey(&request->job[i]);
	}
}

static void on_signal(struct runner *runner)
{
	struct signalfd_siginfo info;

	while (read(runner->signal_fd, &info, sizeof(info)) == sizeof(info))
		stop(runner);
}

/* ---- the loop ---- */

/* What is waited for: the signals, and two descriptors of a job. */
struct waiting {
	struct pollfd *fd;
	size_t *job; /* whose fd[1 + 2 * i] and fd[2 + 2 * i] are */
	size_t count;
};

static int list_descriptors(struct runner *runner, struct waiting *waiting)
{
	const struct run_request *request = runner->request;
	int timeout_ms = runner->starved ? LOOK_AGAIN_MS : -1;

	waiting->fd[0] = (struct pollfd){.fd = runner->signal_fd, .events = POLLIN};
	waiting->count = 0;
	for (size_t i = 0; i < request->count && waiting->count < 2 * RUN_JOBS_MAX; i++) {
		struct run_job *job = &request->job[i];
		struct pollfd *fd = &waiting->fd[1 + 2 * waiting->count];

		if (job->state != RUN_RUNNING && job->state != RUN_SURVEYED)
			continue;
		if (job->state == RUN_SURVEYED && !job->overdue)
			timeout_ms = LOOK_AGAIN_MS;
		fd[0] = (struct pollfd){.fd = job->channel, .events = POLLIN};
		fd[1] = (struct pollfd){.fd = job->pidfd, .events = POLLIN};
		waiting->job[waiting->count++] = i;
	}
	return timeout_ms;
}

static void handle_job(struct runner *runner, struct run_job *job, const struct pollfd *fd)
{
	if (job->state == RUN_SURVEYED) {
		if (fd[0].revents)
			survey_end(job);
		else if (clock_monotonic_ns() - job->surveyed_ns >= SURVEY_NS)
			job->overdue = true;
		return;
	}
	if (fd[0].revents)
		hear_job(runner, job);
	if (fd[1].revents)
		job_exited(runner, job);
}

static int wait_once(struct runner *runner, struct waiting *waiting)
{
	int timeout_ms = list_descriptors(runner, waiting);

	if (poll(waiting->fd, 1 + 2 * waiting->count, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	runner->starved = false;
	for (size_t i = 0; i < waiting->count; i++)
		handle_job(runner, &runner->request->job[waiting->job[i]], &waiting->fd[1 + 2 * i]);
	if (waiting->fd[0].revents)
		on_signal(runner);
	return 0;
}

static bool is_over(const struct runner *runner)
{
	return runner->stops ? !runner->running : !runner->unfinished;
}

static int run(struct runner *runner)
{
	struct waiting waiting = {
		.fd = calloc(1 + 4 * RUN_JOBS_MAX, sizeof(*waiting.fd)),
		.job = calloc(2 * RUN_JOBS_MAX, sizeof(*waiting.job)),
	};
	int error = waiting.fd && waiting.job ? 0 : -ENOMEM;

	while (!error && !is_over(runner)) {
		start_jobs(runner);
		if (is_over(runner))
			break;
		error = wait_once(runner, &waiting);
	}
	free(waiting.fd);
	free(waiting.job);
	return error;
}

static size_t count_unfinished(const struct run_request *request)
{
	size_t count = 0;

	for (size_t i = 0; i < request->count; i++)
		count += request->job[i].state != RUN_ENDED;
	return count;
}

int run_all(struct run_request *request, struct record *record)
{
	struct runner runner = {
		.request = request,
		.record = record,
		.unfinished = count_unfinished(request),
		.publisher_channel = -1,
		.publisher_pidfd = -1,
		.signal_fd = -1,
	};
	uint64_t began_ns = clock_monotonic_ns();
	int error = open_runner(&runner);
	int status;

	if (!error)
		error = run(&runner);
	if (error)
		say(&runner, "cannot go on: %s", strerror(-error));
	end_publisher(&runner);
	status = summary_status(request, runner.stops > 0);
	if (!request->quiet || status)
		summary_print(request, clock_monotonic_ns() - began_ns, stderr);
	if (runner.signal_fd >= 0)
		close(runner.signal_fd);
	return error ? HAUL_EXIT_FAILED : status;
}
