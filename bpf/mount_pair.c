/* SPDX-License-Identifier: MIT */
/* Which of the probe's records belongs to which change of the mount table. */
#include <string.h>
#include <sys/mount.h>

#include "bpf/mount_match.h"
#include "bpf/mount_state.h"

typedef bool record_filter(const struct mount_record *record);

static bool succeeded(const struct mount_record *record, enum mount_effect effect)
{
	return record->effect == effect && !record->data.result && !record->done;
}

static bool adds_here(const struct mount_record *record)
{
	return succeeded(record, MOUNT_EFFECT_ADDS) && !record->foreign && !record->pair;
}

static bool adds_elsewhere(const struct mount_record *record)
{
	return succeeded(record, MOUNT_EFFECT_ADDS) && record->foreign && !record->pair;
}

static bool removes(const struct mount_record *record)
{
	return succeeded(record, MOUNT_EFFECT_REMOVES) && !record->pair;
}

static bool is_removing(const struct mount_record *record)
{
	return record->pending && !record->told && !record->done &&
	       record->effect == MOUNT_EFFECT_REMOVES;
}

static bool is_new(const struct mount_entry *entry)
{
	return !entry->announced && !entry->added_by;
}

static bool is_gone(const struct mount_entry *entry)
{
	return entry->gone_ns && !entry->removed_by;
}

/* An unmount ends the youngest mount on its path: a stack, as the kernel has it. */
static void pair_calls(struct mount_state *state)
{
	for (size_t i = 0; i < state->record_count; i++) {
		struct mount_record *last = state->record[i], *first;

		if (!removes(last))
			continue;
		for (size_t j = i; j-- > 0 && !last->pair;) {
			first = state->record[j];
			if (succeeded(first, MOUNT_EFFECT_ADDS) && !first->pair &&
				first->data.namespace == last->data.namespace &&
				strcmp(first->target, last->target) == 0) {
				first->pair = last;
				last->pair = first;
			}
		}
	}
}

static void match_new(struct mount_state *state, record_filter *filter, unsigned enough)
{
	for (size_t i = 0; i < state->record_count; i++) {
		struct mount_record *record = state->record[i];
		struct mount_entry *best = NULL;
		unsigned score_best = enough - 1, score;

		if (record->entry || !filter(record))
			continue;
		for (size_t j = 0; j < state->entry_count; j++) {
			if (!is_new(&state->entry[j]) ||
				(!record->foreign &&
					match_is_younger(&record->data, &state->entry[j].mount)))
				continue;
			score = match_mount(&record->data, record->target, &state->entry[j].mount);
			if (score > score_best) {
				score_best = score;
				best = &state->entry[j];
			}
		}
		if (best) {
			best->added_by = record;
			record->entry = best;
		}
	}
}

/* The table may have been read between a mount and its unmount: then it knows more. */
static void match_short_lived(struct mount_state *state)
{
	for (size_t i = 0; i < state->entry_count; i++) {
		struct mount_entry *entry = &state->entry[i];
		struct mount_record *record;

		for (size_t j = 0; j < state->record_count && is_gone(entry); j++) {
			record = state->record[j];
			if (entry->announced || !record->pair || record->entry ||
				record->effect != MOUNT_EFFECT_ADDS ||
				match_is_younger(&record->data, &entry->mount) ||
				match_mount(&record->data, record->target, &entry->mount) <
					MATCH_ENOUGH)
				continue;
			entry->added_by = record;
			entry->removed_by = record->pair;
			record->entry = entry;
			record->pair->entry = entry;
		}
	}
}

/* A mount can't have been ended by a call that was over before it began. */
static bool may_end(const struct mount_record *record, const struct mount_entry *entry)
{
	return is_gone(entry) &&
	       !(entry->added_by && entry->added_by->data.time_ns > record->data.time_ns);
}

static void match_gone(struct mount_state *state, record_filter *filter)
{
	for (size_t i = 0; i < state->record_count; i++) {
		struct mount_record *record = state->record[i];
		struct mount_entry *best = NULL;
		unsigned score_best = MATCH_ENOUGH, score;

		if (!filter(record))
			continue;
		for (size_t j = 0; j < state->entry_count; j++) {
			if (!may_end(record, &state->entry[j]))
				continue;
			score = match_path(record->target, state->entry[j].mount.mount_point);
			/* Of several on one path, the last is the youngest. */
			if (score >= score_best) {
				score_best = score;
				best = &state->entry[j];
			}
		}
		if (best) {
			best->removed_by = record;
			record->entry = best;
		}
	}
}

/* A move is known by what was moved, or by the id that the mount keeps. */
static bool moves_away(const struct mount_record *record, const struct mount_entry *entry)
{
	if (record->effect != MOUNT_EFFECT_ADDS ||
		match_path(record->target, entry->mount.mount_point))
		return false;
	if (record->data.call == MOUNTPROBE_MOUNT && (record->data.flags & MS_MOVE) &&
		match_path(record->data.source, entry->mount.mount_point))
		return true;
	return record->data.mount_id && record->data.mount_id == entry->mount.id;
}

/* One call may move a whole tree, unmount it (umount -l), or bind it. */
static bool covers(const struct mount_record *record, const struct mount_entry *entry)
{
	if ((record->data.result && !record->pending) || record->foreign || record->done)
		return false;
	if (record->effect == MOUNT_EFFECT_REARRANGES)
		return true;
	if (entry->gone_ns && moves_away(record, entry))
		return true;
	if (!match_is_below(entry->mount.mount_point, record->target))
		return false;
	if (entry->gone_ns)
		return record->effect == MOUNT_EFFECT_REMOVES;
	return record->data.call == MOUNTPROBE_MOVE_MOUNT ||
	       (record->data.call == MOUNTPROBE_MOUNT && (record->data.flags & MS_REC));
}

/* A moved mount is gone from one place and new, with the same id, in another. */
static struct mount_record *moved_by(
	const struct mount_state *state, const struct mount_entry *entry)
{
	const struct mount_entry *other;

	for (size_t i = 0; i < state->entry_count; i++) {
		other = &state->entry[i];
		if (other != entry && other->mount.id == entry->mount.id && !other->announced)
			return other->added_by;
	}
	return NULL;
}

static void match_trees(struct mount_state *state)
{
	for (size_t i = 0; i < state->entry_count; i++) {
		struct mount_entry *entry = &state->entry[i];
		struct mount_record **by = entry->gone_ns ? &entry->removed_by : &entry->added_by;

		if (*by || (!is_new(entry) && !is_gone(entry)))
			continue;
		if (entry->gone_ns)
			*by = moved_by(state, entry);
		for (size_t j = 0; j < state->record_count && !*by; j++) {
			if (covers(state->record[j], entry))
				*by = state->record[j];
		}
	}
}

/* What is left when there is one of each: paths through links, which only their caller could
 * resolve. */
static void match_last(struct mount_state *state, record_filter *filter, bool gone)
{
	struct mount_record *record = NULL;
	struct mount_entry *entry = NULL;
	size_t records = 0, entries = 0;

	for (size_t i = 0; i < state->record_count; i++) {
		if (filter(state->record[i]) && !state->record[i]->entry) {
			record = state->record[i];
			records++;
		}
	}
	for (size_t i = 0; i < state->entry_count; i++) {
		if (gone ? is_gone(&state->entry[i]) : is_new(&state->entry[i])) {
			entry = &state->entry[i];
			entries++;
		}
	}
	if (records != 1 || entries != 1 ||
		(!gone && match_is_younger(&record->data, &entry->mount)))
		return;
	record->entry = entry;
	*(gone ? &entry->removed_by : &entry->added_by) = record;
}

void mount_match_all(struct mount_state *state)
{
	for (size_t i = 0; i < state->entry_count; i++) {
		state->entry[i].added_by = NULL;
		state->entry[i].removed_by = NULL;
	}
	for (size_t i = 0; i < state->record_count; i++) {
		state->record[i]->pair = NULL;
		state->record[i]->entry = NULL;
	}
	if (!state->record_count)
		return;
	pair_calls(state);
	match_short_lived(state);
	/* One that was moved at once has the id of the first call and the path of the second. */
	match_new(state, adds_here, MATCH_SURE);
	match_new(state, adds_here, MATCH_ENOUGH);
	match_gone(state, removes);
	match_gone(state, is_removing);
	match_new(state, adds_elsewhere, MATCH_ENOUGH_FOREIGN);
	match_trees(state);
	match_last(state, adds_here, false);
	match_last(state, removes, true);
}
