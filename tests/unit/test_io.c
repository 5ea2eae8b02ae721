/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/buffer_pool.h"
#include "io/close_batch.h"
#include "io/extent.h"
#include "io/resolve.h"
#include "io/ring.h"
#include "io/source.h"
#include "io/tag.h"
#include "io/target.h"
#include "io/tree.h"

/* A directory for each test. */
struct place {
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	struct place *place = malloc(sizeof(*place));

	if (!place)
		return -1;
	*state = place;
	strcpy(place->path, "/var/tmp/haul-test-XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return place->fd < 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static int tear_down(void **state)
{
	struct place *place = *state;
	int error = nftw(place->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	close(place->fd);
	free(place);
	return error;
}

/* ---- tags ---- */

static void test_a_tag_survives_packing(void **state)
{
	const struct ring_tag tag = {0xfedc, 0xba, 0x98, 0x76543210};
	struct ring_tag back = ring_tag_unpack(ring_tag_pack(tag));

	(void)state;
	assert_int_equal(ring_tag_pack(tag), UINT64_C(0x7654321098bafedc));
	assert_memory_equal(&back, &tag, sizeof(tag));
}

/* ---- the pool ---- */

static void test_the_pool_hands_out_the_last_buffer_first(void **state)
{
	struct buffer_pool pool;
	uint8_t *first, *second;

	(void)state;
	assert_int_equal(buffer_pool_open(&pool, 2, 4096), 0);
	first = buffer_pool_take(&pool);
	second = buffer_pool_take(&pool);
	assert_ptr_not_equal(first, second);
	assert_null(buffer_pool_take(&pool));
	buffer_pool_give(&pool, first);
	assert_ptr_equal(buffer_pool_take(&pool), first);
	buffer_pool_close(&pool);
}

/* ---- closing ---- */

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_a_batch_closes_what_it_was_given_and_nothing_else(void **state)
{
	struct place *place = *state;
	struct close_batch batch = {.count = 0};
	int fd[40];

	for (int i = 0; i < 40; i++)
		fd[i] = fcntl(place->fd, F_DUPFD_CLOEXEC, 500);
	for (int i = 39; i >= 0; i--)
		if (i % 5)
			close_batch_add(&batch, fd[i]);
	close_batch_flush(&batch);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(is_open(fd[i]), i % 5 == 0);
		if (i % 5 == 0)
			close(fd[i]);
	}
}

/* ---- resolving ---- */

static void test_resolving_stays_below_and_follows_nothing(void **state)
{
	struct place *place = *state;
	int fd;

	assert_int_equal(mkdirat(place->fd, "a", 0755), 0);
	assert_int_equal(mkdirat(place->fd, "a/b", 0755), 0);
	assert_int_equal(symlinkat("a", place->fd, "link"), 0);
	for (int way = 0; way < 2; way++) {
		bool step_by_step = way;

		assert_int_equal(resolve_directory(place->fd, "a/b", false, &step_by_step, &fd), 0);
		close(fd);
		assert_int_equal(resolve_directory(place->fd, "", false, &step_by_step, &fd), 0);
		close(fd);
		assert_true(resolve_directory(place->fd, "link/b", false, &step_by_step, &fd) < 0);
		assert_int_equal(
			resolve_directory(place->fd, "a/../..", false, &step_by_step, &fd), -EXDEV);
		assert_int_equal(
			resolve_directory(place->fd, "a/c", false, &step_by_step, &fd), -ENOENT);
		assert_int_equal(
			resolve_directory(place->fd, "link/b", true, &step_by_step, &fd), 0);
		close(fd);
	}
}

static void test_resolving_goes_deeper_than_a_path_can_be(void **state)
{
	enum {
		LEVELS = 40,
		NAME_BYTES = 200
	};
	struct place *place = *state;
	char name[NAME_BYTES + 1], path[LEVELS * (NAME_BYTES + 1) + 1] = "";
	struct stat expected, found;
	bool step_by_step = false;
	int level[LEVELS + 1], fd;

	memset(name, 'x', NAME_BYTES);
	name[NAME_BYTES] = '\0';
	level[0] = dup(place->fd);
	for (int i = 0; i < LEVELS; i++) {
		assert_int_equal(mkdirat(level[i], name, 0755), 0);
		level[i + 1] = openat(level[i], name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		strcat(strcat(path, i ? "/" : ""), name);
	}
	assert_true(strlen(path) > PATH_MAX);
	assert_int_equal(fstat(level[LEVELS], &expected), 0);
	assert_int_equal(resolve_directory(place->fd, path, false, &step_by_step, &fd), 0);
	assert_int_equal(fstat(fd, &found), 0);
	assert_int_equal(found.st_ino, expected.st_ino);
	close(fd);
	for (int i = LEVELS; i >= 0; i--) {
		close(level[i]);
		if (i)
			assert_int_equal(unlinkat(level[i - 1], name, AT_REMOVEDIR), 0);
	}
}

/* ---- the tree ---- */

static void test_the_tree_keeps_directories_open_but_not_all(void **state)
{
	struct place *place = *state;
	struct tree tree = {.kept_max = TREE_KEPT_DIRECTORIES};
	struct tree_directory *first, *again, *other;
	char name[16];

	assert_int_equal(tree_add_root(&tree, 5, dup(place->fd), dup(place->fd), "label", 5), 0);
	assert_int_equal(mkdirat(place->fd, "d", 0755), 0);
	assert_int_equal(tree_open(&tree, 5, TREE_SOURCE, "d", 1, &first), 0);
	tree_give_back(&tree, first);
	assert_int_equal(tree_open(&tree, 5, TREE_SOURCE, "d", 1, &again), 0);
	assert_ptr_equal(first, again);
	assert_int_equal(tree_open(&tree, 5, TREE_TARGET, "d", 1, &other), 0);
	assert_ptr_not_equal(other, first);
	tree_give_back(&tree, other);
	for (unsigned i = 0; i < 2 * TREE_KEPT_DIRECTORIES; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		assert_int_equal(mkdirat(place->fd, name, 0755), 0);
		assert_int_equal(tree_open(&tree, 5, TREE_SOURCE, name, strlen(name), &other), 0);
		tree_give_back(&tree, other);
	}
	assert_true(tree.kept <= TREE_KEPT_DIRECTORIES);
	/* What is in use stays, even without its root. */
	tree_remove_root(&tree, 5);
	assert_true(is_open(again->fd));
	assert_int_equal(tree_open(&tree, 5, TREE_SOURCE, "d", 1, &other), -ENOENT);
	tree_give_back(&tree, again);
	assert_int_equal(tree.kept, 0);
	tree_close(&tree);
}

/* ---- extents ---- */

static void test_extents_end_where_the_file_does(void **state)
{
	struct place *place = *state;
	struct extent extent;
	struct stat status;
	int fd = openat(place->fd, "sparse", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(pwrite(fd, "x", 1, 1 << 20), 1);
	assert_int_equal(ftruncate(fd, 4 << 20), 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_true(extent_is_sparse(&status));
	assert_int_equal(extent_next(fd, 0, 4 << 20, &extent), 0);
	assert_true(extent.start <= 1 << 20 && extent.end > 1 << 20);
	assert_int_equal(extent_next(fd, 2 << 20, 4 << 20, &extent), 0);
	assert_int_equal(extent.start, 4 << 20);
	assert_int_equal(extent.end, 4 << 20);
	close(fd);
}

/* ---- targets ---- */

static struct target target_in(const struct place *place, struct filesystem *filesystem)
{
	return (struct target){
		.directory_fd = place->fd,
		.name = "name",
		.filesystem = filesystem,
		.fd = TARGET_NONE,
	};
}

static unsigned count_names(const struct place *place)
{
	DIR *directory = opendir(place->path);
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(directory);
	return count;
}

static void check_target(struct place *place, struct filesystem filesystem)
{
	struct target target = target_in(place, &filesystem);
	struct stat status;
	mode_t mode;

	assert_int_equal(target_create(&target, 0640, &mode), 0);
	assert_int_equal(fstatat(place->fd, "name", &status, 0), -1);
	assert_int_equal(target_publish(&target), 0);
	assert_int_equal(target_close(&target), 0);
	assert_int_equal(fstatat(place->fd, "name", &status, 0), 0);
	assert_int_equal(status.st_mode, S_IFREG | mode);
	assert_int_equal(status.st_nlink, 1);

	assert_int_equal(target_create(&target, 0640, &mode), 0);
	assert_int_equal(target_publish(&target), -EEXIST);
	target_abandon(&target);
	assert_int_equal(count_names(place), 1);
	assert_int_equal(unlinkat(place->fd, "name", 0), 0);
}

static void test_a_target_appears_whole_in_every_way(void **state)
{
	check_target(*state, (struct filesystem){.in_memory = false});
	check_target(*state, (struct filesystem){.no_link_by_fd = true});
	check_target(*state, (struct filesystem){.no_unnamed_file = true});
	check_target(
		*state, (struct filesystem){.no_unnamed_file = true, .no_exclusive_rename = true});
}

static void test_an_existing_target_is_judged_before_it_is_opened(void **state)
{
	struct place *place = *state;
	struct filesystem filesystem = {.in_memory = false};
	struct target target = target_in(place, &filesystem);
	struct target_manner manner = {.follow = false};
	struct stat source = {.st_ino = 0}, status;

	assert_int_equal(target_open_existing(&target, manner, &source, &status), TARGET_ABSENT);
	assert_int_equal(mkfifoat(place->fd, "name", 0644), 0);
	assert_int_equal(target_open_existing(&target, manner, &source, &status), TARGET_OTHER);
	assert_int_equal(unlinkat(place->fd, "name", 0), 0);
	assert_int_equal(mknodat(place->fd, "name", S_IFREG | 0644, 0), 0);
	assert_int_equal(fstatat(place->fd, "name", &source, 0), 0);
	assert_int_equal(target_open_existing(&target, manner, &source, &status), TARGET_SAME);
	source.st_ino++;
	assert_int_equal(target_open_existing(&target, manner, &source, &status), TARGET_OPENED);
	assert_int_equal(target_close(&target), 0);
}

/* ---- sources ---- */

static void test_a_source_is_at_rest_only_when_it_is_old(void **state)
{
	struct stat status = {.st_ctim = {1000, 0}};

	(void)state;
	assert_false(source_at_rest(&status, 1000));
	assert_false(source_at_rest(&status, 999));
	assert_false(source_at_rest(&status, 1010));
	assert_true(source_at_rest(&status, 1011));
}

/* ---- the ring ---- */

struct seen {
	unsigned count;
	struct ring_tag tag;
	int result;
};

static void see(void *context, struct ring_tag tag, int result)
{
	struct seen *seen = context;

	seen->count++;
	seen->tag = tag;
	seen->result = result;
}

static void test_the_ring_brings_back_tags_and_errors(void **state)
{
	struct place *place = *state;
	struct ring_tag tag = {.slot = 7, .operation = 2, .part = 3, .generation = 9};
	struct seen seen = {.count = 0};
	struct ring ring;
	char buffer[8];

	if (ring_open(&ring))
		skip();
	assert_int_equal(ring_read(&ring, tag, place->fd, buffer, sizeof(buffer), 0), 0);
	assert_int_equal(ring.in_flight, 1);
	while (!seen.count)
		assert_true(ring_reap(&ring, true, see, &seen) >= 0);
	assert_int_equal(seen.result, -EISDIR);
	assert_int_equal(ring_tag_pack(seen.tag), ring_tag_pack(tag));
	assert_int_equal(ring.in_flight, 0);
	ring_close(&ring);
}

static void test_the_ring_takes_more_than_it_has_entries(void **state)
{
	enum {
		REQUESTS = RING_ENTRIES + 100
	};
	struct place *place = *state;
	struct ring_tag tag = {.slot = 1};
	struct seen seen = {.count = 0};
	struct ring ring;
	char buffer[8];

	if (ring_open(&ring))
		skip();
	for (unsigned i = 0; i < REQUESTS; i++)
		assert_int_equal(ring_read(&ring, tag, place->fd, buffer, sizeof(buffer), 0), 0);
	while (seen.count < REQUESTS)
		assert_true(ring_reap(&ring, true, see, &seen) >= 0);
	assert_int_equal(seen.count, REQUESTS);
	assert_int_equal(ring.in_flight, 0);
	ring_close(&ring);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_tag_survives_packing),
		TEST(test_the_pool_hands_out_the_last_buffer_first),
		TEST(test_a_batch_closes_what_it_was_given_and_nothing_else),
		TEST(test_resolving_stays_below_and_follows_nothing),
		TEST(test_resolving_goes_deeper_than_a_path_can_be),
		TEST(test_the_tree_keeps_directories_open_but_not_all),
		TEST(test_extents_end_where_the_file_does),
		TEST(test_a_target_appears_whole_in_every_way),
		TEST(test_an_existing_target_is_judged_before_it_is_opened),
		TEST(test_a_source_is_at_rest_only_when_it_is_old),
		TEST(test_the_ring_brings_back_tags_and_errors),
		TEST(test_the_ring_takes_more_than_it_has_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
