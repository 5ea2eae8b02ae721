/* SPDX-License-Identifier: MIT */
#include "worker/list_item.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "io/extent.h"
#include "io/listing.h"
#include "util/clock.h"
#include "util/empty.h"
#include "util/fresh.h"
#include "worker/namesake.h"
#include "worker/rehearse_item.h"

/* Entries that are looked at one after the other before the time that it takes is judged. */
#define PROBE_ENTRIES 8

/* Slower than this per entry, the inodes come from a device, and asking for many at once helps. A
 * cached one takes well under 2 us, a read from a fast device 60 us and more. */
#define SLOW_STAT_NS 30000

/* Entries asked for at once, then. */
#define STAT_DEPTH 64

#define STAT_MASK                                                                                  \
	(STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_INO | STATX_SIZE | STATX_BLOCKS |           \
		STATX_MTIME | STATX_CTIME)

struct list {
	struct slot slot;
	struct work *work;
	struct wire_directory directory;
	int stat_flags;
	unsigned next;     /* entry to ask for */
	unsigned pending;  /* requests in flight */
	size_t text_bytes; /* of all names, for the answer */
	struct wire_entry entry[LISTING_NAMES_MAX];
	struct statx status[STAT_DEPTH]; /* by part of the tag */
	unsigned asked[STAT_DEPTH];      /* for which entry */
	struct listing listing;
};

const size_t list_slot_bytes = sizeof(struct list);

static bool is_first(const struct work *work)
{
	return !work->list->position;
}

/* ---- the answer ---- */

static void list_end(struct executor *executor, struct list *list)
{
	struct work *work = list->work;

	slot_give_back(&executor->slots, &list->slot);
	executor_end_work(executor, work);
}

/* What is known of the directory itself is told all the same: it may have been made. */
static void list_fail(
	struct executor *executor, struct list *list, enum wire_operation operation, int error)
{
	struct wire_listed listed = {
		.id = list->work->item->id,
		.complete = 1,
		.directory = list->directory,
	};

	executor_fail(executor, list->work, 0, operation, error);
	report_put(&executor->report, WIRE_LISTED, &listed, sizeof(listed));
	list_end(executor, list);
}

/* What somebody is asked about an entry depends on these. */
static void mark_for_removal(struct list *list, unsigned index)
{
	struct wire_entry *entry = &list->entry[index];
	const char *name = list->listing.entry[index].name;
	int fd = list->work->source->fd;

	if (!S_ISLNK(entry->mode) && faccessat(fd, name, W_OK, AT_EACCESS))
		entry->flags |= ENTRY_PROTECTED;
	if (S_ISDIR(entry->mode))
		entry->flags |= entry_emptiness(empty_directory(fd, name));
}

static int add_entries(struct wire_buffer *buffer, const struct list *list)
{
	static const struct wire_text no_target = {"", 0};
	int error = 0;

	for (unsigned i = 0; i < list->listing.count && !error; i++) {
		const char *name = list->listing.entry[i].name;

		error = wire_add_entry(
			buffer, &list->entry[i], (struct wire_text){name, strlen(name)}, no_target);
	}
	return error;
}

/* A listing is smaller than a datagram whatever the names are: an entry takes 24 bytes at least
 * where it is read from, and at most 48 more here. */
_Static_assert(LISTING_BUFFER_BYTES + LISTING_NAMES_MAX * (sizeof(struct wire_entry) + 8) +
			       sizeof(struct wire_listed) + 64 <=
		       WIRE_DATAGRAM_BYTES,
	"a listing fits into a datagram");

static void answer(struct executor *executor, struct list *list)
{
	const struct listing *listing = &list->listing;
	struct wire_listed listed = {
		.id = list->work->item->id,
		.next_position = listing->next_position,
		.entry_count = listing->count,
		.complete = listing->complete,
		.directory = list->directory,
	};
	size_t bytes = list->text_bytes + listing->count * (sizeof(struct wire_entry) + 10) +
		       sizeof(listed) + 64;
	struct wire_buffer *buffer = report_reserve(&executor->report, bytes);
	size_t start;
	int error;

	if (list->work->item->flags & ITEM_REMOVE)
		for (unsigned i = 0; i < listing->count; i++)
			mark_for_removal(list, i);
	error = wire_begin(buffer, WIRE_LISTED, &listed, sizeof(listed), NULL, 0, &start);

	if (!error)
		error = add_entries(buffer, list);
	if (error)
		executor->report.error = error;
	else
		wire_end(buffer, start);
	list_end(executor, list);
}

/* ---- what the entries are ---- */

static int64_t nanoseconds(const struct statx_timestamp *time)
{
	return time->tv_sec * 1000000000 + time->tv_nsec;
}

/* An entry whose state can't be read has no type: it fails when it is to be copied, under its own
 * name. */
static void take_status(struct list *list, unsigned index, int result, const struct statx *status)
{
	struct wire_entry *entry = &list->entry[index];

	memset(entry, 0, sizeof(*entry));
	list->text_bytes += strlen(list->listing.entry[index].name);
	if (result < 0)
		return;
	entry->inode = status->stx_ino;
	entry->device = makedev(status->stx_dev_major, status->stx_dev_minor);
	entry->bytes = status->stx_size;
	entry->modified_ns = nanoseconds(&status->stx_mtime);
	entry->changed_ns = nanoseconds(&status->stx_ctime);
	entry->mode = status->stx_mode;
	entry->links = status->stx_nlink;
	if (S_ISREG(status->stx_mode) && status->stx_blocks < status->stx_size / 512)
		entry->flags = ENTRY_SPARSE;
}

static void stat_and_wait(struct list *list, unsigned index)
{
	struct statx status;
	int result = statx(list->work->source->fd, list->listing.entry[index].name,
		list->stat_flags, STAT_MASK, &status);

	take_status(list, index, result ? -errno : 0, &status);
}

static bool queue_stat(struct executor *executor, struct list *list, unsigned part)
{
	struct ring_tag tag = slot_tag(&list->slot, 0);

	tag.part = (uint8_t)part;
	list->asked[part] = list->next;
	return !ring_stat(executor->ring, tag, list->work->source->fd,
		list->listing.entry[list->next].name, list->stat_flags, STAT_MASK,
		&list->status[part]);
}

/* Asks for one entry more, by this part of the tag. */
static void ask_next(struct executor *executor, struct list *list, unsigned part)
{
	while (list->next < list->listing.count) {
		if (queue_stat(executor, list, part)) {
			list->pending++;
			list->next++;
			return;
		}
		stat_and_wait(list, list->next++);
	}
}

static void list_complete(
	struct executor *executor, struct slot *slot, struct ring_tag tag, int result)
{
	struct list *list = (struct list *)slot;

	list->pending--;
	if (result == -EAGAIN || result == -EINTR)
		stat_and_wait(list, list->asked[tag.part]);
	else
		take_status(list, list->asked[tag.part], result, &list->status[tag.part]);
	ask_next(executor, list, tag.part);
	if (!list->pending)
		answer(executor, list);
}

/* Goes on while it is quick. True: it was too slow, and there is more. */
static bool stat_while_fast(struct list *list)
{
	uint64_t start_ns = clock_monotonic_ns(), end_ns;

	while (list->next < list->listing.count) {
		stat_and_wait(list, list->next++);
		if (list->next % PROBE_ENTRIES)
			continue;
		end_ns = clock_monotonic_ns();
		if (end_ns - start_ns > PROBE_ENTRIES * SLOW_STAT_NS)
			return true;
		start_ns = end_ns;
	}
	return false;
}

static void stat_entries(struct executor *executor, struct list *list)
{
	if (stat_while_fast(list) && executor->ring)
		for (unsigned part = 0; part < STAT_DEPTH; part++)
			ask_next(executor, list, part);
	while (!executor->ring && list->next < list->listing.count)
		stat_and_wait(list, list->next++);
	if (!list->pending)
		answer(executor, list);
}

/* ---- the directory itself ---- */

static void take_times(struct wire_directory *directory, const struct stat *status)
{
	directory->accessed_sec = status->st_atim.tv_sec;
	directory->modified_sec = status->st_mtim.tv_sec;
	directory->accessed_nsec = (uint32_t)status->st_atim.tv_nsec;
	directory->modified_nsec = (uint32_t)status->st_mtim.tv_nsec;
}

static int read_directory(int fd, struct wire_directory *ret_directory)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	*ret_directory = (struct wire_directory){
		.device = status.st_dev,
		.inode = status.st_ino,
		.mode = status.st_mode,
		.uid = status.st_uid,
		.gid = status.st_gid,
	};
	take_times(ret_directory, &status);
	return 0;
}

static bool is_before(const struct timespec *time, int64_t ns)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec < ns;
}

/* A move that goes on finds source directories that it has removed from, with a time of that. Then
 * the copy has the right one, if it got so far. */
static void keep_finished_times(
	struct executor *executor, const struct work *work, struct wire_directory *directory)
{
	const struct job_options *options = &executor->options;
	struct timespec modified = {directory->modified_sec, directory->modified_nsec};
	struct tree_directory *target;
	struct stat status;

	if (options->operation != JOB_MOVE || !options->durable_from_ns ||
		is_before(&modified, options->durable_from_ns))
		return;
	if (tree_open(&executor->tree, work->item->root, TREE_TARGET, work->path.data,
		    work->path.bytes, &target))
		return;
	if (!fstat(target->fd, &status) && is_before(&status.st_mtim, options->durable_from_ns))
		take_times(directory, &status);
	tree_give_back(&executor->tree, target);
}

/* What an earlier try left is as it was made. */
static bool was_made(const struct executor *executor, const struct work *work, int parent_fd,
	const char *name, int flags)
{
	return work->item->flags & ITEM_RETRIED &&
	       fresh_directory(parent_fd, name, flags, options_begun_ns(&executor->options));
}

/* Is it the copy of another directory, with a name that is the same at the destination? */
static bool merges(
	struct executor *executor, const struct work *work, struct tree_directory *target_parent)
{
	struct tree_directory *parent;
	const char *name;
	bool merges;

	if (tree_open_parent(&executor->tree, work->item->root, TREE_SOURCE, work->path.data,
		    work->path.bytes, &parent, &name))
		return false;
	merges = namesake_merges(parent, target_parent, name);
	tree_give_back(&executor->tree, parent);
	return merges;
}

static enum wire_operation make_below(struct executor *executor, const struct work *work,
	struct tree_directory *parent, const char *name, struct wire_directory *directory,
	int *ret_error)
{
	int flags = executor->options.keep_directory_symlink ? 0 : AT_SYMLINK_NOFOLLOW;
	int parent_fd = parent->fd;
	struct stat status;

	*ret_error = 0;
	directory->created = 1;
	directory->target_device = parent->filesystem->device;
	if (!mkdirat(parent_fd, name, 0700))
		return OPERATION_NONE;
	*ret_error = -errno;
	if (errno != EEXIST)
		return OPERATION_MAKE_DIRECTORY;
	if (fstatat(parent_fd, name, &status, flags)) {
		*ret_error = -errno;
		return OPERATION_MAKE_DIRECTORY;
	}
	if (!S_ISDIR(status.st_mode))
		return OPERATION_NOT_DIRECTORY;
	if (merges(executor, work, parent))
		return OPERATION_MERGE;
	directory->created = was_made(executor, work, parent_fd, name, flags);
	directory->target_device = status.st_dev;
	return OPERATION_NONE;
}

/* For its owner only until it is finished. Returns what failed. */
static enum wire_operation make_directory(struct executor *executor, const struct work *work,
	struct wire_directory *directory, int *ret_error)
{
	struct tree_directory *parent;
	enum wire_operation failed;
	const char *name;

	if (!work->path.bytes)
		return OPERATION_NONE; /* the root is held open: it exists */
	*ret_error = tree_open_parent(&executor->tree, work->item->root, TREE_TARGET,
		work->path.data, work->path.bytes, &parent, &name);
	if (*ret_error)
		return OPERATION_MAKE_DIRECTORY;
	failed = make_below(executor, work, parent, name, directory, ret_error);
	tree_give_back(&executor->tree, parent);
	return failed;
}

static enum wire_operation begin_directory(
	struct executor *executor, struct list *list, int *ret_error)
{
	struct work *work = list->work;
	enum wire_operation failed = OPERATION_NONE;

	*ret_error = tree_open(&executor->tree, work->item->root, TREE_SOURCE, work->path.data,
		work->path.bytes, &work->source);
	if (*ret_error)
		return OPERATION_LIST;
	if (!is_first(work))
		return OPERATION_NONE;
	*ret_error = read_directory(work->source->fd, &list->directory);
	if (*ret_error)
		return OPERATION_STAT_SOURCE;
	if (work->item->flags & ITEM_MAKE_DIRECTORY)
		failed = executor->options.dry_run
				 ? rehearse_directory(executor, work, &list->directory, ret_error)
				 : make_directory(executor, work, &list->directory, ret_error);
	if (!failed)
		keep_finished_times(executor, work, &list->directory);
	return failed;
}

static int read_entries(struct list *list)
{
	list->listing.count = 0;
	list->listing.complete = true;
	if (list->work->item->flags & ITEM_NO_ENTRIES)
		return 0;
	if (list->work->source->unreadable)
		return -EACCES;
	return listing_read(&list->listing, list->work->source->fd, list->work->list->position);
}

static const struct slot_type list_type = {
	.kind = SLOT_LISTING,
	.complete = list_complete,
};

int list_begin(struct executor *executor, struct work *work)
{
	struct list *list = (struct list *)slot_take(&executor->slots, &list_type);
	enum wire_operation failed;
	int error;

	if (!list)
		return -EAGAIN;
	list->work = work;
	list->next = 0;
	list->pending = 0;
	list->text_bytes = 0;
	list->stat_flags =
		AT_STATX_DONT_SYNC | (executor->options.dereference ? 0 : AT_SYMLINK_NOFOLLOW);
	memset(&list->directory, 0, sizeof(list->directory));
	failed = begin_directory(executor, list, &error);
	if (failed) {
		list_fail(executor, list, failed, error);
		return 0;
	}
	error = read_entries(list);
	if (error)
		list_fail(executor, list, OPERATION_LIST, error);
	else
		stat_entries(executor, list);
	return 0;
}
