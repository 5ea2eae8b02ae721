/* SPDX-License-Identifier: MIT */
/* What a worker may answer, and what counts when it is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "job/coordinator.h"

#define WORKERS 2

/* A job of two workers, the first of which has an item. The test is the workers. */
struct fixture {
	struct job job;
	struct directory *directory;
	struct root root;
	struct item *item;
	uint64_t id;
	int far_end[WORKERS];
	struct wire_buffer out;
};

static void set_up(struct fixture *fixture)
{
	static const int cpu[WORKERS] = {0, 0};
	struct crew *crew = &fixture->job.crew;

	memset(fixture, 0, sizeof(*fixture));
	fixture->job.journal.fd = JOURNAL_NO_FD;
	assert_int_equal(crew_open(crew, WORKERS, cpu), 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		crew->worker[i].channel = pair[0];
		fixture->far_end[i] = pair[1];
	}
	fixture->directory = directory_new(&fixture->root, NULL, "", 0);
	fixture->root.phase = ROOT_REMOVING; /* of which nothing is planned */
	fixture->item = item_new(WIRE_FINISH, fixture->directory);
	fixture->directory->pending++; /* so that it stays */
	queue_push_back(&crew->worker[0].items, fixture->item);
	assert_int_equal(ledger_enter(&fixture->job.ledger, fixture->item, 0, &fixture->id), 0);
	fixture->out.capacity = 4096;
	fixture->out.data = malloc(fixture->out.capacity);
	wire_reset(&fixture->out);
}

static void tear_down(struct fixture *fixture)
{
	struct crew *crew = &fixture->job.crew;

	for (unsigned i = 0; i < WORKERS; i++) {
		close(fixture->far_end[i]);
		close(crew->worker[i].channel);
		crew->worker[i].channel = -1;
		free(crew->worker[i].out.data);
		crew->worker[i].out.data = NULL;
	}
	free(crew->worker);
	free(crew->in_data);
	ledger_free(&fixture->job.ledger);
	directory_free(fixture->directory);
	free(fixture->out.data);
}

static void answer(struct fixture *fixture, unsigned worker, enum wire_type type, const void *body,
	size_t bytes)
{
	assert_int_equal(wire_put(&fixture->out, type, body, bytes, NULL, 0), 0);
	assert_int_equal(wire_send(fixture->far_end[worker], &fixture->out, true), 0);
}

static void only_who_has_an_item_answers_it(void **state)
{
	struct fixture fixture;
	struct worker *worker;
	struct wire_done done;
	struct wire_failure failure;
	struct wire_outcome outcome;

	(void)state;
	set_up(&fixture);
	worker = fixture.job.crew.worker;
	done = (struct wire_done){.id = fixture.id};
	failure = (struct wire_failure){.id = fixture.id, .operation = OPERATION_REMOVE};
	outcome = (struct wire_outcome){.id = fixture.id, .kind = OUTCOME_SKIPPED};
	answer(&fixture, 1, WIRE_DONE, &done, sizeof(done));
	assert_int_equal(reply_receive(&fixture.job, &worker[1]), -EPROTO);
	answer(&fixture, 1, WIRE_FAILURE, &failure, sizeof(failure));
	assert_int_equal(reply_receive(&fixture.job, &worker[1]), -EPROTO);
	answer(&fixture, 1, WIRE_OUTCOME, &outcome, sizeof(outcome));
	assert_int_equal(reply_receive(&fixture.job, &worker[1]), -EPROTO);
	assert_int_equal(fixture.item->failure_count, 0);
	assert_ptr_equal(worker[0].items.first, fixture.item);
	answer(&fixture, 0, WIRE_DONE, &done, sizeof(done));
	assert_int_equal(reply_receive(&fixture.job, &worker[0]), 0);
	assert_null(worker[0].items.first);
	tear_down(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_has_an_item_answers_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
