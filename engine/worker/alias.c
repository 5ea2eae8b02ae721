/* SPDX-License-Identifier: MIT */
#include "worker/alias.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int make_new(const struct alias *alias, int fd, const char *name)
{
	int result = alias->text ? symlinkat(alias->text, fd, name)
				 : linkat(alias->directory_fd, alias->name, fd, name, alias->flags);

	return result ? -errno : 0;
}

/* Removing and linking again would leave a gap without either. Renaming onto another name of the
 * same inode does nothing at all, so the temporary name goes in any case. */
static int replace(
	const struct executor *executor, const struct alias *alias, int fd, const char *name)
{
	char temporary[TARGET_TEMPORARY_BYTES];
	int error;

	target_temporary_name(executor->options.salt, name, 0, temporary);
	error = make_new(alias, fd, temporary);
	if (error)
		return error;
	if (renameat(fd, temporary, fd, name))
		error = -errno;
	if (unlinkat(fd, temporary, 0) && errno != ENOENT && !error)
		error = -errno;
	return error;
}

static int make_backed_up(
	struct executor *executor, const struct alias *alias, const struct overwrite *overwrite)
{
	char backup[BACKUP_NAME_BYTES];
	int error = overwrite_back_up(executor, overwrite, backup);

	if (error)
		return error;
	error = replace(executor, alias, overwrite->work->target->fd, overwrite->target_name);
	if (error)
		overwrite_restore(overwrite, backup);
	return error;
}

static int make_over(struct executor *executor, const struct alias *alias,
	struct overwrite *overwrite, enum overwrite_verdict verdict)
{
	int fd = overwrite->work->target->fd;
	int error;

	if (verdict == OVERWRITE_BACK_UP)
		return make_backed_up(executor, alias, overwrite);
	error = replace(executor, alias, fd, overwrite->target_name);
	if (!error && verdict == OVERWRITE_REPLACE)
		overwrite_report_removed(executor, overwrite);
	return error;
}

static int decide(struct executor *executor, const struct alias *alias, struct overwrite *overwrite,
	enum overwrite_verdict *ret_verdict)
{
	const struct stat *source = overwrite->source;
	struct stat existing;

	if (!source && fstatat(alias->directory_fd, alias->name, &existing, AT_SYMLINK_NOFOLLOW))
		return -errno;
	overwrite->source = source ? source : &existing;
	*ret_verdict = overwrite_decide(executor, overwrite);
	overwrite->source = source;
	return 0;
}

void alias_make(struct executor *executor, const struct alias *alias, struct overwrite *overwrite)
{
	int error = make_new(alias, overwrite->work->target->fd, overwrite->target_name);
	enum overwrite_verdict verdict = OVERWRITE_NOTHING;

	if (error == -EEXIST) {
		error = decide(executor, alias, overwrite, &verdict);
		if (!error && overwrite_is_final(verdict)) {
			overwrite_report(executor, overwrite, verdict);
			return;
		}
		if (!error)
			error = make_over(executor, alias, overwrite, verdict);
	}
	if (error)
		executor_fail(executor, overwrite->work, overwrite->index, alias->operation, error);
	else
		overwrite_report(executor, overwrite, OVERWRITE_NOTHING);
}
