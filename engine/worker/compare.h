/* SPDX-License-Identifier: MIT */
/*
 * Comparing: LIST and FILES with ITEM_COMPARE, COMPARE and EXTRA.
 *
 *     compare_item.c       items, and entries of other types than regular files
 *     compare_directory.c  directories, and names that only the destination has
 *     compare_file.c       regular files, whole or in parts
 *     compare_metadata.c   what the inodes say, and attributes
 *
 * A regular file's way, which may park on the ring at each arrow:
 *
 *     open both sides -> metadata -> content, from the medium, until it differs or ends
 */
#ifndef ENGINE_WORKER_COMPARE_H
#define ENGINE_WORKER_COMPARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "io/content.h"
#include "worker/executor.h"

enum compare_side {
	COMPARE_SOURCE = 0,
	COMPARE_TARGET,
	COMPARE_SIDES,
};

/* An entry that is compared, for those who report what differs. */
struct compare_subject {
	struct executor *executor;
	struct work *work;
	uint32_t index;
	unsigned differences; /* that were reported */
};

/* Begins the item, or goes on beginning its entries. As files_begin, and 0 also when it is over. */
int compare_begin(struct executor *executor, struct work *work);

/* ---- between the parts ---- */

/* An entry of the item is over. Answers when it was the last. */
void compare_entry_over(struct executor *executor, struct work *work);

/* Begins a regular file; a slot must be free. */
void compare_file(struct executor *executor, struct work *work, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target_name);
extern const size_t compare_slot_bytes;

/* LIST: compares both directories, then lists the source. EXTRA. As list_begin. */
int compare_directory(struct executor *executor, struct work *work);
int compare_extra(struct executor *executor, struct work *work);

/* The item's directories. On failure nothing is held, and *ret_operation says what failed. */
int compare_open_directories(
	struct executor *executor, struct work *work, enum wire_operation *ret_operation);

/* ---- compare_metadata.c ---- */

/* What differs, other than by texts. */
void compare_report(struct compare_subject *subject, enum difference_kind kind,
	const uint64_t value[COMPARE_SIDES][2]);
/* And by them. */
void compare_report_texts(struct compare_subject *subject, enum difference_kind kind,
	const char *source, const char *target);
/* The destination has nothing of the name. */
void compare_report_missing(struct compare_subject *subject, mode_t mode);

/* Are both of one type? Reports it if they aren't. */
bool compare_types(struct compare_subject *subject, const struct stat status[COMPARE_SIDES]);
/* Reports what the inodes differ in, the content's size aside. */
void compare_status(struct compare_subject *subject, const struct stat status[COMPARE_SIDES]);

/* The sizes of regular files; true of all else. */
bool compare_sizes(struct compare_subject *subject, const struct stat status[COMPARE_SIDES]);

/* Attributes, by descriptors, or where these are no help by paths that aren't followed. */
struct compare_ends {
	int fd[COMPARE_SIDES];
	const char *path[COMPARE_SIDES]; /* NULL: by fd */
};
void compare_attributes(struct compare_subject *subject, const struct compare_ends *ends);

#endif
