/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/cache.h"
#include "io/write_window.h"

#define MIB        (1 << 20)
#define FILE_BYTES (96 * MIB)
#define PIECE      MIB

/* On a disk: in memory nothing is ever dropped. */
static int new_file(void)
{
	char path[] = "/var/tmp/haul-cache.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	return fd;
}

static uint64_t cached_bytes(int fd, uint64_t offset, uint64_t bytes)
{
	struct cache_view view;
	uint64_t count = 0;

	assert_int_equal(cache_look(fd, offset, bytes, &view), 0);
	for (uint64_t i = 0; i < view.pages; i++)
		count += view.page[i] & 1;
	cache_forget(&view);
	return count * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void write_piece(int fd, uint64_t offset)
{
	static char piece[PIECE];

	assert_int_equal(pwrite(fd, piece, PIECE, (off_t)offset), PIECE);
}

static void read_piece(int fd, uint64_t offset)
{
	static char piece[PIECE];

	assert_int_equal(pread(fd, piece, PIECE, (off_t)offset), PIECE);
}

static void drops_only_what_was_not_there(void **state)
{
	int fd = new_file();
	struct cache_view view;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		write_piece(fd, i * MIB);
	assert_int_equal(fdatasync(fd), 0);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	if (cached_bytes(fd, 0, 8 * MIB))
		skip();
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
	read_piece(fd, 2 * MIB);
	assert_int_equal(cache_look(fd, 0, 8 * MIB, &view), 0);
	for (unsigned i = 0; i < 8; i++)
		read_piece(fd, i * MIB);
	assert_int_equal(cached_bytes(fd, 0, 8 * MIB), 8 * MIB);
	cache_drop_new(&view, fd);
	cache_forget(&view);
	assert_int_equal(cached_bytes(fd, 2 * MIB, MIB), MIB);
	assert_in_range(cached_bytes(fd, 0, 8 * MIB), MIB, 2 * MIB);
	close(fd);
}

static void estimates_by_samples(void **state)
{
	int fd = new_file();
	uint64_t bytes;

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		write_piece(fd, i * MIB);
	assert_int_equal(cache_estimate(fd, 16 * MIB, &bytes), 0);
	assert_int_equal(bytes, 16 * MIB);
	assert_int_equal(fdatasync(fd), 0);
	assert_int_equal(posix_fadvise(fd, 0, 8 * MIB, POSIX_FADV_DONTNEED), 0);
	if (cached_bytes(fd, 0, 8 * MIB))
		skip();
	assert_int_equal(cache_estimate(fd, 16 * MIB, &bytes), 0);
	assert_in_range(bytes, 7 * MIB, 9 * MIB);
	close(fd);
}

/* Never more than the window and a step stays in memory. */
static void a_window_leaves_little_behind(void **state)
{
	struct write_window window;
	int fd = new_file();

	(void)state;
	write_window_begin(&window, 0);
	for (unsigned i = 0; i < FILE_BYTES / MIB; i++) {
		write_piece(fd, i * (uint64_t)MIB);
		assert_int_equal(write_window_advance(&window, fd, (i + 1) * (uint64_t)MIB), 0);
		if (window.refused)
			skip();
	}
	assert_in_range(cached_bytes(fd, 0, FILE_BYTES), 1, FILE_BYTES / 2);
	assert_int_equal(write_window_end(&window, fd, FILE_BYTES, true), 0);
	assert_int_equal(cached_bytes(fd, 0, FILE_BYTES), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drops_only_what_was_not_there),
		cmocka_unit_test(estimates_by_samples),
		cmocka_unit_test(a_window_leaves_little_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
