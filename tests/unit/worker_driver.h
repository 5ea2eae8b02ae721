/* SPDX-License-Identifier: MIT */
/* Plays the coordinator to one worker, a child process, over a real channel. */
#ifndef TESTS_UNIT_WORKER_DRIVER_H
#define TESTS_UNIT_WORKER_DRIVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "progress/region.h"
#include "wire/message.h"
#include "worker/worker.h"

#define DRIVER_FAILURES_MAX 64

struct variant {
	const char *place; /* where the trees are made: a filesystem in memory, one on a disk */
	enum job_strategy strategy;
};

/* What a worker has said of one item. */
struct outcome {
	enum wire_type type; /* of the answer */
	struct wire_done done;
	struct wire_listed listed;
	struct wire_prepared prepared;
	unsigned failure_count;
	struct wire_failure failure[DRIVER_FAILURES_MAX];
	unsigned outcome_count;
	struct wire_outcome outcome[DRIVER_FAILURES_MAX];
	struct wire_view entries; /* LISTED: in the driver's buffer */
};

struct driver {
	const struct variant *variant;
	struct job_options options;
	struct region region;
	struct wire_hello hello;
	int channel;
	pid_t pid;
	char path[256]; /* of the directory that holds both trees */
	int source_fd;
	int target_fd;
	uint64_t next_id;
	struct wire_buffer in;
	struct wire_buffer out;
};

static inline struct wire_text driver_text(const char *text)
{
	return (struct wire_text){text, strlen(text)};
}

static inline void driver_send(struct driver *driver)
{
	assert_int_equal(wire_send(driver->channel, &driver->out, true), 0);
}

static inline void driver_put(struct driver *driver, enum wire_type type, const void *body,
	size_t body_bytes, const struct wire_text *text, unsigned text_count)
{
	assert_int_equal(wire_put(&driver->out, type, body, body_bytes, text, text_count), 0);
}

/* ---- the worker's process ---- */

static inline void driver_be_worker(const struct driver *driver, int channel)
{
	int region_fd = fcntl(driver->region.inherit_fd, F_DUPFD, 100);
	int channel_fd = fcntl(channel, F_DUPFD, 100);

	if (dup2(channel_fd, WIRE_CHANNEL_FD) < 0 || dup2(region_fd, WIRE_REGION_FD) < 0)
		_exit(90);
	for (int fd = WIRE_REGION_FD + 1; fd < 200; fd++)
		close(fd);
	_exit(worker_main());
}

static inline void driver_receive(struct driver *driver)
{
	assert_int_equal(wire_receive(driver->channel, &driver->in, true), 1);
}

static inline void driver_greet(struct driver *driver)
{
	struct wire_setup setup = {.options = driver->options, .version = WIRE_VERSION, .lane = 1};
	struct wire_view view;
	size_t offset = 0;

	driver_put(driver, WIRE_SETUP, &setup, sizeof(setup), NULL, 0);
	driver_send(driver);
	driver_receive(driver);
	assert_int_equal(wire_next(&driver->in, &offset, &view), 1);
	assert_int_equal(view.type, WIRE_HELLO);
	memcpy(&driver->hello, view.body, sizeof(driver->hello));
}

static inline void driver_add_root(struct driver *driver)
{
	struct wire_text label = driver_text("the/source");
	struct wire_root root = {.root = 1, .label_bytes = (uint32_t)label.bytes};

	driver_put(driver, WIRE_ROOT, &root, sizeof(root), &label, 1);
	driver->out.fd[0] = driver->source_fd;
	driver->out.fd[1] = driver->target_fd;
	driver_send(driver);
}

/* Starts the worker with the driver's options, which the test may have changed. */
static inline void driver_start(struct driver *driver)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	driver->pid = fork();
	assert_true(driver->pid >= 0);
	if (!driver->pid) {
		close(pair[0]);
		driver_be_worker(driver, pair[1]);
	}
	close(pair[1]);
	driver->channel = pair[0];
	driver_greet(driver);
	driver_add_root(driver);
}

/* Hangs up; the worker must end by itself. */
static inline void driver_stop(struct driver *driver)
{
	int status;

	if (!driver->pid)
		return;
	close(driver->channel);
	assert_int_equal(waitpid(driver->pid, &status, 0), driver->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	driver->pid = 0;
}

static inline int driver_make_tree(struct driver *driver, const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", driver->path, name);
	assert_int_equal(mkdir(path, 0755), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static inline void driver_open(struct driver *driver, const struct variant *variant)
{
	struct region_spec spec = {.operation = "cp", .lane_count = 2};

	memset(driver, 0, sizeof(*driver));
	driver->variant = variant;
	driver->options = (struct job_options){
		.strategy = variant->strategy,
		.preserve = PRESERVE_MODE | PRESERVE_OWNER | PRESERVE_TIMES | PRESERVE_LINKS |
			    PRESERVE_XATTR,
		.umask = 022,
		.recursive = true,
		.copy_special = true,
	};
	assert_int_equal(region_create(&spec, &driver->region), 0);
	snprintf(driver->path, sizeof(driver->path), "%s/haul-test-XXXXXX", variant->place);
	assert_non_null(mkdtemp(driver->path));
	driver->source_fd = driver_make_tree(driver, "source");
	driver->target_fd = driver_make_tree(driver, "target");
	driver->in.data = malloc(WIRE_DATAGRAM_BYTES);
	driver->out.data = malloc(WIRE_DATAGRAM_BYTES);
	assert_true(driver->in.data && driver->out.data);
	driver->in.capacity = driver->out.capacity = WIRE_DATAGRAM_BYTES;
	wire_reset(&driver->in);
	wire_reset(&driver->out);
}

static inline int driver_remove_one(
	const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static inline void driver_close(struct driver *driver)
{
	driver_stop(driver);
	close(driver->source_fd);
	close(driver->target_fd);
	region_remove(&driver->region);
	assert_int_equal(nftw(driver->path, driver_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(driver->in.data);
	free(driver->out.data);
}

static inline uint64_t driver_counter(const struct driver *driver, enum haul_counter counter)
{
	const struct haul_header *header = driver->region.header;
	const char *lane = (const char *)header + header->header_bytes + header->lane_stride_bytes;

	return __atomic_load_n(&((const struct haul_lane *)(const void *)lane)->counter[counter],
		__ATOMIC_RELAXED);
}

/* ---- answers ---- */

static inline bool driver_take(struct outcome *outcome, struct wire_view *view)
{
	switch (view->type) {
	case WIRE_FAILURE:
		assert_true(outcome->failure_count < DRIVER_FAILURES_MAX);
		memcpy(&outcome->failure[outcome->failure_count++], view->body,
			sizeof(struct wire_failure));
		return false;
	case WIRE_OUTCOME:
		assert_true(outcome->outcome_count < DRIVER_FAILURES_MAX);
		memcpy(&outcome->outcome[outcome->outcome_count++], view->body,
			sizeof(struct wire_outcome));
		return false;
	case WIRE_DONE:
		memcpy(&outcome->done, view->body, sizeof(outcome->done));
		break;
	case WIRE_LISTED:
		memcpy(&outcome->listed, view->body, sizeof(outcome->listed));
		outcome->entries = *view;
		break;
	case WIRE_PREPARED:
		memcpy(&outcome->prepared, view->body, sizeof(outcome->prepared));
		break;
	default:
		return false;
	}
	outcome->type = view->type;
	return true;
}

/* Sends what was put and waits until the one item in it is answered. */
static inline void driver_run(struct driver *driver, struct outcome *ret_outcome)
{
	struct wire_view view;
	bool answered = false;

	memset(ret_outcome, 0, sizeof(*ret_outcome));
	driver_send(driver);
	while (!answered) {
		size_t offset = 0;

		driver_receive(driver);
		while (wire_next(&driver->in, &offset, &view) == 1)
			answered = driver_take(ret_outcome, &view) || answered;
	}
}

static inline void driver_check_clean(const struct outcome *outcome)
{
	if (outcome->failure_count)
		fail_msg("failure: operation %u, error %d (%s)", outcome->failure[0].operation,
			outcome->failure[0].error, strerror(outcome->failure[0].error));
}

static inline void driver_check_failure(
	const struct outcome *outcome, unsigned index, enum wire_operation operation, int error)
{
	assert_int_equal(outcome->failure_count, 1);
	assert_int_equal(outcome->failure[0].index, index);
	assert_int_equal(outcome->failure[0].operation, operation);
	assert_int_equal(outcome->failure[0].error, error);
	assert_int_equal(outcome->failure[0].warning, 0);
}

/* ---- items ---- */

static inline struct wire_item driver_item(
	struct driver *driver, const char *path, uint32_t entry_count, uint32_t flags)
{
	return (struct wire_item){
		.id = ++driver->next_id,
		.root = 1,
		.flags = flags,
		.path_bytes = (uint32_t)strlen(path),
		.entry_count = entry_count,
	};
}

static inline void driver_list(struct driver *driver, const char *path, uint64_t position,
	uint32_t flags, struct outcome *ret_outcome)
{
	struct wire_list list = {driver_item(driver, path, 0, flags), position};
	struct wire_text text = driver_text(path);

	driver_put(driver, WIRE_LIST, &list, sizeof(list), &text, 1);
	driver_run(driver, ret_outcome);
}

static inline void driver_entry(struct driver *driver, const char *path, const char *name,
	unsigned index, struct wire_entry *ret_entry)
{
	char full[300];
	struct stat status;

	memset(ret_entry, 0, sizeof(*ret_entry));
	ret_entry->index = (uint16_t)index;
	snprintf(full, sizeof(full), "%s%s%s", path, *path ? "/" : "", name);
	if (fstatat(driver->source_fd, full, &status, AT_SYMLINK_NOFOLLOW))
		return;
	ret_entry->inode = status.st_ino;
	ret_entry->device = status.st_dev;
	ret_entry->bytes = (uint64_t)status.st_size;
	ret_entry->mode = status.st_mode;
	ret_entry->links = (uint32_t)status.st_nlink;
	if (status.st_blocks < status.st_size / 512)
		ret_entry->flags = ENTRY_SPARSE;
}

/* `names` are separated by spaces. */
static inline void driver_put_files(
	struct driver *driver, const char *path, const char *names, uint32_t flags)
{
	struct wire_item item = driver_item(driver, path, 0, flags);
	struct wire_text text = driver_text(path);
	char copy[4096], *rest = copy, *name;
	struct wire_item *body;
	size_t start;
	unsigned count = 0;

	snprintf(copy, sizeof(copy), "%s", names);
	assert_int_equal(
		wire_begin(&driver->out, WIRE_FILES, &item, sizeof(item), &text, 1, &start), 0);
	while ((name = strsep(&rest, " "))) {
		struct wire_entry entry;

		driver_entry(driver, path, name, count++, &entry);
		assert_int_equal(
			wire_add_entry(&driver->out, &entry, driver_text(name), driver_text("")),
			0);
	}
	body = wire_end(&driver->out, start);
	body->entry_count = count;
}

static inline void driver_files(struct driver *driver, const char *path, const char *names,
	uint32_t flags, struct outcome *ret_outcome)
{
	driver_put_files(driver, path, names, flags);
	driver_run(driver, ret_outcome);
	assert_int_equal(ret_outcome->type, WIRE_DONE);
}

static inline void driver_finish(struct driver *driver, const char *path,
	const struct wire_directory *directory, struct outcome *ret_outcome)
{
	struct wire_finish finish = {driver_item(driver, path, 0, 0), *directory};
	struct wire_text text = driver_text(path);

	driver_put(driver, WIRE_FINISH, &finish, sizeof(finish), &text, 1);
	driver_run(driver, ret_outcome);
	assert_int_equal(ret_outcome->type, WIRE_DONE);
}

static inline void driver_link(struct driver *driver, const char *existing, const char *path,
	const char *name, struct outcome *ret_outcome)
{
	struct wire_link link = {
		.item = driver_item(driver, path, 0, 0),
		.existing_root = 1,
		.existing_path_bytes = (uint32_t)strlen(existing),
		.name_bytes = (uint32_t)strlen(name),
	};
	struct wire_text text[] = {driver_text(path), driver_text(existing), driver_text(name)};

	driver_put(driver, WIRE_LINK, &link, sizeof(link), text, 3);
	driver_run(driver, ret_outcome);
	assert_int_equal(ret_outcome->type, WIRE_DONE);
}

/* ---- files ---- */

/* Content that differs from place to place, so that a chunk in the wrong one shows. */
static inline void driver_fill(uint8_t *data, size_t bytes, unsigned seed)
{
	uint32_t state = seed * 2654435761u + 1;

	for (size_t i = 0; i < bytes; i++) {
		state = state * 1664525u + 1013904223u;
		data[i] = (uint8_t)(state >> 24);
	}
}

static inline void driver_write(int directory_fd, const char *name, size_t bytes, unsigned seed)
{
	int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	uint8_t *data = malloc(bytes + 1);

	assert_true(fd >= 0 && data);
	driver_fill(data, bytes, seed);
	assert_int_equal(write(fd, data, bytes), bytes);
	close(fd);
	free(data);
}

/* A time long ago, as nearly all files have. */
static inline void driver_age(int directory_fd, const char *name)
{
	struct timespec times[2] = {{1000000000, 123456789}, {1000000001, 987654321}};

	assert_int_equal(utimensat(directory_fd, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline void driver_check_same(const struct driver *driver, const char *name)
{
	int source = openat(driver->source_fd, name, O_RDONLY | O_CLOEXEC);
	int target = openat(driver->target_fd, name, O_RDONLY | O_CLOEXEC);
	static uint8_t left[65536], right[65536];
	ssize_t got;

	assert_true(source >= 0);
	assert_true(target >= 0);
	do {
		got = read(source, left, sizeof(left));
		assert_true(got >= 0);
		assert_int_equal(read(target, right, sizeof(right)), got);
		assert_memory_equal(left, right, (size_t)got);
	} while (got);
	close(source);
	close(target);
}

static inline struct stat driver_stat(int directory_fd, const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status;
}

static inline bool driver_exists(int directory_fd, const char *name)
{
	return !faccessat(directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static inline void driver_check_metadata(const struct driver *driver, const char *name)
{
	struct stat source = driver_stat(driver->source_fd, name);
	struct stat target = driver_stat(driver->target_fd, name);

	assert_int_equal(target.st_mode, source.st_mode);
	assert_int_equal(target.st_uid, source.st_uid);
	assert_int_equal(target.st_gid, source.st_gid);
	assert_int_equal(target.st_mtim.tv_sec, source.st_mtim.tv_sec);
	assert_int_equal(target.st_mtim.tv_nsec, source.st_mtim.tv_nsec);
}

/* ---- running tests in all variants ---- */

static const struct variant driver_variants[] = {
	{"/dev/shm", STRATEGY_AUTO},
	{"/dev/shm", STRATEGY_PLAIN},
	{"/var/tmp", STRATEGY_AUTO},
	{"/var/tmp", STRATEGY_PLAIN},
};

static inline int driver_setup(void **state)
{
	const struct variant *variant = *state;
	struct driver *driver = malloc(sizeof(*driver));

	if (!driver)
		return -1;
	driver_open(driver, variant);
	*state = driver;
	return 0;
}

static inline int driver_teardown(void **state)
{
	driver_close(*state);
	free(*state);
	return 0;
}

struct named_test {
	const char *name;
	CMUnitTestFunction function;
};

#define DRIVER_TESTS_MAX 64
#define NAMED_TEST(function)                                                                       \
	{                                                                                          \
#function, function                                                                \
	}

static inline int driver_run_tests(const char *title, const struct named_test *test, size_t count)
{
	int failed = 0;

	if (count > DRIVER_TESTS_MAX)
		return 1;
	for (size_t v = 0; v < sizeof(driver_variants) / sizeof(driver_variants[0]); v++) {
		struct CMUnitTest unit[DRIVER_TESTS_MAX];
		char name[128];

		for (size_t i = 0; i < count; i++)
			unit[i] = (struct CMUnitTest){test[i].name, test[i].function, driver_setup,
				driver_teardown, (void *)&driver_variants[v]};
		snprintf(name, sizeof(name), "%s in %s, %s", title, driver_variants[v].place,
			driver_variants[v].strategy == STRATEGY_PLAIN ? "plain calls" : "ring");
		failed += _cmocka_run_group_tests(name, unit, count, NULL, NULL);
	}
	return failed;
}

#endif
