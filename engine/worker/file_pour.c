/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "worker/explain.h"
#include "worker/file.h"
#include "worker/pour.h"

void file_pour(struct executor *executor, struct file *file)
{
	enum wire_operation operation = OPERATION_READ;
	uint64_t bytes;
	int error = pour_content(
		executor, file->work, file->source_fd, file->target.fd, &bytes, &operation);

	file->counted = true;
	file->status.st_size = (off_t)bytes;
	if (error) {
		file_fail(executor, file, operation, error);
		return;
	}
	explain_pour(executor, file->work, file->entry->index);
	file_settle(executor, file);
}

void file_pour_special(struct executor *executor, struct file *file)
{
	if (fstat(file->source_fd, &file->status)) {
		file_fail(executor, file, OPERATION_STAT_SOURCE, -errno);
		return;
	}
	/* What was read can't be read again, so the name must be looked at before. */
	file->blocked = true;
	if (file_open_target(executor, file))
		file_pour(executor, file);
}
