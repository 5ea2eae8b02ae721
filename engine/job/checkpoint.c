/* SPDX-License-Identifier: MIT */
#include "job/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/place.h"
#include "util/clock.h"
#include "util/quote.h"

/* A sync that takes long costs the copy more: the next one waits this many times as long. */
#define WAIT_FACTOR 4

/* What can be pulled out when the job is over should then be complete. */
static bool ends_durable(const struct job *job)
{
	return job->options.durable || job->checkpoint.removable;
}

/* Without durable copies the job would not do what it is for. */
static bool is_promised(const struct job *job)
{
	return ends_durable(job) || job->options.verify || job->options.operation == JOB_MOVE;
}

/* There are no more checkpoints: a later sync may succeed because the error was told once, and
 * would prove nothing. */
static void give_up(struct job *job, int error)
{
	struct checkpoint *checkpoint = &job->checkpoint;

	checkpoint->under_way = false;
	if (checkpoint->error)
		return;
	checkpoint->error = error;
	if (is_promised(job))
		diagnose(job, "cannot make the copy durable: %s", strerror(-error));
	else
		notify(job, "cannot tell what is durable: %s", strerror(-error));
}

/* The filesystem has lost something that it had taken. Whether or not anybody asked for a sync, the
 * copy isn't what it was reported to be. */
static void sync_failed(struct job *job, int error)
{
	char quoted[QUOTE_BYTES];

	job->checkpoint.under_way = false;
	job->checkpoint.error = error;
	diagnose(job, "error syncing %s: %s",
		quote_name(job->request->target, quoted, sizeof(quoted)), strerror(-error));
}

static bool is_watched(const struct checkpoint *checkpoint, uint64_t device)
{
	for (unsigned i = 0; i < checkpoint->target_count; i++)
		if (checkpoint->target[i].device == device)
			return true;
	return false;
}

static int add_target(struct checkpoint *checkpoint, int directory_fd, uint64_t device)
{
	struct checkpoint_target *grown =
		realloc(checkpoint->target, (checkpoint->target_count + 1) * sizeof(*grown));
	struct checkpoint_target target = {.device = device};

	if (!grown)
		return -ENOMEM;
	checkpoint->target = grown;
	target.fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target.fd < 0)
		return -errno;
	target.spare_fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target.spare_fd < 0) {
		close(target.fd);
		return -errno;
	}
	grown[checkpoint->target_count++] = target;
	return 0;
}

static bool wanted(const struct job *job)
{
	return (is_promised(job) || job->journal.fd >= 0) && !job->checkpoint.error;
}

void checkpoint_watch(struct job *job, int directory_fd, uint64_t device)
{
	int error;

	if (is_watched(&job->checkpoint, device))
		return;
	if (job->request->checkpoint_ns &&
		place_is_removable("/sys", "/proc/self/mountinfo", device))
		job->checkpoint.removable = true;
	if (!wanted(job))
		return;
	error = add_target(&job->checkpoint, directory_fd, device);
	if (error)
		give_up(job, error);
}

void checkpoint_miss(struct job *job, uint64_t device, int error)
{
	if (wanted(job) && !is_watched(&job->checkpoint, device))
		give_up(job, error);
}

/* What workers reported as finished, and what an earlier run had done. */
static uint64_t finished_bytes(const struct job *job, bool durable)
{
	uint64_t sum = __atomic_load_n(
		&job->lane.shared->counter[durable ? HAUL_BYTES_DURABLE : HAUL_BYTES_ACCEPTED],
		__ATOMIC_RELAXED);

	for (unsigned i = 0; i < job->crew.count; i++) {
		const struct wire_done *done = &job->crew.worker[i].finished;

		sum += durable ? done->bytes_durable : done->bytes_accepted;
	}
	return sum;
}

uint64_t checkpoint_unsynced_bytes(const struct job *job)
{
	uint64_t accepted_bytes = finished_bytes(job, false);
	uint64_t durable_bytes = finished_bytes(job, true);

	return accepted_bytes > durable_bytes ? accepted_bytes - durable_bytes : 0;
}

static void ask_next(struct job *job)
{
	struct checkpoint *checkpoint = &job->checkpoint;
	int error;

	if (checkpoint->number < checkpoint->target_count)
		error = keeper_ask(&checkpoint->keeper, checkpoint->number,
			checkpoint->target[checkpoint->number].fd);
	else
		error = keeper_ask(&checkpoint->keeper, checkpoint->number, job->journal.fd);
	if (error)
		give_up(job, error);
}

/* ---- roots that wait, to have copies verified or sources removed ---- */

/* Through a descriptor that is older than the copy: one that is opened now would not tell of an
 * error that somebody else has been told of meanwhile. */
void checkpoint_await(struct job *job, struct root *root)
{
	root->phase = ROOT_SYNCING;
	root->top->pending++;
	root->next_waiting = job->checkpoint.waiting;
	job->checkpoint.waiting = root;
}

bool checkpoint_awaited(const struct job *job)
{
	return job->checkpoint.waiting || job->checkpoint.covered;
}

static void cover(struct checkpoint *checkpoint)
{
	checkpoint->covered = checkpoint->waiting;
	checkpoint->waiting = NULL;
}

/* The checkpoint did not come to an end: the next one will cover them. */
static void uncover(struct checkpoint *checkpoint)
{
	struct root **last = &checkpoint->waiting;

	while (*last)
		last = &(*last)->next_waiting;
	*last = checkpoint->covered;
	checkpoint->covered = NULL;
}

static void go_on(struct job *job, struct root *root, bool durable)
{
	if (!durable) {
		root->top->kept = true;
		root->failures++;
	}
	root->top->pending--;
	settle_directory(job, root->top);
}

static void let_go_on(struct job *job, struct root **list, bool durable)
{
	while (*list) {
		struct root *root = *list;

		*list = root->next_waiting;
		go_on(job, root, durable);
	}
}

/* ---- the life of one ---- */

static int start_keeper(struct checkpoint *checkpoint)
{
	return checkpoint->keeper.pid ? 0 : keeper_start(&checkpoint->keeper);
}

static bool is_due(const struct job *job)
{
	uint64_t due_ns = checkpoint_due_ns(job);

	return due_ns && clock_monotonic_ns() >= due_ns;
}

static void record(struct job *job);

static void begin(struct job *job, bool last)
{
	struct checkpoint *checkpoint = &job->checkpoint;
	int error = start_keeper(checkpoint);

	if (error) {
		give_up(job, error);
		return;
	}
	checkpoint->for_roots = checkpoint->waiting && !is_due(job);
	cover(checkpoint);
	checkpoint->number = 0;
	checkpoint->under_way = true;
	checkpoint->recorded = false;
	checkpoint->last = last;
	checkpoint->began_ns = (int64_t)clock_realtime_ns();
	checkpoint->due_ns = clock_monotonic_ns();
	checkpoint->covered_bytes = job->journal.bytes;
	checkpoint->accepted_bytes = finished_bytes(job, false);
	checkpoint->durable_bytes = checkpoint_unsynced_bytes(job);
	if (checkpoint->target_count)
		ask_next(job);
	else
		record(job);
}

static void complete(struct job *job)
{
	struct checkpoint *checkpoint = &job->checkpoint;
	uint64_t now_ns = clock_monotonic_ns(), took_ns = now_ns - checkpoint->due_ns;
	uint64_t wait_ns = WAIT_FACTOR * took_ns;

	checkpoint->under_way = false;
	checkpoint->complete = checkpoint->last;
	if (wait_ns < job->request->checkpoint_ns)
		wait_ns = job->request->checkpoint_ns;
	checkpoint->due_ns = job->request->checkpoint_ns ? now_ns + wait_ns : 0;
}

static void tell_journal(struct job *job)
{
	for (struct large *large = job->larges; large; large = large->next)
		large->remembered = large->recorded;
	chronicle_checkpoint(job, job->checkpoint.covered_bytes, job->checkpoint.began_ns);
}

/* All targets are durable, with everything that was handed in before. */
static void record(struct job *job)
{
	struct checkpoint *checkpoint = &job->checkpoint;

	checkpoint->recorded = !checkpoint->for_roots && job->journal.fd >= 0;
	lane_add(&job->lane, HAUL_BYTES_DURABLE, checkpoint->durable_bytes);
	if (checkpoint->recorded)
		tell_journal(job);
	let_go_on(job, &checkpoint->covered, true);
	/* The journal may have failed meanwhile. */
	if (checkpoint->recorded && job->journal.fd >= 0)
		ask_next(job);
	else
		complete(job);
}

static void take_answer(struct job *job, uint32_t number, int error)
{
	struct checkpoint *checkpoint = &job->checkpoint;

	if (!checkpoint->under_way || number != checkpoint->number)
		return;
	if (checkpoint->recorded) {
		if (error)
			chronicle_give_up(job, error);
		complete(job);
	} else if (error && absence_explains(job, -error)) {
		checkpoint->under_way = false;
	} else if (error) {
		sync_failed(job, error);
	} else if (++checkpoint->number < checkpoint->target_count) {
		ask_next(job);
	} else {
		record(job);
	}
}

/* What it was told, but did not tell any more, its descriptors don't tell again. */
static bool take_spares(struct checkpoint *checkpoint)
{
	for (unsigned i = 0; i < checkpoint->target_count; i++) {
		struct checkpoint_target *target = &checkpoint->target[i];

		if (target->spare_fd == KEEPER_NO_FD)
			return false;
		close(target->fd);
		target->fd = target->spare_fd;
		target->spare_fd = KEEPER_NO_FD;
	}
	return true;
}

static void lose_keeper(struct job *job)
{
	struct checkpoint *checkpoint = &job->checkpoint;

	keeper_end(&checkpoint->keeper);
	checkpoint->under_way = false;
	uncover(checkpoint);
	if (!take_spares(checkpoint))
		give_up(job, -EPIPE);
}

void checkpoint_receive(struct job *job)
{
	uint32_t number;
	int error, got;

	while ((got = keeper_answer(&job->checkpoint.keeper, &number, &error)) > 0)
		take_answer(job, number, error);
	if (got)
		lose_keeper(job);
}

static bool anything_new(const struct job *job)
{
	return finished_bytes(job, false) != job->checkpoint.accepted_bytes;
}

void checkpoint_refuse(struct job *job)
{
	if (!job->checkpoint.error)
		return;
	let_go_on(job, &job->checkpoint.covered, false);
	let_go_on(job, &job->checkpoint.waiting, false);
}

void checkpoint_advance(struct job *job, bool all_done)
{
	struct checkpoint *checkpoint = &job->checkpoint;

	if (checkpoint->under_way || checkpoint->complete)
		return;
	if (checkpoint->waiting && !checkpoint->error) {
		begin(job, false);
		return;
	}
	if (all_done) {
		if (ends_durable(job) && !checkpoint->error)
			begin(job, true);
		return;
	}
	if (!checkpoint->due_ns && job->request->checkpoint_ns)
		checkpoint->due_ns = clock_monotonic_ns() + job->request->checkpoint_ns;
	if (!is_due(job))
		return;
	chronicle_tell_missing(job);
	if (wanted(job))
		begin(job, false);
}

uint64_t checkpoint_due_ns(const struct job *job)
{
	const struct checkpoint *checkpoint = &job->checkpoint;
	bool idle = !wanted(job) && !job->journal_error;

	if (idle || checkpoint->under_way || !anything_new(job))
		return 0;
	return checkpoint->due_ns;
}

bool checkpoint_settled(const struct job *job)
{
	const struct checkpoint *checkpoint = &job->checkpoint;

	return !ends_durable(job) || checkpoint->complete || checkpoint->error;
}

static void close_target(const struct checkpoint_target *target)
{
	close(target->fd);
	if (target->spare_fd != KEEPER_NO_FD)
		close(target->spare_fd);
}

void checkpoint_end(struct job *job)
{
	struct checkpoint *checkpoint = &job->checkpoint;

	keeper_end(&checkpoint->keeper);
	for (unsigned i = 0; i < checkpoint->target_count; i++)
		close_target(&checkpoint->target[i]);
	free(checkpoint->target);
	checkpoint->target = NULL;
	checkpoint->target_count = 0;
}
