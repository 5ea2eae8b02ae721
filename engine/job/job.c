/* SPDX-License-Identifier: MIT */
#include "job/job.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "haul/exit.h"
#include "job/coordinator.h"
#include "job/eject.h"
#include "job/explain.h"
#include "job/pair.h"
#include "job/past.h"
#include "job/sentry.h"
#include "util/clock.h"
#include "util/stop_signals.h"

#define EVENTS_MAX 64

#define END_GRACE_MS 1000

#define START_AGAIN_MS 50

enum source_kind {
	EVENT_CHANNEL = 0,
	EVENT_PROCESS = 1,
	EVENT_SIGNAL = 2,
	EVENT_ORDER = 3,
	EVENT_ANSWER = 4,
	EVENT_KEEPER = 5,
	EVENT_VOLUMES = 6,
};

struct loop {
	int epoll_fd;
	int signal_fd;
	pid_t keeper_pid;     /* that is in the set */
	bool answers_watched; /* standard input is in the set */
	bool volumes_watched;
};

void job_out_of_memory(struct job *job)
{
	if (!job->fatal)
		diagnose(job, "memory exhausted");
	job->fatal = true;
}

static int loop_add_for(
	const struct loop *loop, uint32_t events, int fd, enum source_kind kind, unsigned index)
{
	struct epoll_event event = {.events = events, .data.u64 = (uint64_t)kind << 32 | index};

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int loop_add(const struct loop *loop, int fd, enum source_kind kind, unsigned index)
{
	return loop_add_for(loop, EPOLLIN, fd, kind, index);
}

static int loop_open(struct loop *loop, const struct job *job)
{
	int error;

	*loop = (struct loop){.epoll_fd = -1, .signal_fd = -1};
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	/* To terminate, that is: the others are the sentry's, who sends orders. */
	loop->signal_fd = stop_signals_open();
	if (loop->signal_fd < 0)
		return loop->signal_fd;
	error = loop_add(loop, loop->signal_fd, EVENT_SIGNAL, 0);
	return error ? error : loop_add(loop, job->orders, EVENT_ORDER, 0);
}

static void loop_close(struct loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
}

static void start_worker(struct job *job, struct loop *loop, struct worker *worker)
{
	int error;

	dispatch_start(job, worker);
	if (!worker_running(worker))
		return;
	error = loop_add(loop, worker->channel, EVENT_CHANNEL, worker->index);
	if (!error)
		error = loop_add(loop, worker->pidfd, EVENT_PROCESS, worker->index);
	if (error) {
		diagnose(job, "cannot watch a worker process: %s", strerror(-error));
		job->fatal = true;
	}
	order_greet(job, worker);
}

/* Closing a descriptor takes it out of the epoll set, but only when no other refers to it. */
static void lose_worker(struct job *job, struct loop *loop, struct worker *worker)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, worker->channel, NULL);
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, worker->pidfd, NULL);
	dispatch_lost(job, worker);
}

/* One item keeps one worker busy, and a rename none: to start another takes longer than `cp a b`
 * and `mv a b` do. */
static unsigned workers_wanted(const struct job *job)
{
	if (!plan_finished(job) || job->lists.first || job->larges || job->work.count > 1)
		return job->crew.count;
	return job->work.first ? 1 : 0;
}

static void start_missing(struct job *job, struct loop *loop)
{
	unsigned wanted = workers_wanted(job);

	for (unsigned i = 0; i < wanted && !job->stopping && !job->fatal; i++)
		if (!worker_running(&job->crew.worker[i]))
			start_worker(job, loop, &job->crew.worker[i]);
}

static void wait_for_room(const struct loop *loop, const struct worker *worker)
{
	struct epoll_event event = {
		.events = EPOLLIN | (worker->blocked ? (uint32_t)EPOLLOUT : 0),
		.data.u64 = worker->index,
	};

	/* Fails only for a descriptor that is not there, and then nobody waits for it. */
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, worker->channel, &event);
}

static void flush_worker(const struct loop *loop, struct worker *worker)
{
	if (!worker->blocked)
		return;
	(void)worker_flush(worker);
	wait_for_room(loop, worker);
}

static void on_channel(struct job *job, struct loop *loop, struct worker *worker)
{
	int error;

	if (!worker_running(worker))
		return;
	flush_worker(loop, worker);
	error = reply_receive(job, worker);
	if (!error)
		return;
	/* One that talks nonsense is as good as dead. */
	kill(worker->pid, SIGKILL);
	lose_worker(job, loop, worker);
}

static void on_process(struct job *job, struct loop *loop, struct worker *worker)
{
	if (!worker_running(worker))
		return;
	/* What it said before it died counts. */
	(void)reply_receive(job, worker);
	lose_worker(job, loop, worker);
}

static void on_signal(struct job *job, struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info))
		order_stop(job);
}

static void handle_event(struct job *job, struct loop *loop, const struct epoll_event *event)
{
	struct worker *worker = &job->crew.worker[(uint32_t)event->data.u64];

	switch (event->data.u64 >> 32) {
	case EVENT_CHANNEL:
		on_channel(job, loop, worker);
		break;
	case EVENT_PROCESS:
		on_process(job, loop, worker);
		break;
	case EVENT_SIGNAL:
		on_signal(job, loop);
		break;
	case EVENT_ORDER:
		order_receive(job);
		break;
	case EVENT_KEEPER:
		checkpoint_receive(job);
		break;
	case EVENT_VOLUMES:
		absence_notice(job);
		break;
	default:
		question_read(job);
		break;
	}
}

static bool any_item(const struct job *job)
{
	for (unsigned i = 0; i < job->crew.count; i++)
		if (job->crew.worker[i].items.first)
			return true;
	return false;
}

/* Nothing can be done before something else has happened. */
static bool is_idle(const struct job *job)
{
	return plan_finished(job) && dispatch_idle(job) && !question_pending(job) &&
	       !audit_pending(job) && !sum_list_pending(job);
}

static bool all_done(const struct job *job)
{
	return is_idle(job) && !checkpoint_awaited(job);
}

static bool finished(const struct job *job)
{
	if (job->fatal)
		return true;
	if (job->absence.waiting)
		return job->stopping;
	if (job->stopping)
		return !any_item(job) || clock_monotonic_ns() >= job->stop_deadline_ns;
	return all_done(job) && checkpoint_settled(job);
}

static bool listing(const struct job *job)
{
	if (job->lists.first || !plan_finished(job) || sum_list_pending(job))
		return true;
	for (unsigned i = 0; i < job->crew.count; i++)
		if (job->crew.worker[i].lists)
			return true;
	return false;
}

/* No event tells when a process can be started that could not be just now. */
static bool lacks_worker(const struct job *job)
{
	if (job->stopping || job->paused || job->absence.waiting)
		return false;
	for (unsigned i = 0; i < workers_wanted(job); i++)
		if (!worker_running(&job->crew.worker[i]))
			return true;
	return false;
}

/* 0 is no time. */
static uint64_t sooner(uint64_t one_ns, uint64_t other_ns)
{
	if (!one_ns || !other_ns)
		return one_ns ? one_ns : other_ns;
	return one_ns < other_ns ? one_ns : other_ns;
}

static int timeout_ms(const struct job *job)
{
	uint64_t now_ns = clock_monotonic_ns(), until_ns = job->stop_deadline_ns;

	if (lacks_worker(job))
		return START_AGAIN_MS;
	if (!job->stopping && !job->paused && !job->absence.waiting) {
		if (job->checkpoint.error && checkpoint_awaited(job))
			return 0;
		until_ns = sooner(checkpoint_due_ns(job), job->writeback.due_ns);
	}
	if (job->absence.due_ns && !job->stopping)
		until_ns = sooner(until_ns, job->absence.due_ns);
	if (!until_ns)
		return -1;
	return now_ns < until_ns ? (int)((until_ns - now_ns) / 1000000) + 1 : 0;
}

/* The keeper is started when it is needed first, and another one when that died, which may get the
 * same descriptor: epoll has forgotten that of the dead one. */
static void watch_keeper(struct job *job, struct loop *loop)
{
	const struct keeper *keeper = &job->checkpoint.keeper;

	if (keeper->pid && keeper->pid != loop->keeper_pid &&
		loop_add(loop, keeper->channel, EVENT_KEEPER, 0)) {
		diagnose(job, "cannot watch a process: %s", strerror(errno));
		job->fatal = true;
	}
	loop->keeper_pid = keeper->pid;
}

static void watch_volumes(struct job *job, struct loop *loop)
{
	const struct volume_table *volumes = &job->absence.volumes;
	int uevents = volume_table_uevent_fd(volumes), error;

	if (!job->absence.following || loop->volumes_watched)
		return;
	loop->volumes_watched = true;
	error = loop_add_for(loop, EPOLLPRI, volumes->mountinfo_fd, EVENT_VOLUMES, 0);
	if (!error && uevents != VOLUME_NO_FD)
		error = loop_add(loop, uevents, EVENT_VOLUMES, 0);
	if (error)
		notify(job, "cannot follow the devices: %s", strerror(-error));
}

/* What they hold keeps a filesystem that is to go. */
static void dismiss_workers(struct job *job, struct loop *loop)
{
	for (unsigned i = 0; i < job->crew.count; i++)
		if (worker_running(&job->crew.worker[i]))
			kill(job->crew.worker[i].pid, SIGKILL);
	for (unsigned i = 0; i < job->crew.count; i++)
		if (worker_running(&job->crew.worker[i]))
			lose_worker(job, loop, &job->crew.worker[i]);
}

/* Sees to filesystems that are gone or come back. */
static void see_to_volumes(struct job *job, struct loop *loop)
{
	absence_advance(job);
	watch_volumes(job, loop);
	if (!job->absence.lost || job->stopping)
		return;
	dismiss_workers(job, loop);
	absence_begin(job);
	watch_keeper(job, loop);
}

static void give_work(struct job *job, struct loop *loop)
{
	see_to_volumes(job, loop);
	if (job->stopping || job->paused || job->absence.waiting || job->fatal)
		return;
	checkpoint_refuse(job);
	plan_advance(job);
	audit_advance(job);
	sum_list_advance(job);
	start_missing(job, loop);
	dispatch(job);
	for (unsigned i = 0; i < job->crew.count; i++)
		if (job->crew.worker[i].blocked)
			wait_for_room(loop, &job->crew.worker[i]);
	if (!job->region.header->planning_done && !listing(job)) {
		region_set_planning_done(&job->region);
		plan_tell_missing(job);
	}
	checkpoint_advance(job, all_done(job));
	writeback_advance(job, is_idle(job));
	watch_keeper(job, loop);
}

/* Standard input is watched only while an answer is awaited: it may be meant for others. */
static void watch_answers(struct job *job, struct loop *loop)
{
	if (question_asked(job) == loop->answers_watched)
		return;
	loop->answers_watched = !loop->answers_watched;
	if (!loop->answers_watched) {
		(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
		return;
	}
	if (!loop_add(loop, STDIN_FILENO, EVENT_ANSWER, 0))
		return;
	/* A file can't be waited for: it always has an answer, or none any more. */
	loop->answers_watched = false;
	while (question_asked(job))
		question_read(job);
	give_work(job, loop);
}

/* Nothing comes of it but what it says on standard output. */
static bool is_all_talk(const struct job *job)
{
	return job->options.dry_run || job->options.operation == JOB_VERIFY;
}

static void run(struct job *job, struct loop *loop)
{
	struct epoll_event event[EVENTS_MAX];

	give_work(job, loop);
	while (!finished(job)) {
		int count;

		watch_answers(job, loop);
		if (finished(job))
			break;
		lane_ring(&job->lane, clock_monotonic_ns(), true);
		count = epoll_wait(loop->epoll_fd, event, EVENTS_MAX, timeout_ms(job));
		if (count < 0 && errno != EINTR) {
			diagnose(job, "cannot wait for events: %s", strerror(errno));
			return;
		}
		for (int i = 0; i < count; i++)
			handle_event(job, loop, &event[i]);
		if (is_all_talk(job) && job->tellings.output_error)
			job->fatal = true;
		give_work(job, loop);
	}
}

void job_drop_work(struct job *job)
{
	questions_discard(job);
	telling_free_all(&job->tellings);
	sum_list_close(job);
	sum_output_drop(job);
	queue_discard(&job->lists);
	queue_discard(&job->work);
	large_discard_all(job);
	pairs_free(job);
	explain_end(job);
	link_table_free(&job->links);
	twin_table_free(&job->twins[0]);
	twin_table_free(&job->twins[1]);
	ledger_free(&job->ledger);
	root_table_free(&job->roots);
	plan_free(job->plan);
	job->links = (struct link_table){0};
	job->ledger = (struct ledger){0};
	job->plan = NULL;
}

static void clean_up(struct job *job)
{
	job_drop_work(job);
	absence_end(job);
}

/* The job has nothing left to do, so there is no journal any more: a resume would write to what is
 * below the mount point. */
static enum haul_state eject(struct job *job)
{
	job_drop_work(job);
	eject_target(job);
	return job->exit_status ? HAUL_STATE_FAILED : HAUL_STATE_DONE;
}

/* Work that is done is done, whether it could be told or not, but a script must know that it has
 * not got all lines. A reader who has read enough of what is all talk knows. */
static enum haul_state tell_unheard(struct job *job, enum haul_state state)
{
	int error;

	telling_catch_up(&job->tellings);
	error = job->tellings.output_error;
	if (!error)
		return state;
	if (error != -EPIPE || !is_all_talk(job))
		notify(job, "write error: %s", strerror(-error));
	if (state == HAUL_STATE_CANCELLED)
		return state;
	job->exit_status = HAUL_EXIT_FAILED;
	return HAUL_STATE_FAILED;
}

static void finish(struct job *job)
{
	enum haul_state state = HAUL_STATE_DONE;

	sum_output_close(job);
	if (job->different)
		job->exit_status = HAUL_EXIT_DIFFERENT;
	if (job->stopping && !job->fatal) {
		if (job->journal.fd == JOURNAL_NO_FD)
			notify(job, "stopped before everything was done");
		job->exit_status = HAUL_EXIT_STOPPED;
		state = HAUL_STATE_CANCELLED;
	} else if (job->exit_status) {
		state = HAUL_STATE_FAILED;
	}
	chronicle_close(job);
	if (state == HAUL_STATE_DONE && job->request->eject)
		state = eject(job);
	state = tell_unheard(job, state);
	region_set_state(&job->region, state, job->exit_status);
}

static void end_workers(struct job *job)
{
	job->stuck_workers = crew_close(&job->crew, job->stopping || job->fatal ? 0 : END_GRACE_MS);
	if (job->stuck_workers)
		notify(job,
			"%u of its processes still wait for a device that does not answer; "
			"they end when it does",
			job->stuck_workers);
}

/* In a process of its own, see sentry.h. */
static void coordinate(struct job *job)
{
	struct loop loop;
	int error = loop_open(&loop, job);

	if (error)
		diagnose(job, "cannot wait for events: %s", strerror(-error));
	job->plan = plan_new(job);
	absence_start(job);
	if (!error && job->plan && sum_output_open(job) && chronicle_open(job))
		run(job, &loop);
	checkpoint_end(job);
	/* Nobody may write to the destination or the region any more when the end is told. */
	end_workers(job);
	finish(job);
	loop_close(&loop);
	clean_up(job);
}

/* Where the kernel has none to give yet, the clock is as good: nobody attacks so early. */
uint64_t job_random_number(void)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = clock_monotonic_ns();
	return number;
}

static void take_past(struct job *job, const struct past *past)
{
	job->salt = past ? past->salt : job_random_number();
	job->options.salt = job->salt;
	if (!past)
		return;
	job->options.durable_from_ns = past->started_ns;
	job->options.durable_until_ns = past->durable_ns;
	job->journal_tells = past->durable_ns;
}

/* From now on, as seen by the clock of file times. */
static void set_off(struct job *job)
{
	job->options.started_ns = (int64_t)clock_realtime_ns() - FILE_CLOCK_STEP_NS;
	take_past(job, job->request->past);
}

void job_begin_again(struct job *job)
{
	dispatch_forget(job);
	for (unsigned i = 0; i < HAUL_COUNTERS; i++)
		lane_reset_counter(&job->lane, (enum haul_counter)i, 0);
	region_set_planning_begun(&job->region);
	/* All of it is tried, and told, again. */
	job->exit_status = 0;
	job->different = false;
	set_off(job);
	if (!job->paused)
		region_set_state(&job->region, HAUL_STATE_RUNNING, 0);
	job->plan = plan_new(job);
	job->fatal = job->fatal || !job->plan;
}

int job_run(const struct job_request *request)
{
	struct job job = {
		.request = request,
		.options = request->options,
		.journal = {.fd = JOURNAL_NO_FD},
		.run = job_random_number(),
	};
	int error;

	/* Before signals are kept for the event loop: nothing has begun, so one may just end it. */
	if (!remove_is_agreed(&job))
		return job.exit_status;
	set_off(&job);
	error = start_crew(&job);
	if (!error)
		error = start_region(&job);
	if (error == -EEXIST)
		diagnose(&job, "a job named '%s' is running already", request->name);
	else if (error)
		diagnose(&job, "cannot set up the job: %s", strerror(-error));
	if (!error) {
		sentry_run(&job, coordinate);
		region_remove(&job.region);
	}
	crew_close(&job.crew, 0);
	return job.exit_status;
}
