/* SPDX-License-Identifier: MIT */
#include "job/crew.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/spawn.h"

/* A killed process that has not ended by then waits for a device. */
#define DIE_MS UINT64_C(150)

static int worker_prepare(struct worker *worker, unsigned index, int cpu)
{
	worker->index = index;
	worker->lane = index + 1;
	worker->cpu = cpu;
	worker->pidfd = -1;
	worker->channel = -1;
	worker->out.capacity = WIRE_DATAGRAM_BYTES;
	worker->out.data = malloc(WIRE_DATAGRAM_BYTES);
	if (!worker->out.data)
		return -ENOMEM;
	wire_reset(&worker->out);
	return 0;
}

int crew_open(struct crew *crew, unsigned count, const int *cpu)
{
	int error = 0;

	*crew = (struct crew){0};
	crew->in_data = malloc(WIRE_DATAGRAM_BYTES);
	crew->worker = calloc(count, sizeof(*crew->worker));
	if (!crew->in_data || !crew->worker)
		return -ENOMEM;
	for (; crew->count < count && !error; crew->count++)
		error = worker_prepare(&crew->worker[crew->count], crew->count, cpu[crew->count]);
	return error;
}

/* Room for a few datagrams each way, so that neither side waits for the other in normal running. */
static int channel_pair(int ret_pair[2])
{
	int bytes = 4 * WIRE_DATAGRAM_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_pair))
		return -errno;
	for (int i = 0; i < 2; i++)
		if (setsockopt(ret_pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
			(void)setsockopt(ret_pair[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return 0;
}

static int worker_greet(struct worker *worker, const struct job_options *options)
{
	struct wire_setup setup = {
		.options = *options,
		.version = WIRE_VERSION,
		.lane = worker->lane,
	};

	wire_reset(&worker->out);
	return wire_put(&worker->out, WIRE_SETUP, &setup, sizeof(setup), NULL, 0);
}

int worker_start(
	struct worker *worker, const struct region *region, const struct job_options *options)
{
	struct spawn spawn = {.role = "worker", .cpu = worker->cpu, .die_with_parent = true};
	int pair[2];
	int error = channel_pair(pair);

	if (error)
		return error;
	spawn.channel_fd = pair[1];
	spawn.region_fd = region->inherit_fd;
	error = spawn_role(&spawn, &worker->pid, &worker->pidfd);
	close(pair[1]);
	if (error) {
		worker->pid = 0;
		close(pair[0]);
		return error;
	}
	worker->channel = pair[0];
	worker->greeted = false;
	worker->blocked = false;
	return worker_greet(worker, options);
}

bool worker_running(const struct worker *worker)
{
	return worker->pid > 0;
}

int worker_flush(struct worker *worker)
{
	int error = wire_send(worker->channel, &worker->out, false);

	worker->blocked = error == -EAGAIN;
	return worker->blocked ? 0 : error;
}

void worker_reap(struct worker *worker, bool *ret_killed)
{
	siginfo_t end = {0};

	*ret_killed = false;
	while (waitid(P_PID, (id_t)worker->pid, &end, WEXITED) && errno == EINTR)
		;
	*ret_killed = end.si_code == CLD_KILLED && end.si_status == SIGKILL;
	close(worker->pidfd);
	if (worker->channel >= 0)
		close(worker->channel);
	worker->pidfd = -1;
	worker->channel = -1;
	worker->pid = 0;
	worker->blocked = false;
	wire_reset(&worker->out);
}

static int left_ms(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns < deadline_ns ? (int)((deadline_ns - now_ns) / 1000000) + 1 : 0;
}

static bool is_gone(const struct worker *worker, uint64_t deadline_ns)
{
	struct pollfd gone = {.fd = worker->pidfd, .events = POLLIN};

	return poll(&gone, 1, left_ms(deadline_ns)) == 1;
}

static void close_channels(struct crew *crew)
{
	for (unsigned i = 0; i < crew->count; i++)
		if (crew->worker[i].channel >= 0) {
			close(crew->worker[i].channel);
			crew->worker[i].channel = -1;
		}
}

/* True: a device keeps even a killed one from ending. It is left alone. */
static bool worker_bury(struct worker *worker, uint64_t deadline_ns)
{
	bool gone = is_gone(worker, deadline_ns), killed;

	if (gone)
		worker_reap(worker, &killed);
	else
		close(worker->pidfd);
	return !gone;
}

static unsigned end_workers(struct crew *crew, int grace_ms)
{
	uint64_t deadline_ns = clock_monotonic_ns() + (uint64_t)grace_ms * 1000000;
	unsigned left = 0;

	for (unsigned i = 0; i < crew->count; i++)
		if (worker_running(&crew->worker[i]) && !is_gone(&crew->worker[i], deadline_ns))
			kill(crew->worker[i].pid, SIGKILL);
	deadline_ns = clock_monotonic_ns() + DIE_MS * 1000000;
	for (unsigned i = 0; i < crew->count; i++)
		if (worker_running(&crew->worker[i]))
			left += worker_bury(&crew->worker[i], deadline_ns);
	return left;
}

unsigned crew_close(struct crew *crew, int grace_ms)
{
	unsigned left;

	close_channels(crew);
	left = end_workers(crew, grace_ms);
	for (unsigned i = 0; i < crew->count; i++) {
		queue_discard(&crew->worker[i].items);
		free(crew->worker[i].out.data);
	}
	free(crew->worker);
	free(crew->in_data);
	*crew = (struct crew){0};
	return left;
}
