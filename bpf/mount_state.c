/* SPDX-License-Identifier: MIT */
#include "bpf/mount_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "bpf/mount_match.h"

#define MAGIC_FLAGS      UINT64_C(0xc0ed0000) /* old callers of mount(2) pass it along */
#define MAGIC_FLAGS_MASK UINT64_C(0xffff0000)
#define LATE_NS          UINT64_C(1000000000) /* a record may be late by so much */
#define NO_MOUNT_FLAGS   (MS_REMOUNT | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)

/* A change that may be told now, or has to wait. */
struct step {
	struct mount_change change;
	struct mount_info mount; /* when no entry describes it */
	struct mount_entry *entry;
	struct mount_record *record; /* used up by this step */
	uint64_t until_ns;
	size_t order;
};

struct step_list {
	struct step *step;
	size_t count;
};

void mount_state_open(struct mount_state *state, uint64_t namespace)
{
	*state = (struct mount_state){.namespace = namespace};
}

static void record_free(struct mount_record *record)
{
	free(record->target);
	free(record);
}

void mount_state_close(struct mount_state *state)
{
	for (size_t i = 0; i < state->entry_count; i++)
		mount_info_free(&state->entry[i].mount);
	for (size_t i = 0; i < state->record_count; i++)
		record_free(state->record[i]);
	free(state->entry);
	free(state->record);
	*state = (struct mount_state){0};
}

/* ---- records ---- */

static enum mount_effect effect_of(const struct mountprobe_record *record)
{
	uint64_t flags = record->flags;

	switch (record->call) {
	case MOUNTPROBE_MOUNT:
		if ((flags & MAGIC_FLAGS_MASK) == MAGIC_FLAGS)
			flags &= ~MAGIC_FLAGS_MASK;
		return flags & NO_MOUNT_FLAGS ? MOUNT_EFFECT_NONE : MOUNT_EFFECT_ADDS;
	case MOUNTPROBE_MOVE_MOUNT:
		return MOUNT_EFFECT_ADDS;
	case MOUNTPROBE_UMOUNT:
		return MOUNT_EFFECT_REMOVES;
	case MOUNTPROBE_PIVOT_ROOT:
		return MOUNT_EFFECT_REARRANGES;
	default:
		return MOUNT_EFFECT_NONE;
	}
}

static bool is_record(const struct mountprobe_record *record, size_t bytes)
{
	size_t least = offsetof(struct mountprobe_record, target) + 1;

	return bytes >= least && bytes <= sizeof(*record) && record->call < MOUNTPROBE_CALLS &&
	       ((const char *)record)[bytes - 1] == '\0' &&
	       memchr(record->command, 0, sizeof(record->command)) &&
	       memchr(record->fstype, 0, sizeof(record->fstype)) &&
	       memchr(record->source, 0, sizeof(record->source));
}

static int append_record(struct mount_state *state, struct mount_record *record)
{
	size_t capacity = state->record_capacity ? state->record_capacity * 2 : 64;
	struct mount_record **grown;

	if (state->record_count == state->record_capacity) {
		grown = reallocarray(state->record, capacity, sizeof(struct mount_record *));
		if (!grown)
			return -ENOMEM;
		state->record = grown;
		state->record_capacity = capacity;
	}
	state->record[state->record_count++] = record;
	return 0;
}

/* The end of a call whose beginning is known. Returns whether all of it was told already. */
static bool end_pending(struct mount_state *state, const struct mountprobe_record *end)
{
	bool told = false;

	for (size_t i = 0; i < state->record_count; i++) {
		struct mount_record *record = state->record[i];

		if (!record->pending || record->done || record->data.thread != end->thread)
			continue;
		told |= record->told && !end->result;
		record->done = true;
	}
	return told;
}

void mount_state_lost(struct mount_state *state)
{
	for (size_t i = 0; i < state->record_count; i++) {
		if (state->record[i]->pending)
			state->record[i]->done = true;
	}
}

/* Has the mount been told already, because nobody expected its record any more? */
static bool was_told(struct mount_state *state, const struct mount_record *record)
{
	uint64_t time_ns = record->data.time_ns;

	if (record->effect != MOUNT_EFFECT_ADDS || record->data.result)
		return false;
	for (size_t i = 0; i < state->entry_count; i++) {
		struct mount_entry *entry = &state->entry[i];

		if (!entry->anonymous || time_ns + LATE_NS < entry->seen_ns ||
			time_ns > entry->seen_ns + LATE_NS ||
			match_is_younger(&record->data, &entry->mount) ||
			match_mount(&record->data, record->target, &entry->mount) < MATCH_ENOUGH)
			continue;
		entry->anonymous = false;
		return true;
	}
	return false;
}

int mount_state_record(struct mount_state *state, const void *data, size_t bytes, uint64_t now_ns)
{
	struct mount_record *record;
	int error;

	if (!is_record(data, bytes))
		return -EPROTO;
	if (end_pending(state, data))
		return 0;
	record = calloc(1, sizeof(*record));
	if (!record)
		return -ENOMEM;
	memcpy(&record->data, data, bytes);
	record->arrival_ns = now_ns;
	record->effect = effect_of(&record->data);
	record->pending = record->data.result == MOUNTPROBE_PENDING;
	record->foreign = record->data.namespace != 0 && record->data.namespace != state->namespace;
	record->target = strdup(record->data.target);
	if (!record->target) {
		record_free(record);
		return -ENOMEM;
	}
	match_plain_path(record->target);
	error = was_told(state, record) ? -EALREADY : append_record(state, record);
	if (error)
		record_free(record);
	return error == -EALREADY ? 0 : error;
}

/* ---- the table ---- */

static struct mount_entry *add_entry(struct mount_entry *entry, struct mount_info *mount)
{
	*entry = (struct mount_entry){.mount = *mount};
	*mount = (struct mount_info){0};
	return entry;
}

/* Both are sorted by id. With ids that are used again, several entries may have one id: all but
 * one of them are gone. */
static size_t merge_tables(const struct mount_state *state, struct mount_table *table,
	uint64_t now_ns, struct mount_entry *merged)
{
	size_t count = 0, known = 0;
	bool found;

	for (size_t i = 0; i < table->count; i++) {
		while (known < state->entry_count &&
			state->entry[known].mount.id < table->mount[i].id)
			merged[count++] = state->entry[known++];
		found = false;
		while (known < state->entry_count &&
			state->entry[known].mount.id == table->mount[i].id) {
			merged[count] = state->entry[known++];
			if (!merged[count].gone_ns &&
				mount_info_same(&merged[count].mount, &table->mount[i]))
				found = true;
			else if (!merged[count].gone_ns)
				merged[count].gone_ns = now_ns;
			count++;
		}
		if (!found)
			add_entry(&merged[count++], &table->mount[i])->seen_ns = now_ns;
	}
	while (known < state->entry_count)
		merged[count++] = state->entry[known++];
	return count;
}

/* Entries that the table passed over have ids that it doesn't hold. */
static void mark_gone(struct mount_state *state, const struct mount_table *table, uint64_t now_ns)
{
	size_t at = 0;

	for (size_t i = 0; i < state->entry_count; i++) {
		struct mount_entry *entry = &state->entry[i];

		while (at < table->count && table->mount[at].id < entry->mount.id)
			at++;
		if (!entry->gone_ns &&
			(at == table->count || table->mount[at].id != entry->mount.id))
			entry->gone_ns = now_ns;
	}
}

static int take_table(struct mount_state *state, struct mount_table *table, uint64_t now_ns)
{
	struct mount_entry *merged = calloc(state->entry_count + table->count + 1, sizeof(*merged));

	if (!merged)
		return -ENOMEM;
	mark_gone(state, table, now_ns);
	state->entry_count = merge_tables(state, table, now_ns, merged);
	free(state->entry);
	state->entry = merged;
	return 0;
}

/* ---- what there is to tell ---- */

static struct step *add_step(struct step_list *list, enum mount_change_kind kind, uint64_t time_ns)
{
	struct step *step = &list->step[list->count];

	*step = (struct step){.order = list->count};
	step->change.kind = kind;
	step->change.time_ns = time_ns;
	step->change.visible = true;
	list->count++;
	return step;
}

static struct step *plan_entry(const struct mount_state *state, struct step_list *list,
	struct mount_entry *entry, enum mount_change_kind kind)
{
	bool added = kind == MOUNT_CHANGE_MOUNTED;
	struct mount_record *record = added ? entry->added_by : entry->removed_by;
	uint64_t noticed_ns = added ? entry->seen_ns : entry->gone_ns;
	struct step *step = add_step(
		list, kind, record && !record->pending ? record->data.time_ns : noticed_ns);

	step->entry = entry;
	step->change.mount = &entry->mount;
	if (!record) {
		step->until_ns = noticed_ns + state->hold_ns;
		return step;
	}
	step->change.who = &record->data;
	if (record->entry == entry)
		step->record = record;
	return step;
}

/* What came and went meanwhile went after it came, whatever the clocks say. */
static void keep_order(const struct step *mounted, struct step *unmounted)
{
	if (unmounted->change.time_ns <= mounted->change.time_ns)
		unmounted->change.time_ns = mounted->change.time_ns + 1;
	if (unmounted->until_ns < mounted->until_ns)
		unmounted->until_ns = mounted->until_ns;
}

static void plan_entries(struct mount_state *state, struct step_list *list)
{
	for (size_t i = 0; i < state->entry_count; i++) {
		struct mount_entry *entry = &state->entry[i];
		struct step *mounted = NULL, *unmounted;

		if (!entry->announced)
			mounted = plan_entry(state, list, entry, MOUNT_CHANGE_MOUNTED);
		if (!entry->gone_ns)
			continue;
		unmounted = plan_entry(state, list, entry, MOUNT_CHANGE_UNMOUNTED);
		if (mounted)
			keep_order(mounted, unmounted);
	}
}

static void describe_by_record(struct step *step, struct mount_record *record)
{
	step->mount = (struct mount_info){
		.major = record->data.major,
		.minor = record->data.minor,
		.mount_point = record->target,
		.root = "/",
		.fstype = record->data.fstype,
		.source = record->data.source,
	};
}

static struct step *plan_record(
	struct step_list *list, struct mount_record *record, enum mount_change_kind kind)
{
	struct step *step = add_step(list, kind, record->data.time_ns);

	step->record = record;
	step->change.who = &record->data;
	step->change.visible = !record->foreign;
	describe_by_record(step,
		record->effect == MOUNT_EFFECT_REMOVES && record->pair ? record->pair : record);
	return step;
}

/* Of a failed unmount, more is known than its path. */
static void plan_failure(
	struct mount_state *state, struct step_list *list, struct mount_record *record)
{
	struct step *step = plan_record(list, record, MOUNT_CHANGE_FAILED);

	if (record->data.call != MOUNTPROBE_UMOUNT || record->foreign)
		return;
	for (size_t i = 0; i < state->entry_count; i++) {
		if (!state->entry[i].gone_ns &&
			match_path(record->target, state->entry[i].mount.mount_point))
			step->change.mount = &state->entry[i].mount;
	}
}

static void plan_success(const struct mount_state *state, struct step_list *list,
	struct mount_record *record, uint64_t now_ns)
{
	uint64_t until_ns = record->arrival_ns + state->hold_ns;
	struct step *step;

	if (record->effect == MOUNT_EFFECT_ADDS) {
		step = plan_record(list, record, MOUNT_CHANGE_MOUNTED);
		step->until_ns = record->pair || record->foreign ? 0 : until_ns;
	} else if (record->effect == MOUNT_EFFECT_REMOVES && (record->pair || record->foreign)) {
		plan_record(list, record, MOUNT_CHANGE_UNMOUNTED);
	} else if (record->effect != MOUNT_EFFECT_REMOVES || until_ns <= now_ns) {
		/* Nothing to tell; or an unmount of what was never told of. */
		record->done = true;
	}
}

static void plan_records(struct mount_state *state, struct step_list *list, uint64_t now_ns)
{
	for (size_t i = 0; i < state->record_count; i++) {
		struct mount_record *record = state->record[i];

		if (record->pending || record->done)
			continue;
		if (record->data.result)
			plan_failure(state, list, record);
		else if (!record->entry)
			plan_success(state, list, record, now_ns);
	}
}

static int compare_steps(const void *left, const void *right)
{
	const struct step *one = left, *other = right;
	bool first = one->change.kind == MOUNT_CHANGE_UNMOUNTED;
	bool second = other->change.kind == MOUNT_CHANGE_UNMOUNTED;

	if (one->change.time_ns != other->change.time_ns)
		return one->change.time_ns < other->change.time_ns ? -1 : 1;
	/* A moved mount leaves before it arrives. */
	if (first != second)
		return first ? -1 : 1;
	return (one->order > other->order) - (one->order < other->order);
}

static int plan(struct mount_state *state, uint64_t now_ns, struct step_list *list)
{
	/* At most two steps for an entry and one for a record. */
	size_t capacity = 2 * state->entry_count + state->record_count + 1;

	*list = (struct step_list){.step = calloc(capacity, sizeof(*list->step))};
	if (!list->step)
		return -ENOMEM;
	plan_entries(state, list);
	plan_records(state, list, now_ns);
	qsort(list->step, list->count, sizeof(*list->step), compare_steps);
	for (size_t i = 0; i < list->count; i++) {
		if (!list->step[i].change.mount)
			list->step[i].change.mount = &list->step[i].mount;
	}
	return 0;
}

/* ---- telling ---- */

static void step_done(struct step *step)
{
	if (step->record && step->record->pending)
		step->record->told = true;
	else if (step->record)
		step->record->done = true;
	if (!step->entry)
		return;
	if (step->change.kind == MOUNT_CHANGE_MOUNTED) {
		step->entry->announced = true;
		step->entry->anonymous = !step->change.who;
	} else {
		step->entry->done = true;
	}
}

static int tell_steps(struct step_list *list, uint64_t now_ns, mount_change_fn *tell, void *context,
	uint64_t *wake_ns)
{
	int error = 0;

	for (size_t i = 0; i < list->count && !error; i++) {
		if (list->step[i].until_ns > now_ns) {
			*wake_ns = list->step[i].until_ns;
			break;
		}
		error = tell(&list->step[i].change, context);
		step_done(&list->step[i]);
	}
	return error;
}

/* Told as mounted by its record alone, and not told as unmounted yet. */
static bool is_open_ended(const struct mount_record *record)
{
	return record->done && record->effect == MOUNT_EFFECT_ADDS && !record->data.result &&
	       !record->foreign && !record->entry && !(record->pair && record->pair->done);
}

static int list_open_ended(const struct mount_state *state, struct mount_table *table)
{
	struct step step = {0};
	struct mount_info copy;
	int error = 0;

	for (size_t i = 0; i < state->record_count && !error; i++) {
		if (!is_open_ended(state->record[i]))
			continue;
		describe_by_record(&step, state->record[i]);
		error = mount_info_copy(&step.mount, &copy);
		if (!error)
			error = mount_table_add(table, &copy);
	}
	return error;
}

static int add_phantoms(struct mount_state *state, struct mount_table *table, uint64_t now_ns)
{
	struct mount_entry *grown =
		reallocarray(state->entry, state->entry_count + table->count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	/* Their id is 0, the smallest. */
	memmove(grown + table->count, grown, state->entry_count * sizeof(*grown));
	for (size_t i = 0; i < table->count; i++) {
		add_entry(&grown[i], &table->mount[i]);
		grown[i].announced = true;
		grown[i].gone_ns = now_ns;
	}
	state->entry = grown;
	state->entry_count += table->count;
	return 0;
}

/* What was told as mounted must be told as unmounted, too, even if that record never comes: an
 * entry that is gone already sees to it. */
static int remember_short_lived(struct mount_state *state, uint64_t now_ns, uint64_t *wake_ns)
{
	struct mount_table table = {0};
	int error = list_open_ended(state, &table);

	if (!error && table.count) {
		error = add_phantoms(state, &table, now_ns);
		if (!*wake_ns)
			*wake_ns = now_ns + state->hold_ns;
	}
	mount_table_free(&table);
	return error;
}

static void forget_done(struct mount_state *state)
{
	size_t count = 0;

	for (size_t i = 0; i < state->entry_count; i++) {
		if (state->entry[i].done)
			mount_info_free(&state->entry[i].mount);
		else
			state->entry[count++] = state->entry[i];
	}
	state->entry_count = count;
	count = 0;
	for (size_t i = 0; i < state->record_count; i++) {
		if (state->record[i]->done)
			record_free(state->record[i]);
		else
			state->record[count++] = state->record[i];
	}
	state->record_count = count;
}

int mount_state_advance(struct mount_state *state, struct mount_table *table, uint64_t now_ns,
	mount_change_fn *tell, void *context, uint64_t *ret_wake_ns)
{
	struct step_list list = {0};
	uint64_t wake_ns = 0;
	int error = take_table(state, table, now_ns), forgotten;

	mount_table_free(table);
	if (error)
		return error;
	mount_match_all(state);
	error = plan(state, now_ns, &list);
	if (error)
		return error;
	error = tell_steps(&list, now_ns, tell, context, &wake_ns);
	free(list.step);
	forgotten = remember_short_lived(state, now_ns, &wake_ns);
	forget_done(state);
	*ret_wake_ns = wake_ns;
	return error ? error : forgotten;
}

int mount_state_each(const struct mount_state *state, mount_change_fn *tell, void *context)
{
	int error = 0;

	for (size_t i = 0; i < state->entry_count && !error; i++) {
		struct mount_change change = {
			.mount = &state->entry[i].mount,
			.kind = MOUNT_CHANGE_MOUNTED,
			.visible = true,
		};

		if (state->entry[i].announced && !state->entry[i].gone_ns)
			error = tell(&change, context);
	}
	return error;
}
