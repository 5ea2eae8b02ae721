/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/message.h"

static _Alignas(8) uint8_t out_data[4096];
static _Alignas(8) uint8_t in_data[4096];

static struct wire_buffer buffer_over(uint8_t *data, size_t capacity)
{
	struct wire_buffer buffer = {.data = data, .capacity = capacity};

	wire_reset(&buffer);
	return buffer;
}

static struct wire_text text_of(const char *text)
{
	return (struct wire_text){text, strlen(text)};
}

static void put_files(struct wire_buffer *buffer)
{
	struct wire_item item = {.id = 7, .root = 2, .path_bytes = 3, .entry_count = 2};
	struct wire_text path = text_of("a/b");
	struct wire_entry entry = {.inode = 11, .bytes = 5, .mode = S_IFREG | 0644};
	size_t start;

	assert_int_equal(wire_begin(buffer, WIRE_FILES, &item, sizeof(item), &path, 1, &start), 0);
	assert_int_equal(wire_add_entry(buffer, &entry, text_of("one"), text_of("")), 0);
	entry.inode = 12;
	assert_int_equal(wire_add_entry(buffer, &entry, text_of("second"), text_of("zwei")), 0);
	wire_end(buffer, start);
}

static void entries_come_back_as_they_were_put(void **state)
{
	struct wire_buffer buffer = buffer_over(out_data, sizeof(out_data));
	const struct wire_entry *entry;
	struct wire_text path, name, target;
	struct wire_view view;
	size_t offset = 0;

	(void)state;
	put_files(&buffer);
	assert_int_equal(wire_next(&buffer, &offset, &view), 1);
	assert_int_equal(view.type, WIRE_FILES);
	assert_int_equal(((const struct wire_item *)view.body)->id, 7);
	assert_int_equal(wire_take_text(&view, 3, &path), 0);
	assert_string_equal(path.data, "a/b");
	assert_int_equal(wire_take_entry(&view, &entry, &name, &target), 0);
	assert_int_equal(entry->inode, 11);
	assert_string_equal(name.data, "one");
	assert_int_equal(target.bytes, 0);
	assert_int_equal(wire_take_entry(&view, &entry, &name, &target), 0);
	assert_int_equal(entry->inode, 12);
	assert_string_equal(name.data, "second");
	assert_string_equal(target.data, "zwei");
	assert_int_equal(wire_take_entry(&view, &entry, &name, &target), -EPROTO);
	assert_int_equal(wire_next(&buffer, &offset, &view), 0);
}

static void a_full_buffer_is_left_as_it_was(void **state)
{
	struct wire_done done = {.id = 1};
	struct wire_buffer buffer = buffer_over(out_data, sizeof(done) + 32);
	size_t used;

	(void)state;
	assert_int_equal(wire_put(&buffer, WIRE_DONE, &done, sizeof(done), NULL, 0), 0);
	used = buffer.used;
	assert_int_equal(wire_put(&buffer, WIRE_DONE, &done, sizeof(done), NULL, 0), -ENOSPC);
	assert_int_equal(buffer.used, used);
}

static void every_truncation_is_refused(void **state)
{
	struct wire_buffer whole = buffer_over(out_data, sizeof(out_data));
	struct wire_view view;

	(void)state;
	put_files(&whole);
	for (size_t bytes = 1; bytes < whole.used; bytes++) {
		struct wire_buffer cut = whole;
		size_t offset = 0;

		cut.used = bytes;
		assert_int_equal(wire_next(&cut, &offset, &view), -EPROTO);
	}
}

/* Whatever a broken peer sends, reading it stays inside the datagram (the sanitizers look on). */
static void flipped_bytes_never_lead_outside(void **state)
{
	struct wire_buffer whole = buffer_over(out_data, sizeof(out_data));

	(void)state;
	put_files(&whole);
	for (size_t at = 0; at < whole.used * 8; at++) {
		struct wire_buffer copy = whole;
		const struct wire_entry *entry;
		struct wire_text name, target;
		struct wire_view view;
		size_t offset = 0;

		copy.data = malloc(whole.used);
		memcpy(copy.data, whole.data, whole.used);
		copy.data[at / 8] ^= (uint8_t)(1u << at % 8);
		while (wire_next(&copy, &offset, &view) > 0)
			if (!wire_take_text(&view, 3, &name))
				while (!wire_take_entry(&view, &entry, &name, &target))
					assert_true(memchr(name.data, '\0', name.bytes + 1u));
		free(copy.data);
	}
}

static void a_name_with_a_nul_inside_is_refused(void **state)
{
	struct wire_buffer buffer = buffer_over(out_data, sizeof(out_data));
	struct wire_notice notice = {.text_bytes = 3};
	struct wire_text text = {"a\0b", 3};
	struct wire_view view;
	size_t offset = 0;

	(void)state;
	assert_int_equal(wire_put(&buffer, WIRE_NOTICE, &notice, sizeof(notice), &text, 1), 0);
	assert_int_equal(wire_next(&buffer, &offset, &view), 1);
	assert_int_equal(wire_take_text(&view, 3, &text), -EPROTO);
}

static void unknown_types_are_refused(void **state)
{
	struct wire_buffer buffer = buffer_over(out_data, sizeof(out_data));
	struct wire_view view;
	size_t offset = 0;

	(void)state;
	assert_int_equal(wire_put(&buffer, (enum wire_type)999, NULL, 0, NULL, 0), 0);
	assert_int_equal(wire_next(&buffer, &offset, &view), -EPROTO);
}

static void descriptors_travel_with_their_datagram(void **state)
{
	struct wire_buffer out = buffer_over(out_data, sizeof(out_data));
	struct wire_buffer in = buffer_over(in_data, sizeof(in_data));
	struct wire_root root = {.root = 5, .label_bytes = 1};
	struct wire_text label = text_of("x");
	int pair[2], sent[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(pipe(sent), 0);
	assert_int_equal(wire_put(&out, WIRE_ROOT, &root, sizeof(root), &label, 1), 0);
	out.fd[0] = sent[0];
	out.fd[1] = sent[1];
	assert_int_equal(wire_send(pair[0], &out, true), 0);
	assert_int_equal(wire_receive(pair[1], &in, true), 1);
	assert_int_equal(write(in.fd[1], "!", 1), 1);
	assert_true(fcntl(in.fd[0], F_GETFD) & FD_CLOEXEC);
	close(in.fd[0]);
	close(in.fd[1]);
	assert_int_equal(wire_receive(pair[1], &in, false), -EAGAIN);
	close(pair[0]);
	assert_int_equal(wire_receive(pair[1], &in, true), 0);
	close(pair[1]);
	close(sent[0]);
	close(sent[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_back_as_they_were_put),
		cmocka_unit_test(a_full_buffer_is_left_as_it_was),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(flipped_bytes_never_lead_outside),
		cmocka_unit_test(a_name_with_a_nul_inside_is_refused),
		cmocka_unit_test(unknown_types_are_refused),
		cmocka_unit_test(descriptors_travel_with_their_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
