/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "job/item.h"
#include "job/link.h"

static struct wire_text text_of(const char *text)
{
	return (struct wire_text){text, strlen(text)};
}

static void a_path_is_put_together_from_its_directories(void **state)
{
	struct directory *top = directory_new(NULL, NULL, "", 0);
	struct directory *a = directory_new(NULL, top, "a", 1);
	struct directory *b = directory_new(NULL, a, "bc", 2);
	char path[16];

	(void)state;
	assert_int_equal(directory_path(top, path, sizeof(path)), 0);
	assert_string_equal(path, "");
	assert_int_equal(directory_path(b, path, sizeof(path)), 4);
	assert_string_equal(path, "a/bc");
	assert_int_equal(directory_path(b, path, 4), -ENAMETOOLONG);
	directory_release(b);
	assert_int_equal(top->pending, 0);
	directory_free(top);
}

static void entries_are_found_by_their_index(void **state)
{
	struct directory *top = directory_new(NULL, NULL, "", 0);
	struct item *item = item_new(WIRE_FILES, top);
	struct wire_entry entry = {.mode = S_IFREG};
	const struct wire_entry *found;
	struct wire_text name, target;
	char text[32];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "name-%u", i);
		assert_int_equal(item_add_entry(item, &entry, text_of(text), text_of("")), 0);
	}
	assert_int_equal(item_entry(item, 99, &found, &name, &target), 0);
	assert_string_equal(name.data, "name-99");
	assert_int_equal(found->index, 99);
	assert_int_equal(item_entry(item, 100, &found, &name, &target), -ENOENT);
	item_free(item);
	assert_int_equal(top->pending, 0);
	directory_free(top);
}

static void a_queue_keeps_order_and_sums(void **state)
{
	struct directory *top = directory_new(NULL, NULL, "", 0);
	struct item *item[3];
	struct item_queue queue = {0};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		item[i] = item_new(WIRE_FINISH, top);
	queue_push_back(&queue, item[1]);
	queue_push_back(&queue, item[2]);
	queue_push_front(&queue, item[0]);
	assert_int_equal(queue.count, 3);
	queue_remove(&queue, item[1]);
	assert_ptr_equal(queue_pop(&queue), item[0]);
	assert_ptr_equal(queue_pop(&queue), item[2]);
	assert_null(queue_pop(&queue));
	assert_int_equal(queue.memory_bytes, 0);
	for (unsigned i = 0; i < 3; i++)
		item_free(item[i]);
	directory_free(top);
}

static void a_late_answer_finds_nothing(void **state)
{
	struct directory *top = directory_new(NULL, NULL, "", 0);
	struct item *item = item_new(WIRE_FINISH, top);
	struct ledger ledger = {0};
	uint64_t first, second;

	(void)state;
	assert_int_equal(ledger_enter(&ledger, item, 0, &first), 0);
	assert_ptr_equal(ledger_find(&ledger, first, 0), item);
	ledger_leave(&ledger, item);
	assert_null(ledger_find(&ledger, first, 0));
	assert_int_equal(ledger_enter(&ledger, item, 0, &second), 0);
	assert_int_not_equal(first, second);
	assert_null(ledger_find(&ledger, first, 0));
	assert_ptr_equal(ledger_find(&ledger, second, 0), item);
	assert_null(ledger_find(&ledger, UINT64_MAX, 0));
	/* Another worker has no such item. */
	assert_null(ledger_find(&ledger, second, 1));
	ledger_free(&ledger);
	item_free(item);
	directory_free(top);
}

static void a_ledger_grows_and_forgets_nothing(void **state)
{
	struct directory *top = directory_new(NULL, NULL, "", 0);
	struct ledger ledger = {0};
	struct item *item[200];
	uint64_t id[200];

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		item[i] = item_new(WIRE_FINISH, top);
		assert_int_equal(ledger_enter(&ledger, item[i], 0, &id[i]), 0);
	}
	for (unsigned i = 0; i < 200; i++) {
		assert_ptr_equal(ledger_find(&ledger, id[i], 0), item[i]);
		ledger_leave(&ledger, item[i]);
		item_free(item[i]);
	}
	ledger_free(&ledger);
	directory_free(top);
}

static void only_failures_count_not_warnings(void **state)
{
	struct directory *top = directory_new(NULL, NULL, "", 0);
	struct item *item = item_new(WIRE_FINISH, top);
	struct wire_failure failure = {.warning = 1};

	(void)state;
	assert_int_equal(item_add_failure(item, &failure, text_of("")), 0);
	assert_false(item_failed(item));
	failure.warning = 0;
	assert_int_equal(item_add_failure(item, &failure, text_of("")), 0);
	assert_true(item_failed(item));
	item_forget_answers(item);
	assert_false(item_failed(item));
	item_free(item);
	directory_free(top);
}

static struct link *seen(struct link_table *table, uint64_t device, uint64_t inode, bool *ret_new)
{
	const struct wire_entry entry = {.device = device, .inode = inode, .bytes = 3};

	return link_get(table, &entry, 2, ret_new);
}

/* The last name of a file whose other ones were moved already looks like any file. */
static void a_file_is_known_by_more_than_its_inode(void **state)
{
	const struct wire_entry same = {.device = 1, .inode = 9, .bytes = 3};
	const struct wire_entry reused = {.device = 1, .inode = 9, .bytes = 4};
	struct link_table table = {0};
	bool is_new;

	(void)state;
	assert_false(link_is_known(&table, &same));
	assert_non_null(seen(&table, 1, 9, &is_new));
	assert_true(link_is_known(&table, &same));
	assert_false(link_is_known(&table, &reused));
	link_table_free(&table);
}

static void names_of_one_inode_meet(void **state)
{
	struct directory *top = directory_new(NULL, NULL, "", 0);
	struct link_table table = {0};
	struct wire_entry entry = {.inode = 9};
	struct wire_text name, target;
	struct link_waiter *waiter;
	struct link *link;
	bool is_new;

	(void)state;
	link = seen(&table, 1, 9, &is_new);
	assert_true(is_new);
	assert_ptr_not_equal(seen(&table, 2, 9, &is_new), link);
	assert_true(is_new);
	assert_ptr_equal(seen(&table, 1, 9, &is_new), link);
	assert_false(is_new);
	assert_int_equal(link_wait(link, top, &entry, text_of("second"), text_of("")), 0);
	assert_int_equal(top->pending, 1);
	waiter = link_take_waiter(link);
	link_waiter_texts(waiter, &name, &target);
	assert_string_equal(name.data, "second");
	link_waiter_free(waiter);
	link->failed = true;
	link_release(&table, link);
	assert_int_equal(table.count, 1);
	link_table_free(&table);
	directory_free(top);
}

static void many_links_are_all_found_again(void **state)
{
	struct link_table table = {0};
	bool is_new;

	(void)state;
	for (uint64_t inode = 0; inode < 5000; inode++)
		assert_non_null(seen(&table, 1, inode, &is_new));
	for (uint64_t inode = 0; inode < 5000; inode++) {
		assert_int_equal(seen(&table, 1, inode, &is_new)->inode, inode);
		assert_false(is_new);
	}
	link_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_put_together_from_its_directories),
		cmocka_unit_test(entries_are_found_by_their_index),
		cmocka_unit_test(a_queue_keeps_order_and_sums),
		cmocka_unit_test(a_late_answer_finds_nothing),
		cmocka_unit_test(a_ledger_grows_and_forgets_nothing),
		cmocka_unit_test(only_failures_count_not_warnings),
		cmocka_unit_test(names_of_one_inode_meet),
		cmocka_unit_test(a_file_is_known_by_more_than_its_inode),
		cmocka_unit_test(many_links_are_all_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
