/* SPDX-License-Identifier: MIT */
/*
 * --verify: when a root is copied and synced, its files are read back from the medium. They are
 * compared with the checksums that were taken while they were copied: a large file has one for
 * each of its ranges. Where there is none, because only the kernel saw the content or an earlier
 * run copied it, source and copy are compared.
 *
 * --checksums: a list needs checksums of whole files. Those that are not known are taken of the
 * source, in the same phase.
 */
#include "job/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "util/quote.h"

#define ENTRIES_WANTED_MIN 4096

/* Before the path, the packed entry, and a checksum for each range. */
struct record {
	uint32_t path_bytes;
	uint32_t entry_bytes;
	uint64_t sum_count;
};

void audit_free(struct audit *audit)
{
	if (!audit)
		return;
	if (audit->file)
		fclose(audit->file);
	free(audit);
}

/* ---- the plan ---- */

static bool is_copying(const struct job *job)
{
	return job->options.make == MAKE_COPY && !job->options.attributes_only;
}

/* The list needs a checksum of the whole, which is not known of a large file. */
unsigned audit_passes(const struct job *job, bool large)
{
	if (!is_copying(job))
		return 1;
	return 1u + job->options.verify + (large && job->checksums);
}

/* More than was planned is to be read, or less. */
static void plan_more(struct job *job, uint64_t bytes)
{
	lane_add(&job->lane, HAUL_BYTES_PLANNED, bytes);
}

/* ---- records ---- */

static struct audit *audit_of(struct root *root)
{
	int fd;

	if (root->audit)
		return root->audit;
	root->audit = calloc(1, sizeof(*root->audit));
	if (!root->audit)
		return NULL;
	root->audit->file = tmpfile();
	if (root->audit->file)
		return root->audit;
	/* No directory can be written to: then it is kept in memory. */
	fd = memfd_create("haul", MFD_CLOEXEC);
	if (fd >= 0)
		root->audit->file = fdopen(fd, "w+");
	if (root->audit->file)
		return root->audit;
	if (fd >= 0)
		close(fd);
	audit_free(root->audit);
	root->audit = NULL;
	return NULL;
}

static int write_record(const struct audit *audit, const char *path, const struct record *record,
	const uint8_t *entry, const struct wire_sum *sum)
{
	size_t sums = (size_t)record->sum_count;

	if (fwrite(record, sizeof(*record), 1, audit->file) == 1 &&
		fwrite(path, 1, record->path_bytes, audit->file) == record->path_bytes &&
		fwrite(entry, 1, record->entry_bytes, audit->file) == record->entry_bytes &&
		(!sums || fwrite(sum, sizeof(*sum), sums, audit->file) == sums))
		return 0;
	return errno ? -errno : -EIO;
}

/* -errno. What is not recorded is not verified: the caller says so. */
static int record(struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, const struct wire_sum *sum,
	uint64_t sum_count)
{
	struct audit *audit = audit_of(directory->root);
	_Alignas(8) uint8_t packed[sizeof(*entry) + 2 * (NAME_MAX + 8)];
	struct wire_buffer buffer = {.data = packed, .capacity = sizeof(packed)};
	char path[DIRECTORY_PATH_BYTES];
	int path_bytes = directory_path(directory, path, sizeof(path));
	struct record head = {.sum_count = sum_count};
	int error;

	if (!audit)
		return -ENOMEM;
	if (path_bytes < 0)
		return path_bytes;
	error = wire_add_entry(&buffer, entry, name, target);
	if (error)
		return error;
	head.path_bytes = (uint32_t)path_bytes;
	head.entry_bytes = (uint32_t)buffer.used;
	error = write_record(audit, path, &head, packed, sum);
	audit->count += !error;
	return error;
}

/* A file is copied. `sum`: of the whole, or NULL. */
static int note_file(struct job *job, struct directory *directory, const struct wire_entry *copied,
	struct wire_text name, struct wire_text target, const struct wire_sum *sum)
{
	struct wire_entry entry = *copied;
	int error = 0;

	entry.flags = copied->flags & ENTRY_FOLLOW;
	entry.index = 0;
	if (sum) {
		entry.flags |= ENTRY_SUM;
		entry.sum_high = sum->high;
		entry.sum_low = sum->low;
		entry.bytes = sum->bytes;
	}
	if (job->options.verify)
		error = record(directory, &entry, name, target, NULL, 0);
	if (!job->checksums || sum || error)
		return error;
	entry.flags |= ENTRY_SUM_WANTED;
	return record(directory, &entry, name, target, NULL, 0);
}

/* ---- what items did ---- */

int audit_receive(struct job *job, const struct worker *worker, const struct wire_sum *sum)
{
	struct item *item = ledger_find(&job->ledger, sum->id, worker->index);

	if (!item || (item->entry_count && sum->index >= item->entry_count))
		return -EPROTO;
	return item_add_sum(item, sum);
}

/* What was only renamed has no copy. */
static bool was_copied(const struct item *item, uint32_t index)
{
	for (uint32_t i = 0; i < item->failure_count; i++)
		if (item->failure[i].what.index == index && !item->failure[i].what.warning)
			return false;
	return !outcome_is_left(item, index) &&
	       !item_find_outcome(item, index, 1u << OUTCOME_RENAMED);
}

/* What was left alone, or renamed, is not read again; what failed is never done. */
static void unplan(
	struct job *job, const struct item *item, uint32_t index, const struct wire_entry *entry)
{
	if (job->options.verify && (outcome_is_left(item, index) ||
					   item_find_outcome(item, index, 1u << OUTCOME_RENAMED)))
		plan_more(job, -entry->bytes);
}

/* It may have grown or shrunk since it was planned; its checksum may have to be taken apart. */
static void plan_reading(
	struct job *job, const struct wire_entry *entry, const struct wire_sum *sum)
{
	if (job->options.verify && sum)
		plan_more(job, sum->bytes - entry->bytes);
	if (job->checksums && !sum)
		plan_more(job, entry->bytes);
}

static int note_entries(struct job *job, const struct item *item)
{
	const struct wire_entry *entry;
	struct wire_text name, target;
	int error = 0;

	for (uint32_t i = 0; i < item->entry_count && !error; i++) {
		const struct wire_sum *sum = item_find_sum(item, i);

		if (item_entry(item, i, &entry, &name, &target) || !S_ISREG(entry->mode))
			continue;
		if (!was_copied(item, i)) {
			unplan(job, item, i, entry);
			continue;
		}
		plan_reading(job, entry, sum);
		if (sum && job->checksums)
			sum_output_add(job, item, name, target, sum);
		error = note_file(job, item->directory, entry, name, target, sum);
	}
	return error;
}

static uint64_t range_count(const struct large *large)
{
	return (large->bytes + LARGE_RANGE_BYTES - 1) / LARGE_RANGE_BYTES;
}

static int keep_range(const struct item *item)
{
	struct large *large = item->large;
	const struct wire_sum *sum = item_find_sum(item, 0);

	if (!sum || item_failed(item))
		return 0;
	if (!large->sum)
		large->sum = calloc(range_count(large), sizeof(*large->sum));
	if (!large->sum)
		return -ENOMEM;
	large->sum[item->offset / LARGE_RANGE_BYTES] = *sum;
	return 0;
}

/* A file that shrank while it was copied has less in some ranges than they were to have. */
static bool has_all_sums(const struct large *large)
{
	uint64_t bytes = 0;

	for (uint64_t i = 0; large->sum && i < range_count(large); i++)
		bytes += large->sum[i].bytes;
	return large->sum && bytes == large->bytes;
}

static int note_large(struct job *job, const struct item *item)
{
	const struct large *large = item->large;
	struct wire_text name = large_name(large), target = large_target(large);
	struct wire_entry entry = *large->entry;
	bool changed = item->failure_count > 0;
	int error = 0;

	if (!was_copied(item, 0)) {
		/* Copied, but something else had got its name. */
		if (item->type == WIRE_COMMIT && outcome_is_left(item, 0))
			plan_more(job, -large->bytes * (audit_passes(job, true) - 1));
		return 0;
	}
	entry.bytes = large->bytes;
	if (!has_all_sums(large) || changed)
		return note_file(job, item->directory, &entry, name, target, NULL);
	entry.flags &= ENTRY_FOLLOW;
	if (job->options.verify)
		error = record(
			item->directory, &entry, name, target, large->sum, range_count(large));
	if (!job->checksums || error)
		return error;
	entry.flags |= ENTRY_SUM_WANTED;
	return record(item->directory, &entry, name, target, NULL, 0);
}

/* A further name of a file that is verified under its first. */
static int note_link(struct job *job, const struct item *item)
{
	struct wire_entry entry = {.mode = S_IFREG, .flags = ENTRY_SUM_WANTED};
	struct wire_text name, target;

	if (!job->checksums || !item->existing->regular || !was_copied(item, 0))
		return 0;
	reply_entry_texts(item, 0, &name, &target);
	return record(item->directory, &entry, name, target, NULL, 0);
}

static int note(struct job *job, const struct item *item)
{
	switch (item->type) {
	case WIRE_FILES:
		return note_entries(job, item);
	case WIRE_RANGE:
		return keep_range(item);
	case WIRE_PREPARE: /* it ended with that */
	case WIRE_COMMIT:
		return note_large(job, item);
	case WIRE_LINK:
		return note_link(job, item);
	default:
		return 0;
	}
}

/* The checksums that were wanted for the list. */
static void list_wanted(struct job *job, const struct item *item)
{
	const struct wire_entry *entry;
	struct wire_text name, target;

	for (uint32_t i = 0; i < item->sum_count && job->checksums; i++)
		if (!item_entry(item, item->sum[i].index, &entry, &name, &target))
			sum_output_add(job, item, name, target, &item->sum[i]);
}

void audit_item(struct job *job, const struct item *item)
{
	const struct root *root = item->directory->root;
	int error;

	/* What a stopping worker answers may be dropped work. */
	if (!job->options.sums || job->stopping || !is_copying(job))
		return;
	if (root->phase == ROOT_VERIFYING)
		list_wanted(job, item);
	if (root->phase != ROOT_COPYING)
		return;
	error = note(job, item);
	if (!error)
		return;
	diagnose(job, "cannot verify what was copied: %s", strerror(-error));
	item->directory->root->top->kept = true;
}

/* ---- verifying ---- */

struct reading {
	struct directory *directory; /* of the batch */
	struct item *batch;
};

static bool read_bytes(FILE *file, void *ret_data, size_t bytes)
{
	return !bytes || fread(ret_data, 1, bytes, file) == bytes;
}

/* A node of its own stands for the whole path. */
static struct directory *directory_for(
	struct reading *reading, struct root *root, const char *path, size_t path_bytes)
{
	struct directory *known = reading->directory;

	if (!path_bytes)
		return root->top;
	if (known && known->root == root && known->name_bytes == path_bytes &&
		!memcmp(known->name, path, path_bytes))
		return known;
	reading->directory = directory_new(root, root->top, path, path_bytes);
	return reading->directory;
}

static int queue_record(struct job *job, struct root *root, struct reading *reading,
	const struct record *head, char *data, const struct wire_sum *sum)
{
	struct wire_view view = {
		.text = data,
		.text_bytes = head->entry_bytes,
	};
	const char *path = data + head->entry_bytes;
	struct directory *directory;
	const struct wire_entry *entry;
	struct wire_text name, target;

	if (wire_take_entry(&view, &entry, &name, &target))
		return -EIO;
	directory = directory_for(reading, root, path, head->path_bytes);
	if (!directory)
		return -ENOMEM;
	if (reading->batch && reading->batch->directory != directory)
		reading->batch = NULL;
	return compare_queue_entry(job, directory, entry, name, target, sum, &reading->batch);
}

/* 1: there may be more; 0: that was all; -errno. */
static int read_record(struct job *job, struct root *root, struct reading *reading)
{
	FILE *file = root->audit->file;
	struct wire_sum *sum = NULL;
	struct record head;
	char *data;
	int error = -EIO;

	if (!read_bytes(file, &head, sizeof(head)))
		return feof(file) && !ferror(file) ? 0 : -EIO;
	data = malloc(head.entry_bytes + head.path_bytes);
	if (head.sum_count)
		sum = calloc(head.sum_count, sizeof(*sum));
	if (!data || (head.sum_count && !sum))
		error = -ENOMEM;
	else if (read_bytes(file, data + head.entry_bytes, head.path_bytes) &&
		 read_bytes(file, data, head.entry_bytes) &&
		 read_bytes(file, sum, head.sum_count * sizeof(*sum)))
		error = queue_record(job, root, reading, &head, data, sum);
	free(data);
	free(sum);
	return error ? error : 1;
}

static void read_on(struct job *job, struct root *root)
{
	struct reading reading = {NULL, NULL};
	int more = 1;

	while (more > 0 && job->work.entries < ENTRIES_WANTED_MIN)
		more = read_record(job, root, &reading);
	if (more > 0)
		return;
	root->audit->reading = false;
	if (more == -ENOMEM)
		job_out_of_memory(job);
	else if (more) {
		diagnose(job, "cannot verify what was copied: %s", strerror(-more));
		root->top->kept = true;
	}
	root->top->pending--;
	settle_directory(job, root->top);
}

static struct root *find_reading(const struct job *job)
{
	for (struct root *root = job->roots.first; root; root = root->next)
		if (root->audit && root->audit->reading)
			return root;
	return NULL;
}

bool audit_pending(const struct job *job)
{
	return find_reading(job);
}

void audit_advance(struct job *job)
{
	struct root *root;

	while (!job->fatal && job->work.entries < ENTRIES_WANTED_MIN && (root = find_reading(job)))
		read_on(job, root);
}

static bool begin_reading(struct job *job, struct root *root)
{
	struct audit *audit = root->audit;

	if (fflush(audit->file) || fseek(audit->file, 0, SEEK_SET)) {
		diagnose(job, "cannot verify what was copied: %s", strerror(errno));
		root->top->kept = true;
		return false;
	}
	root->phase = ROOT_VERIFYING;
	audit->failures = root->failures;
	audit->reading = true;
	/* Kept until all is read. */
	root->top->pending++;
	return true;
}

static const char *moved_label(const struct root *root)
{
	if (root->moved)
		return root->moved;
	return *root->source_label ? root->source_label : ".";
}

/* Nothing goes whose copy is in doubt. */
static void judge(struct job *job, struct root *root)
{
	char quoted[QUOTE_BYTES];
	bool good = !root->differs && root->failures == root->audit->failures;

	if (good || root->top->kept || job->options.operation != JOB_MOVE)
		return;
	root->top->kept = true;
	notify(job, "not removing %s, as not all of its copy could be verified",
		quote_name(moved_label(root), quoted, sizeof(quoted)));
}

/* When the source is gone, the list must not be, whatever is killed. */
static void keep_list(struct job *job, struct root *root)
{
	char quoted[QUOTE_BYTES];

	if (job->options.operation != JOB_MOVE || root->phase >= ROOT_HELD ||
		sum_output_flush(job) || root->top->kept)
		return;
	root->top->kept = true;
	notify(job, "not removing %s, as the list of checksums is not complete",
		quote_name(moved_label(root), quoted, sizeof(quoted)));
}

bool audit_goes_on(struct job *job, struct root *root)
{
	keep_list(job, root);
	if (!root->audit || !root->audit->count || job->stopping || job->fatal)
		return false;
	switch (root->phase) {
	case ROOT_COPYING:
		if (!job->options.verify && job->options.operation != JOB_MOVE)
			return begin_reading(job, root);
		checkpoint_await(job, root);
		return true;
	case ROOT_SYNCING:
		/* What could not be synced was said not to be there. */
		return !job->checkpoint.error && begin_reading(job, root);
	case ROOT_VERIFYING:
		judge(job, root);
		return false;
	default:
		return false;
	}
}
