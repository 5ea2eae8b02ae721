/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/coordinator.h"
#include "job/explain.h"
#include "job/names.h"
#include "util/quote.h"

/* From here on a file is worth three messages of its own, and may be split over workers. */
#define LARGE_BYTES_MIN (8u << 20)

static const struct wire_text no_text = {"", 0};

/* Through symlinks there may be more ways to a file than it has names. */
static uint32_t link_count(const struct job *job, const struct wire_entry *entry)
{
	return job->options.dereference || entry->flags & ENTRY_FOLLOW ? UINT32_MAX : entry->links;
}

static bool is_linked(const struct job *job, const struct wire_entry *entry)
{
	if (!(job->options.preserve & PRESERVE_LINKS) || job->options.make != MAKE_COPY)
		return false;
	/* Its other names may have been moved already. */
	return link_count(job, entry) > 1 ||
	       (job->options.operation == JOB_MOVE && link_is_known(&job->links, entry));
}

static void plan_add(struct job *job, uint64_t bytes)
{
	lane_add(&job->lane, HAUL_FILES_PLANNED, 1);
	lane_add(&job->lane, HAUL_BYTES_PLANNED, bytes);
}

/* Within one filesystem its names are moved each on its own. */
static bool is_renamed(
	const struct job *job, const struct directory *directory, const struct wire_entry *entry)
{
	return job->options.operation == JOB_MOVE &&
	       entry->device == directory->root->target_device;
}

static bool is_large(
	const struct job *job, const struct directory *directory, const struct wire_entry *entry)
{
	return !is_renamed(job, directory, entry) && !job->options.dry_run &&
	       S_ISREG(entry->mode) && entry->bytes >= LARGE_BYTES_MIN &&
	       !(entry->flags & ENTRY_DURABLE) && job->options.make == MAKE_COPY &&
	       !job->options.attributes_only;
}

static int copy_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct link *link, struct item **batch)
{
	struct wire_entry marked = *entry;
	bool large;
	int error;

	if (chronicle_is_durable(job, directory, entry, target.bytes ? target : name)) {
		marked.flags |= ENTRY_DURABLE;
		entry = &marked;
	}
	large = is_large(job, directory, entry);
	plan_add(job, S_ISREG(entry->mode) ? entry->bytes * audit_passes(job, large) : 0);
	if (large)
		return large_begin(job, directory, entry, name, target, link);
	error = settle_copy_entry(job, directory, entry, name, target, batch);
	if (error || !link)
		return error;
	link->index = (*batch)->entry_count - 1;
	link->next_in_item = (*batch)->links;
	(*batch)->links = link;
	return 0;
}

static int link_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct item **batch)
{
	bool is_new;
	struct link *link = link_get(&job->links, entry, link_count(job, entry), &is_new);
	int error;

	directory->root->linked = true;

	if (!link)
		return -ENOMEM;
	link->regular = S_ISREG(entry->mode);
	if (is_new || link->failed) {
		link->failed = false;
		return copy_entry(job, directory, entry, name, target, link, batch);
	}
	plan_add(job, 0);
	error = link_wait(link, directory, entry, name, target);
	return error ? error : settle_link_waiting(job, link);
}

int reply_add_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct item **batch)
{
	if (is_linked(job, entry) && !is_renamed(job, directory, entry))
		return link_entry(job, directory, entry, name, target, batch);
	return copy_entry(job, directory, entry, name, target, NULL, batch);
}

static void refuse_into_itself(struct job *job, const struct root *root)
{
	char source[QUOTE_BYTES], target[QUOTE_BYTES];

	diagnose(job, "cannot copy a directory, %s, into itself, %s",
		quote_name(root->source_label, source, sizeof(source)),
		quote_name(root->target_label, target, sizeof(target)));
}

/* Symlinks that are followed may lead back up. */
static bool is_within_itself(const struct directory *parent, const struct wire_entry *entry)
{
	for (; parent; parent = parent->parent)
		if (parent->listed && parent->metadata.device == entry->device &&
			parent->metadata.inode == entry->inode)
			return true;
	return false;
}

static int add_directory(struct job *job, struct directory *parent, const struct wire_entry *entry,
	struct wire_text name, enum selection_verdict verdict)
{
	const struct root *copied_to;
	struct directory *directory;
	struct item *item;

	if (parent->root->phase == ROOT_REMOVING)
		return remove_add_directory(job, parent, entry, name, verdict);
	if (parent->root->phase == ROOT_COMPARING)
		return compare_add_directory(job, parent, entry, name);
	copied_to = root_table_of_target(&job->roots, entry->device, entry->inode);
	if (copied_to == parent->root)
		refuse_into_itself(job, parent->root);
	/* What another source becomes is none of this one. */
	if (copied_to)
		return 0;
	if (job->options.dereference && is_within_itself(parent, entry)) {
		diagnose_entry(job, parent, name, no_text, OPERATION_CYCLE, ELOOP);
		return 0;
	}
	directory = directory_new(parent->root, parent, name.data, name.bytes);
	item = directory ? item_new(WIRE_LIST, directory) : NULL;
	if (!item) {
		directory_free(directory);
		return -ENOMEM;
	}
	item->flags = ITEM_MAKE_DIRECTORY | (job->request->past ? ITEM_RETRIED : 0);
	if (job->options.one_file_system && entry->device != parent->root->source_device)
		item->flags |= ITEM_NO_ENTRIES;
	queue_push_front(&job->lists, item);
	return 0;
}

/* Goes below what this part of the directory adds, so that a huge directory is listed piece by
 * piece and never stands in memory as a whole. */
static int continue_listing(struct job *job, const struct item *listed, uint64_t position)
{
	struct item *item = item_new(listed->type, listed->directory);

	if (!item)
		return -ENOMEM;
	item->position = position;
	queue_push_front(&job->lists, item);
	return 0;
}

/* The path as patterns see it: with the directory that was named, unless that was its content. */
enum selection_verdict reply_judge(const struct job *job, const struct directory *directory,
	const struct wire_entry *entry, struct wire_text name)
{
	char path[DIRECTORY_PATH_BYTES], whole[NAMES_PATH_BYTES];
	int bytes;

	if (!selection_is_active(job->request->selection))
		return SELECTION_IN;
	bytes = directory_path(directory, path, sizeof(path));
	/* What is too deep for a message fails for that reason, when it is to be copied. */
	if (bytes < 0)
		return SELECTION_IN;
	names_join(whole, sizeof(whole), directory->root->prefix ? directory->root->prefix : "",
		path, name.data);
	return selection_judge(job->request->selection, whole, S_ISDIR(entry->mode));
}

static int add_entries(
	struct job *job, struct directory *directory, struct wire_view *view, uint32_t count)
{
	bool removing = directory->root->phase == ROOT_REMOVING;
	const struct wire_entry *entry;
	struct wire_text name, target;
	struct item *batch = NULL;
	int error = 0;

	for (uint32_t i = 0; i < count && !error; i++) {
		enum selection_verdict verdict;

		error = wire_take_entry(view, &entry, &name, &target);
		if (error || !name.bytes)
			return -EPROTO;
		verdict = reply_judge(job, directory, entry, name);
		if (verdict != SELECTION_IN && removing)
			directory->kept = true;
		if (verdict == SELECTION_OUT)
			continue;
		if (S_ISDIR(entry->mode))
			error = add_directory(job, directory, entry, name, verdict);
		else if (removing)
			error = remove_add_entry(job, directory, entry, name, &batch);
		else if (directory->root->phase == ROOT_COMPARING)
			error = compare_add_entry(job, directory, entry, name, target, &batch);
		else
			error = reply_add_entry(job, directory, entry, name, target, &batch);
	}
	return error;
}

void reply_entry_texts(const struct item *item, uint32_t index, struct wire_text *ret_name,
	struct wire_text *ret_target)
{
	const struct wire_entry *entry;

	*ret_name = no_text;
	*ret_target = no_text;
	switch (item->type) {
	case WIRE_FILES:
	case WIRE_COMPARE:
		(void)item_entry(item, index, &entry, ret_name, ret_target);
		break;
	case WIRE_LINK:
		*ret_name = (struct wire_text){(const char *)item->packed, item->packed_bytes - 1};
		break;
	case WIRE_PREPARE:
	case WIRE_RANGE:
	case WIRE_COMMIT:
		*ret_name = large_name(item->large);
		*ret_target = large_target(item->large);
		break;
	default:
		break;
	}
}

static void settle_item_links(struct job *job, struct item *item)
{
	const struct wire_entry *entry;
	struct wire_text name, target;
	struct link *next;

	for (struct link *link = item->links; link; link = next) {
		next = link->next_in_item;
		if (item_entry(item, link->index, &entry, &name, &target))
			continue;
		settle_link(job, link, item->directory, target.bytes ? target : name, link->failed);
	}
	item->links = NULL;
}

void reply_conclude(struct job *job, struct item *item)
{
	struct directory *directory = item->directory;

	verbose_item(job, item);
	move_item(job, item);
	switch (item->type) {
	case WIRE_FILES:
		settle_item_links(job, item);
		break;
	case WIRE_LINK:
		item->existing->users--;
		settle_link_release(job, item->existing);
		break;
	case WIRE_PREPARE:
	case WIRE_RANGE:
	case WIRE_COMMIT:
		large_item_done(job, item);
		break;
	default:
		break;
	}
	telling_release(&job->tellings, item->telling);
	item_free(item);
	settle_directory(job, directory);
}

/* What is said from here on is about this item. */
static void speak_of(struct job *job, const struct item *item)
{
	job->tellings.current = item->telling ? item->telling : item->directory->telling;
}

static void add_sums(struct wire_done *sum, const struct wire_done *done)
{
	sum->files += done->files;
	sum->files_skipped += done->files_skipped;
	sum->bytes_read += done->bytes_read;
	sum->bytes_accepted += done->bytes_accepted;
	sum->bytes_durable += done->bytes_durable;
	sum->bytes_checked += done->bytes_checked;
	sum->directories += done->directories;
}

static int handle_done(struct job *job, struct worker *worker, const struct wire_done *done)
{
	struct item *item = ledger_find(&job->ledger, done->id, worker->index);

	if (!item)
		return -EPROTO;
	speak_of(job, item);
	add_sums(&worker->finished, done);
	/* Files that grew or shrank since they were listed: the plan follows. */
	if (item->directory->root->phase == ROOT_REMOVING)
		remove_done(job, item, done);
	else if ((item->type == WIRE_FILES || item->type == WIRE_COMPARE) && !item_failed(item) &&
		 !job->stopping)
		lane_add(
			&job->lane, HAUL_BYTES_PLANNED, done->bytes_accepted - item->planned_bytes);
	dispatch_answered(job, worker, item);
	failures_tell(job, item);
	compare_item_done(job, item);
	chronicle_item(job, item);
	audit_item(job, item);
	outcome_settle(job, item);
	reply_conclude(job, item);
	return 0;
}

/* Another filesystem may be mounted there. */
static void watch_directory(struct job *job, const struct directory *directory)
{
	uint64_t device = directory->metadata.target_device;
	int fd;

	if (!device || device == directory->root->target_device)
		return;
	fd = directory_open_target(directory, job->options.keep_directory_symlink);
	/* One that is gone, or closed to us, will have no files written to it. */
	if (fd == -ENOENT || fd == -EACCES)
		return;
	if (fd < 0) {
		checkpoint_miss(job, device, fd);
		return;
	}
	checkpoint_watch(job, fd, device);
	close(fd);
}

static int take_listing(struct job *job, struct item *item, const struct wire_listed *listed,
	struct wire_view *view)
{
	struct directory *directory = item->directory;
	int error = 0;

	if (directory->root->phase == ROOT_COMPARING)
		error = compare_listed(job, item);
	if (!item->position && listed->directory.mode && directory->root->phase == ROOT_COPYING) {
		directory->metadata = listed->directory;
		directory->listed = true;
		watch_directory(job, directory);
		if (directory == directory->root->top && !directory->virtual)
			directory->metadata.created = directory->root->created;
	}
	directory->removed_alone = listed->alone;
	if (!listed->complete && !error)
		error = continue_listing(job, item, listed->next_position);
	return error ? error : add_entries(job, directory, view, listed->entry_count);
}

static int handle_listed(struct job *job, struct worker *worker, struct wire_view *view)
{
	const struct wire_listed *listed = view->body;
	struct item *item = ledger_find(&job->ledger, listed->id, worker->index);
	int error = 0;

	if (!item || (item->type != WIRE_LIST && item->type != WIRE_EXTRA))
		return -EPROTO;
	speak_of(job, item);
	if (!listed->continues) {
		dispatch_answered(job, worker, item);
		failures_tell(job, item);
		compare_item_done(job, item);
	}
	/* A retry finds other entries than the first time, whose rest is on its way already. */
	if (!item->listed)
		error = take_listing(job, item, listed, view);
	item->listed = true;
	if (!listed->continues)
		reply_conclude(job, item);
	return error;
}

static int handle_prepared(
	struct job *job, struct worker *worker, const struct wire_prepared *prepared)
{
	struct item *item = ledger_find(&job->ledger, prepared->id, worker->index);
	struct directory *directory;

	if (!item || item->type != WIRE_PREPARE)
		return -EPROTO;
	if (prepared->finished) {
		worker->finished.files++;
		worker->finished.bytes_read += prepared->data_bytes;
		worker->finished.bytes_accepted += prepared->data_bytes;
	}
	directory = item->directory;
	dispatch_answered(job, worker, item);
	failures_tell(job, item);
	if (prepared->finished) {
		verbose_item(job, item);
		move_item(job, item);
		audit_item(job, item);
	}
	large_prepared(job, item, prepared);
	item_free(item);
	settle_directory(job, directory);
	return 0;
}

static int handle_failure(struct job *job, const struct worker *worker, struct wire_view *view)
{
	const struct wire_failure *failure = view->body;
	struct item *item = ledger_find(&job->ledger, failure->id, worker->index);
	struct wire_text name = no_text;

	if (!item || failure->operation >= OPERATIONS)
		return -EPROTO;
	if (item->type == WIRE_FILES && failure->index >= item->entry_count)
		return -EPROTO;
	if (failure->name_bytes && wire_take_text(view, failure->name_bytes, &name))
		return -EPROTO;
	return item_add_failure(item, failure, name);
}

static int handle_outcome(struct job *job, const struct worker *worker, struct wire_view *view)
{
	const struct wire_outcome *outcome = view->body;
	struct item *item = ledger_find(&job->ledger, outcome->id, worker->index);
	struct wire_text backup = no_text;

	if (!item || outcome->kind >= OUTCOMES)
		return -EPROTO;
	if (item->type == WIRE_FILES && outcome->index >= item->entry_count)
		return -EPROTO;
	if (outcome->name_bytes && wire_take_text(view, outcome->name_bytes, &backup))
		return -EPROTO;
	/* Of its ranges, which end before it does. */
	if (outcome->kind == OUTCOME_COPIED && item_is_large(item)) {
		item->large->copied |= outcome->mode;
		return 0;
	}
	return item_add_outcome(item, outcome, backup);
}

static int handle_hello(struct job *job, struct worker *worker, const struct wire_hello *hello)
{
	if (hello->version != WIRE_VERSION)
		return -EPROTO;
	worker->greeted = true;
	job->starts_failed = 0;
	if (hello->ring_error && !job->ring_refused) {
		job->ring_refused = true;
		notify(job, "io_uring is not available (%s): using plain system calls",
			strerror(-hello->ring_error));
	}
	return 0;
}

static int handle_notice(struct job *job, struct wire_view *view)
{
	const struct wire_notice *notice = view->body;
	struct wire_text text;

	if (wire_take_text(view, notice->text_bytes, &text))
		return -EPROTO;
	notify(job, "%s", text.data);
	return 0;
}

static int handle_choice(struct job *job, const struct wire_choice *choice)
{
	if (choice->file_class >= CLASSES)
		return -EPROTO;
	explain_choice(job, choice);
	return 0;
}

static int handle(struct job *job, struct worker *worker, struct wire_view *view)
{
	switch (view->type) {
	case WIRE_HELLO:
		return handle_hello(job, worker, view->body);
	case WIRE_LISTED:
		return handle_listed(job, worker, view);
	case WIRE_PREPARED:
		return handle_prepared(job, worker, view->body);
	case WIRE_FAILURE:
		return handle_failure(job, worker, view);
	case WIRE_OUTCOME:
		return handle_outcome(job, worker, view);
	case WIRE_SUM:
		return audit_receive(job, worker, view->body);
	case WIRE_DIFFERENCE:
		return compare_receive(job, worker, view);
	case WIRE_DONE:
		return handle_done(job, worker, view->body);
	case WIRE_CHOICE:
		return handle_choice(job, view->body);
	case WIRE_NOTICE:
		return handle_notice(job, view);
	default:
		return -EPROTO;
	}
}

int reply_receive(struct job *job, struct worker *worker)
{
	struct wire_buffer in = {.data = job->crew.in_data, .capacity = WIRE_DATAGRAM_BYTES};
	int got;

	while ((got = wire_receive(worker->channel, &in, false)) > 0) {
		struct wire_view view;
		size_t offset = 0;
		int more;

		if (job->absence.lost || absence_is_told(job, &in))
			return 0;
		while ((more = wire_next(&in, &offset, &view)) > 0) {
			int error = handle(job, worker, &view);

			job->tellings.current = NULL;
			if (error == -ENOMEM)
				job_out_of_memory(job);
			if (error)
				return error;
		}
		if (more < 0)
			return more;
	}
	if (got == -EAGAIN)
		return 0;
	return got ? got : -EPIPE;
}

void reply_abandon(struct job *job, struct item *item, enum wire_operation operation, int error)
{
	uint32_t count = item->type == WIRE_FILES ? item->entry_count : 1;

	item_forget_answers(item);
	speak_of(job, item);
	for (uint32_t i = 0; i < count; i++) {
		struct wire_failure failure = {.error = error, .operation = operation, .index = i};

		if (item_add_failure(item, &failure, no_text)) {
			job_out_of_memory(job);
			break;
		}
	}
	failures_tell(job, item);
	compare_item_done(job, item);
	reply_conclude(job, item);
	job->tellings.current = NULL;
}
