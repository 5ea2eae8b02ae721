/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "haul/exit.h"
#include "job/coordinator.h"
#include "job/names.h"
#include "job/plan.h"
#include "util/gnu.h"

#define BIT(kind)  (1u << (kind))
#define KINDS_ASK  (BIT(OUTCOME_ASK) | BIT(OUTCOME_ASK_PROTECTED))
#define KINDS_LEFT (KINDS_ASK | BIT(OUTCOME_SKIPPED) | BIT(OUTCOME_CURRENT))

bool outcome_is_left(const struct item *item, uint32_t index)
{
	return item_find_outcome(item, index, KINDS_LEFT) != NULL;
}

/* ---- asking ---- */

/* "rw-r--r--" */
static void mode_words(uint32_t mode, char ret_words[10])
{
	static const char letters[] = "rwxrwxrwx";

	for (unsigned i = 0; i < 9; i++)
		ret_words[i] = mode & (0400u >> i) ? letters[i] : '-';
	ret_words[9] = '\0';
	if (mode & 04000)
		ret_words[2] = mode & 0100 ? 's' : 'S';
	if (mode & 02000)
		ret_words[5] = mode & 010 ? 's' : 'S';
	if (mode & 01000)
		ret_words[8] = mode & 01 ? 't' : 'T';
}

int outcome_ask(struct job *job, struct item *item, enum outcome_kind kind, uint32_t mode,
	const char *target_quoted)
{
	const struct job_options *options = &job->options;
	char words[10];

	/* Before it is asked: the answer may be there at once. */
	if (!item)
		job->plan->answer = PLAN_ASKED;
	if (kind == OUTCOME_ASK)
		return question_add(job, item, "overwrite %s? ", target_quoted);
	mode_words(mode, words);
	if (options->force || options->remove_destination || options->operation == JOB_MOVE)
		return question_add(job, item, "replace %s, overriding mode %04o (%s)? ",
			target_quoted, mode & 07777u, words);
	return question_add(job, item, "unwritable %s (mode %04o, %s); try anyway? ", target_quoted,
		mode & 07777u, words);
}

/* The first name of a link goes with its entry. */
static void move_link(struct item *from, uint32_t index, struct item *to)
{
	for (struct link **at = &from->links; *at; at = &(*at)->next_in_item) {
		struct link *link = *at;

		if (link->index != index)
			continue;
		*at = link->next_in_item;
		link->next_in_item = NULL;
		link->index = 0;
		to->links = link;
		return;
	}
}

static struct item *entry_again(struct job *job, struct item *item, uint32_t index)
{
	struct item *again = item_new(WIRE_FILES, item->directory);
	const struct wire_entry *entry;
	struct wire_text name, target;
	struct wire_entry approved;

	if (!again)
		return NULL;
	if (!item_entry(item, index, &entry, &name, &target)) {
		approved = *entry;
		approved.flags |= ENTRY_APPROVED;
		if (item_add_entry(again, &approved, name, target)) {
			item_free(again);
			return NULL;
		}
		again->planned_bytes = S_ISREG(entry->mode) ? entry->bytes : 0;
		lane_add(&job->lane, HAUL_BYTES_PLANNED,
			again->planned_bytes * audit_passes(job, false));
	}
	move_link(item, index, again);
	return again;
}

static struct item *link_again(struct item *item)
{
	struct item *again = item_new(WIRE_LINK, item->directory);

	if (!again)
		return NULL;
	again->packed = malloc(item->packed_bytes);
	if (!again->packed) {
		item_free(again);
		return NULL;
	}
	memcpy(again->packed, item->packed, item->packed_bytes);
	again->packed_bytes = again->packed_capacity = item->packed_bytes;
	again->entry_flags = item->entry_flags | ENTRY_APPROVED;
	again->existing = item->existing;
	again->existing->users++;
	return again;
}

static struct item *make_again(struct job *job, struct item *item, uint32_t index)
{
	switch (item->type) {
	case WIRE_FILES:
		return entry_again(job, item, index);
	case WIRE_LINK:
		return link_again(item);
	default:
		item->large->entry->flags |= ENTRY_APPROVED;
		return large_again(item->large);
	}
}

static int ask_about(struct job *job, struct item *item, const struct wire_outcome *what)
{
	struct names *names = malloc(sizeof(*names));
	struct item *again = names ? make_again(job, item, what->index) : NULL;
	struct wire_text name, target;
	int error = -ENOMEM;

	if (again) {
		reply_entry_texts(item, what->index, &name, &target);
		names_fill(names, item->directory, name, target);
		error = outcome_ask(job, again, (enum outcome_kind)what->kind, what->mode,
			names->target_quoted);
	}
	free(names);
	return error;
}

/* ---- settling ---- */

/* Its further names can't be links to what was there before. */
static void mark_left(struct item *item, uint32_t index)
{
	if (item_is_large(item))
		item->large->failed = true;
	for (struct link *link = item->links; link; link = link->next_in_item)
		if (link->index == index)
			link->failed = true;
}

/* Of a large file that is left alone nothing is read. */
static void unplan_large(struct job *job, const struct item *item, enum outcome_kind kind)
{
	if (item->type == WIRE_PREPARE && (kind == OUTCOME_SKIPPED || kind == OUTCOME_CURRENT))
		lane_add(&job->lane, HAUL_BYTES_PLANNED,
			-item->planned_bytes * audit_passes(job, true));
}

void outcome_settle(struct job *job, struct item *item)
{
	for (uint32_t i = 0; i < item->outcome_count; i++) {
		const struct wire_outcome *what = &item->outcome[i].what;

		unplan_large(job, item, (enum outcome_kind)what->kind);
		if (what->kind == OUTCOME_SKIPPED)
			mark_left(item, what->index);
		else if ((BIT(what->kind) & KINDS_ASK) && ask_about(job, item, what))
			job_out_of_memory(job);
	}
}

void outcome_tell_refused(struct job *job)
{
	if (GNU_SINCE(9, 2))
		job->exit_status = HAUL_EXIT_FAILED;
}

void outcome_refused(struct job *job, struct item *item)
{
	uint32_t count = item->type == WIRE_FILES ? item->entry_count : 1;
	int error = 0;

	for (uint32_t i = 0; i < count && !error; i++) {
		struct wire_outcome left = {.kind = OUTCOME_SKIPPED, .index = i};

		error = item_add_outcome(item, &left, (struct wire_text){"", 0});
	}
	if (error)
		job_out_of_memory(job);
	outcome_tell_refused(job);
	lane_add(&job->lane, HAUL_FILES_SKIPPED, count);
	if (item->type == WIRE_FILES)
		lane_add(&job->lane, HAUL_BYTES_PLANNED,
			-item->planned_bytes * audit_passes(job, false));
	outcome_settle(job, item);
	reply_conclude(job, item);
}
