/* SPDX-License-Identifier: MIT */
#include "worker/pour.h"

#include <errno.h>
#include <unistd.h>

static int write_all(int fd, const uint8_t *data, size_t bytes)
{
	while (bytes) {
		ssize_t put = write(fd, data, bytes);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		data += put;
		bytes -= (size_t)put;
	}
	return 0;
}

static ssize_t read_some(int fd, uint8_t *buffer, size_t bytes)
{
	ssize_t got;

	do
		got = read(fd, buffer, bytes);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int pour(struct executor *executor, struct work *work, int from, int to, uint8_t *buffer,
	uint64_t *ret_bytes, enum wire_operation *ret_operation)
{
	struct pace *pace = &executor->pace;
	size_t most = pace_limits(pace) ? pace->chunk_bytes : TRANSFER_CHUNK_BYTES;
	ssize_t got;
	int error;

	*ret_operation = OPERATION_READ;
	while ((got = read_some(from, buffer, most)) > 0) {
		pace_take(pace, (uint64_t)got);
		executor_count(executor, work, HAUL_BYTES_READ, (uint64_t)got);
		error = write_all(to, buffer, (size_t)got);
		if (error) {
			*ret_operation = OPERATION_WRITE;
			return error;
		}
		executor_count(executor, work, HAUL_BYTES_ACCEPTED, (uint64_t)got);
		*ret_bytes += (uint64_t)got;
	}
	return (int)got;
}

int pour_content(struct executor *executor, struct work *work, int from, int to,
	uint64_t *ret_bytes, enum wire_operation *ret_operation)
{
	uint8_t *buffer = buffer_pool_take(&executor->pool);
	int error = -ENOMEM;

	*ret_bytes = 0;
	/* It may take long: what is done already is to be known. */
	report_flush(&executor->report);
	if (buffer)
		error = pour(executor, work, from, to, buffer, ret_bytes, ret_operation);
	if (buffer)
		buffer_pool_give(&executor->pool, buffer);
	return error;
}
