/* SPDX-License-Identifier: MIT */
/*
 * A regular file of a FILES item on its way:
 *
 *     open source -> read it whole -> is it whole and unchanged? -> store -> settle -> publish
 *                 \-> stream: open target, move chunks, unchanged? -----------/
 *
 * Each arrow may park on the ring; where everything is cached none does.
 */
#ifndef ENGINE_WORKER_FILE_H
#define ENGINE_WORKER_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "worker/executor.h"
#include "worker/overwrite.h"

#define FILE_NO_FD (-1)

/* The operations of its requests. */
enum file_operation {
	FILE_OPENED,
	FILE_READ,
	FILE_CHUNK,
};

struct file {
	struct slot slot;
	struct work *work;
	const struct wire_entry *entry; /* the work's */
	struct wire_text name;
	const char *target_name;
	int source_fd;
	int64_t opened_sec; /* CLOCK_REALTIME */
	uint8_t *buffer;    /* the whole content; NULL: streamed */
	uint32_t filled;
	bool stated;        /* `status` was read before the content, and must still hold after it */
	bool counted;       /* the bytes of `buffer` are */
	bool streaming;     /* has a transfer's place */
	bool blocked;       /* an existing file turned up under the name */
	bool pouring;       /* one of both ends is no regular file: read and written in a row */
	unsigned attempts;  /* at storing it */
	struct stat status; /* of the source */
	enum overwrite_verdict verdict; /* about what exists under the name */
	struct overwrite overwrite;
	struct target target;
	struct metadata_present present; /* of the target */
	bool summed;                     /* `sum` is that of what is stored */
	struct checksum_value sum;
	struct transfer transfer;
	uint64_t told_read; /* of the transfer's counts, what was counted */
	uint64_t told_accepted;
	struct open_how how;
};

extern const size_t file_slot_bytes;

/* Begins; a slot must be free. The file may be over when this returns. `mode` tells its type:
 * what is no regular file is read as if it were one. */
void file_begin(struct executor *executor, struct work *work, const struct wire_entry *entry,
	mode_t mode, struct wire_text name, struct wire_text target_name);

/* ---- between the parts of a file's life ---- */

/* The source changed while it was copied: says so, and the copy goes on. */
void file_warn_changed(struct executor *executor, struct file *file);

/* The file is over: failed, skipped or done. Frees what it holds. */
void file_fail(
	struct executor *executor, struct file *file, enum wire_operation operation, int error);
/* The same where what exists under the name decided it. */
void file_left(struct executor *executor, struct file *file);
void file_done(struct executor *executor, struct file *file);

/* Opens or creates what is written to. False: the file is over. */
bool file_open_target(struct executor *executor, struct file *file);
/* Stores what the buffer holds. */
void file_store(struct executor *executor, struct file *file);
/* Stores no content at all. */
void file_store_attributes(struct executor *executor, struct file *file);
/* The content is there: metadata, name. */
void file_settle(struct executor *executor, struct file *file);

/* Moves the content from or to what is no regular file; both are open. */
void file_pour(struct executor *executor, struct file *file);
/* The same, of a source that is none. */
void file_pour_special(struct executor *executor, struct file *file);

/* Moves the content in chunks; `file->buffer` is NULL, the source open. */
void file_stream(struct executor *executor, struct file *file);
void file_stream_again(struct executor *executor, struct file *file); /* to another target */
void file_stream_run(struct executor *executor, struct file *file);
void file_stream_chunk(struct executor *executor, struct file *file, unsigned part, int result);

#endif
