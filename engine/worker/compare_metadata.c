/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "io/xattr.h"
#include "worker/compare.h"

static const struct wire_text no_text = {"", 0};

static struct wire_text text_of(const char *text)
{
	return text ? (struct wire_text){text, strlen(text)} : no_text;
}

static struct wire_difference difference_of(
	const struct compare_subject *subject, enum difference_kind kind)
{
	return (struct wire_difference){
		.id = subject->work->item->id,
		.kind = kind,
		.index = subject->index,
	};
}

void compare_report(struct compare_subject *subject, enum difference_kind kind,
	const uint64_t value[COMPARE_SIDES][2])
{
	struct wire_difference difference = difference_of(subject, kind);
	const struct wire_text none[DIFFERENCE_SIDES] = {no_text, no_text};

	memcpy(difference.value, value, sizeof(difference.value));
	subject->differences += kind < DIFFERENCES;
	report_difference(&subject->executor->report, &difference, no_text, none);
}

void compare_report_texts(struct compare_subject *subject, enum difference_kind kind,
	const char *source, const char *target)
{
	struct wire_difference difference = difference_of(subject, kind);
	const struct wire_text detail[DIFFERENCE_SIDES] = {text_of(source), text_of(target)};

	subject->differences++;
	report_difference(&subject->executor->report, &difference, no_text, detail);
}

void compare_report_missing(struct compare_subject *subject, mode_t mode)
{
	const uint64_t value[COMPARE_SIDES][2] = {{mode, 0}, {0, 0}};

	compare_report(subject, DIFFERENCE_ONLY_SOURCE, value);
}

bool compare_types(struct compare_subject *subject, const struct stat status[COMPARE_SIDES])
{
	const uint64_t value[COMPARE_SIDES][2] = {{status[0].st_mode, 0}, {status[1].st_mode, 0}};
	bool same = (status[0].st_mode & S_IFMT) == (status[1].st_mode & S_IFMT);

	if (!same)
		compare_report(subject, DIFFERENCE_TYPE, value);
	return same;
}

/* Reports two pairs of values, unless they are the same. */
static void compare_pairs(struct compare_subject *subject, enum difference_kind kind,
	const uint64_t value[COMPARE_SIDES][2])
{
	if (memcmp(value[0], value[1], sizeof(value[0])) != 0)
		compare_report(subject, kind, value);
}

/* Names of one inode: who shares it can be told only when all names are known. */
static void tell_linked(struct compare_subject *subject, const struct stat status[COMPARE_SIDES])
{
	const uint64_t value[COMPARE_SIDES][2] = {
		{status[0].st_ino, status[0].st_dev},
		{status[1].st_ino, status[1].st_dev},
	};

	if (!S_ISDIR(status[0].st_mode) && (status[0].st_nlink > 1 || status[1].st_nlink > 1))
		compare_report(subject, DIFFERENCE_LINKED, value);
}

void compare_status(struct compare_subject *subject, const struct stat status[COMPARE_SIDES])
{
	const struct stat *a = &status[0], *b = &status[1];
	uint32_t parts = subject->executor->options.preserve;
	const uint64_t mode[][2] = {{a->st_mode & 07777, 0}, {b->st_mode & 07777, 0}};
	const uint64_t owner[][2] = {{a->st_uid, a->st_gid}, {b->st_uid, b->st_gid}};
	const uint64_t device[][2] = {{a->st_rdev, 0}, {b->st_rdev, 0}};
	const uint64_t time[][2] = {
		{(uint64_t)a->st_mtim.tv_sec, (uint64_t)a->st_mtim.tv_nsec},
		{(uint64_t)b->st_mtim.tv_sec, (uint64_t)b->st_mtim.tv_nsec},
	};

	if (S_ISCHR(a->st_mode) || S_ISBLK(a->st_mode))
		compare_pairs(subject, DIFFERENCE_DEVICE, device);
	/* A symlink's mode means nothing. */
	if (parts & PRESERVE_MODE && !S_ISLNK(a->st_mode))
		compare_pairs(subject, DIFFERENCE_MODE, mode);
	if (parts & PRESERVE_OWNER)
		compare_pairs(subject, DIFFERENCE_OWNER, owner);
	if (parts & PRESERVE_TIMES)
		compare_pairs(subject, DIFFERENCE_TIME, time);
	if (parts & PRESERVE_LINKS)
		tell_linked(subject, status);
}

bool compare_sizes(struct compare_subject *subject, const struct stat status[COMPARE_SIDES])
{
	const uint64_t value[COMPARE_SIDES][2] = {
		{(uint64_t)status[0].st_size, 0},
		{(uint64_t)status[1].st_size, 0},
	};

	if (!S_ISREG(status[0].st_mode) || value[0][0] == value[1][0])
		return true;
	compare_report(subject, DIFFERENCE_SIZE, value);
	return false;
}

/* ---- attributes ---- */

static void differs(void *context, const char *name, bool in_source, bool in_target)
{
	compare_report_texts(
		context, DIFFERENCE_XATTR, in_source ? name : NULL, in_target ? name : NULL);
}

void compare_attributes(struct compare_subject *subject, const struct compare_ends *ends)
{
	const struct job_options *options = &subject->executor->options;
	struct xattr_file source = {.fd = ends->fd[0], .path = ends->path[0]};
	struct xattr_file target = {.fd = ends->fd[1], .path = ends->path[1]};
	struct xattr_choice choice = {
		.acl = options->preserve & PRESERVE_MODE,
		.others = options->preserve & PRESERVE_XATTR,
	};
	int error;

	if (!choice.acl && !choice.others)
		return;
	error = xattr_compare(&source, &target, choice, differs, subject);
	if (error)
		executor_fail(subject->executor, subject->work, subject->index,
			OPERATION_READ_XATTR, error);
}
