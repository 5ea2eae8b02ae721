/* SPDX-License-Identifier: MIT */
#include "progress/record.h"

static bool file_valid(const struct haul_file *file, uint64_t bytes)
{
	return bytes >= sizeof(*file) &&
	       bytes - sizeof(*file) >= (uint64_t)file->path_bytes + file->message_bytes;
}

static bool serial_valid(const struct haul_serial *serial, uint64_t bytes)
{
	return bytes >= sizeof(*serial) &&
	       bytes - sizeof(*serial) >= (uint64_t)serial->port_bytes + serial->data_bytes;
}

static bool text_valid(const struct haul_text *text, uint64_t bytes)
{
	return bytes >= sizeof(*text) && bytes - sizeof(*text) >= text->text_bytes;
}

bool haul_record_known(const struct haul_record *record)
{
	return record->type >= HAUL_RECORD_FILE_STARTED && record->type <= HAUL_RECORD_NOTICE;
}

bool haul_record_valid(const struct haul_record *record)
{
	const void *payload = record + 1;
	uint64_t bytes = record->size_bytes - sizeof(*record);

	switch (record->type) {
	case HAUL_RECORD_FILE_STARTED:
	case HAUL_RECORD_FILE_DONE:
	case HAUL_RECORD_FILE_FAILED:
	case HAUL_RECORD_FILE_SKIPPED:
		return file_valid(payload, bytes);
	case HAUL_RECORD_JOB_STATE:
		return bytes >= sizeof(struct haul_job_state);
	case HAUL_RECORD_DEVICE:
	case HAUL_RECORD_NOTICE:
		return text_valid(payload, bytes);
	case HAUL_RECORD_SERIAL:
		return serial_valid(payload, bytes);
	default:
		return false;
	}
}
