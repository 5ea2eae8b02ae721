/* SPDX-License-Identifier: MIT */
#include "io/ring.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

/* Best first; kernels before 6.1, 6.0 and 5.19 refuse one flag each. */
static const unsigned setup_flags[] = {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN,
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
	IORING_SETUP_COOP_TASKRUN,
	0,
};

static int set_up(struct io_uring *uring)
{
	int error = -EINVAL;

	for (size_t i = 0; i < sizeof(setup_flags) / sizeof(setup_flags[0]); i++) {
		error = io_uring_queue_init(RING_ENTRIES, uring, setup_flags[i]);
		if (error != -EINVAL)
			break;
	}
	return error;
}

static int check_operations(struct io_uring *uring)
{
	static const int needed[] = {
		IORING_OP_READ,
		IORING_OP_WRITE,
		IORING_OP_OPENAT2,
		IORING_OP_STATX,
		IORING_OP_FSYNC,
		IORING_OP_POLL_ADD,
	};
	struct io_uring_probe *probe = io_uring_get_probe_ring(uring);
	int error = 0;

	if (!probe)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!io_uring_opcode_supported(probe, needed[i]))
			error = -EOPNOTSUPP;
	io_uring_free_probe(probe);
	return error;
}

int ring_open(struct ring *ring)
{
	struct ring new = {.queued = 0};
	unsigned threads[2] = {RING_BLOCKING_THREADS, 1};
	int error = set_up(&new.uring);

	if (error)
		return error;
	error = check_operations(&new.uring);
	if (error) {
		io_uring_queue_exit(&new.uring);
		return error;
	}
	/* Kernels before 5.15 have no such limit: then there are more threads, and it works. */
	error = io_uring_register_iowq_max_workers(&new.uring, threads);
	if (error && error != -EINVAL) {
		io_uring_queue_exit(&new.uring);
		return error;
	}
	*ring = new;
	return 0;
}

void ring_close(struct ring *ring)
{
	io_uring_queue_exit(&ring->uring);
}

static int submit(struct ring *ring)
{
	int submitted = io_uring_submit(&ring->uring);

	if (submitted < 0)
		return submitted;
	ring->queued -= (unsigned)submitted;
	return 0;
}

static struct io_uring_sqe *take_entry(struct ring *ring)
{
	struct io_uring_sqe *entry;

	/* A failed hand-over leaves the entries queued; the next one takes them along. */
	if (ring->queued >= RING_BATCH && submit(ring) && ring->queued >= RING_ENTRIES)
		return NULL;
	entry = io_uring_get_sqe(&ring->uring);
	if (!entry)
		return NULL;
	ring->queued++;
	ring->in_flight++;
	return entry;
}

static void tag_entry(struct io_uring_sqe *entry, struct ring_tag tag)
{
	entry->user_data = ring_tag_pack(tag);
}

int ring_read(struct ring *ring, struct ring_tag tag, int fd, void *buffer, unsigned bytes,
	uint64_t offset)
{
	struct io_uring_sqe *entry = take_entry(ring);

	if (!entry)
		return -EBUSY;
	io_uring_prep_read(entry, fd, buffer, bytes, offset);
	tag_entry(entry, tag);
	return 0;
}

int ring_write(struct ring *ring, struct ring_tag tag, int fd, const void *buffer, unsigned bytes,
	uint64_t offset)
{
	struct io_uring_sqe *entry = take_entry(ring);

	if (!entry)
		return -EBUSY;
	io_uring_prep_write(entry, fd, buffer, bytes, offset);
	tag_entry(entry, tag);
	return 0;
}

int ring_open_file(struct ring *ring, struct ring_tag tag, int directory_fd, const char *name,
	struct open_how *how)
{
	struct io_uring_sqe *entry = take_entry(ring);

	if (!entry)
		return -EBUSY;
	io_uring_prep_openat2(entry, directory_fd, name, how);
	tag_entry(entry, tag);
	return 0;
}

int ring_stat(struct ring *ring, struct ring_tag tag, int directory_fd, const char *name, int flags,
	unsigned mask, struct statx *ret_status)
{
	struct io_uring_sqe *entry = take_entry(ring);

	if (!entry)
		return -EBUSY;
	io_uring_prep_statx(entry, directory_fd, name, flags, mask, ret_status);
	tag_entry(entry, tag);
	return 0;
}

int ring_poll(struct ring *ring, struct ring_tag tag, int fd)
{
	struct io_uring_sqe *entry = take_entry(ring);

	if (!entry)
		return -EBUSY;
	io_uring_prep_poll_add(entry, fd, POLLIN | POLLRDHUP);
	tag_entry(entry, tag);
	return 0;
}

static int handle_all(struct ring *ring, ring_handler handler, void *context)
{
	struct io_uring_cqe *completion;
	int count = 0;

	while (!io_uring_peek_cqe(&ring->uring, &completion)) {
		struct ring_tag tag = ring_tag_unpack(completion->user_data);
		int result = completion->res;

		/* Given back first: the handler may queue, and so hand over, new requests. */
		io_uring_cqe_seen(&ring->uring, completion);
		ring->in_flight--;
		handler(context, tag, result);
		count++;
	}
	return count;
}

int ring_reap(struct ring *ring, bool wait, ring_handler handler, void *context)
{
	int submitted;

	if (wait)
		submitted = io_uring_submit_and_wait(&ring->uring, 1);
	else
		submitted = io_uring_submit_and_get_events(&ring->uring);
	if (submitted > 0)
		ring->queued -= (unsigned)submitted;
	else if (submitted && submitted != -EINTR && submitted != -EAGAIN && submitted != -EBUSY)
		return submitted;
	return handle_all(ring, handler, context);
}
