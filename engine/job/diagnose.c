/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "haul/exit.h"
#include "job/coordinator.h"
#include "job/names.h"
#include "util/clock.h"

#define ERASE_LINE "\r\033[K"

/* One write, so that messages of several processes never mix within a line. */
static void say(struct job *job, const char *format, va_list arguments)
{
	char *text = NULL, *line = NULL;
	int bytes;

	if (vasprintf(&text, format, arguments) < 0)
		return;
	bytes = asprintf(
		&line, "%s%s: %s\n", job->bar ? ERASE_LINE : "", job->request->program, text);
	if (bytes > 0)
		telling_say(&job->tellings, STDERR_FILENO, line, (size_t)bytes);
	free(line);
	free(text);
}

void diagnose(struct job *job, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(job, format, arguments);
	va_end(arguments);
	job->exit_status = HAUL_EXIT_FAILED;
}

void notify(struct job *job, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(job, format, arguments);
	va_end(arguments);
}

enum subject {
	OF_NOTHING = 0,
	OF_SOURCE,
	OF_TARGET,
	OF_TARGET_BARE, /* without quotes */
};

/* GNU's words where GNU has them: scripts look for them. */
struct phrase {
	const char *before;
	enum subject first;
	const char *between;
	enum subject second;
	const char *after;
};

static const struct phrase phrases[OPERATIONS] = {
	[OPERATION_NONE] = {"cannot copy ", OF_SOURCE, "", OF_NOTHING, ""},
	[OPERATION_OPEN_SOURCE] = {"cannot open ", OF_SOURCE, " for reading", OF_NOTHING, ""},
	[OPERATION_STAT_SOURCE] = {"cannot stat ", OF_SOURCE, "", OF_NOTHING, ""},
	[OPERATION_READ] = {"error reading ", OF_SOURCE, "", OF_NOTHING, ""},
	[OPERATION_LIST] = {"cannot access ", OF_SOURCE, "", OF_NOTHING, ""},
	[OPERATION_READ_LINK] = {"cannot read symbolic link ", OF_SOURCE, "", OF_NOTHING, ""},
	[OPERATION_READ_XATTR] = {"cannot read extended attributes of ", OF_SOURCE, "", OF_NOTHING,
		""},
	[OPERATION_CREATE] = {"cannot create regular file ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_OPEN_TARGET] = {"cannot create regular file ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_WRITE] = {"error writing ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_MAKE_DIRECTORY] = {"cannot create directory ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_MAKE_LINK] = {"cannot create hard link ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_MAKE_SYMLINK] = {"cannot create symbolic link ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_MAKE_SPECIAL] = {"cannot create special file ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_MAKE_FIFO] = {"cannot create fifo ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_SET_OWNER] = {"failed to preserve ownership for ", OF_TARGET, "", OF_NOTHING,
		""},
	[OPERATION_SET_MODE] = {"preserving permissions for ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_SET_TIMES] = {"preserving times for ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_SET_XATTR] = {"setting attributes for ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_SET_FLAGS] = {"setting inode flags for ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_PUBLISH] = {"cannot create regular file ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_SOURCE_CHANGED] = {"", OF_SOURCE, " changed while it was copied", OF_NOTHING,
		""},
	[OPERATION_SOURCE_REPLACED] = {"skipping file ", OF_SOURCE,
		", as it was replaced while being copied", OF_NOTHING, ""},
	[OPERATION_NOT_DIRECTORY] = {"cannot overwrite non-directory ", OF_TARGET,
		" with directory ", OF_SOURCE, ""},
	[OPERATION_IS_DIRECTORY] = {"cannot overwrite directory ", OF_TARGET, " with non-directory",
		OF_NOTHING, ""},
	[OPERATION_SAME_FILE] = {"", OF_SOURCE, " and ", OF_TARGET, " are the same file"},
	[OPERATION_STAT_TARGET] = {"cannot stat ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_DANGLING] = {"not writing through dangling symlink ", OF_TARGET, "", OF_NOTHING,
		""},
	[OPERATION_SYMLINK_IN_TREE] = {"not writing through ", OF_TARGET,
		", as that is no regular file", OF_NOTHING, ""},
	[OPERATION_NOT_REPLACING] = {"not replacing ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_MERGE] = {"will not overwrite ", OF_TARGET, " with ", OF_SOURCE,
		": another name in the source is the same at the destination"},
	[OPERATION_BACK_UP] = {"cannot backup ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_BACKUP_IS_SOURCE] = {"backing up ", OF_TARGET, " might destroy source;  ",
		OF_SOURCE, " not copied"},
	[OPERATION_CYCLE] = {"cannot copy cyclic symbolic link ", OF_SOURCE, "", OF_NOTHING, ""},
	[OPERATION_CLONE] = {"failed to clone ", OF_TARGET, " from ", OF_SOURCE, ""},
	[OPERATION_LINK_TO_SOURCE] = {"cannot create hard link ", OF_TARGET, " to ", OF_SOURCE, ""},
	[OPERATION_SYMLINK_TO_SOURCE] = {"cannot create symbolic link ", OF_TARGET, " to ",
		OF_SOURCE, ""},
	[OPERATION_RELATIVE_SYMLINK] = {"", OF_TARGET_BARE,
		": can make relative symbolic links only in current directory", OF_NOTHING, ""},
	[OPERATION_UNSUPPORTED] = {"cannot copy ", OF_SOURCE, ": kind of file not supported",
		OF_NOTHING, ""},
	[OPERATION_REMOVE] = {"cannot remove ", OF_SOURCE, "", OF_NOTHING, ""},
	[OPERATION_RENAME] = {"cannot move ", OF_SOURCE, " to ", OF_TARGET, ""},
	[OPERATION_NOT_MOVED] = {"not removing ", OF_SOURCE, ", as it changed since it was copied",
		OF_NOTHING, ""},
	[OPERATION_OTHER_DEVICE] = {"skipping ", OF_SOURCE, ", since it's on a different device",
		OF_NOTHING, ""},
	[OPERATION_OPEN_COPY] = {"cannot open ", OF_TARGET, " for reading", OF_NOTHING, ""},
	[OPERATION_READ_COPY] = {"error reading ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_LIST_COPY] = {"cannot access ", OF_TARGET, "", OF_NOTHING, ""},
	[OPERATION_SYNC_SOURCE] = {"cannot synchronize the filesystem of ", OF_SOURCE, "",
		OF_NOTHING, ""},
	[OPERATION_SYNC_COPY] = {"cannot synchronize the filesystem of ", OF_TARGET, "", OF_NOTHING,
		""},
	[OPERATION_COMPARED_CHANGED] = {"", OF_SOURCE, " changed while it was compared", OF_NOTHING,
		""},
	[OPERATION_COPY_CHANGED] = {"", OF_TARGET, " changed while it was compared", OF_NOTHING,
		""},
	[OPERATION_WORKER_DIED] = {"giving up on ", OF_SOURCE, ", as workers died over it",
		OF_NOTHING, ""},
};

/* For these the words say it all; the error number is an implementation's. */
static bool speaks_for_itself(enum wire_operation operation)
{
	switch (operation) {
	case OPERATION_SOURCE_CHANGED:
	case OPERATION_SOURCE_REPLACED:
	case OPERATION_NOT_DIRECTORY:
	case OPERATION_IS_DIRECTORY:
	case OPERATION_SAME_FILE:
	case OPERATION_CYCLE:
	case OPERATION_DANGLING:
	case OPERATION_SYMLINK_IN_TREE:
	case OPERATION_NOT_REPLACING:
	case OPERATION_MERGE:
	case OPERATION_BACKUP_IS_SOURCE:
	case OPERATION_RELATIVE_SYMLINK:
	case OPERATION_UNSUPPORTED:
	case OPERATION_OTHER_DEVICE:
	case OPERATION_NOT_MOVED:
	case OPERATION_COMPARED_CHANGED:
	case OPERATION_COPY_CHANGED:
	case OPERATION_WORKER_DIED:
		return true;
	default:
		return false;
	}
}

static void record_failure(struct job *job, const char *path, int error, const char *message)
{
	struct lane_file file = {
		.directory = "",
		.name = path,
		.name_bytes = strlen(path),
		.error = error,
		.message = message,
	};

	lane_file(&job->lane, HAUL_RECORD_FILE_FAILED, clock_monotonic_ns(), &file);
	lane_ring(&job->lane, clock_monotonic_ns(), false);
}

static const char *subject_words(const struct names *names, enum subject subject)
{
	switch (subject) {
	case OF_SOURCE:
		return names->source_quoted;
	case OF_TARGET:
		return names->target_quoted;
	case OF_TARGET_BARE:
		return names->target;
	default:
		return "";
	}
}

static void word(
	char *ret_text, size_t capacity, const struct names *names, enum wire_operation operation)
{
	const struct phrase *phrase = &phrases[OPERATION_NONE];

	if (operation < OPERATIONS && phrases[operation].before)
		phrase = &phrases[operation];
	snprintf(ret_text, capacity, "%s%s%s%s%s", phrase->before,
		subject_words(names, phrase->first), phrase->between,
		subject_words(names, phrase->second), phrase->after);
}

struct diagnosis {
	struct names names;
	char text[2 * NAMES_QUOTED_BYTES + 256];
};

void diagnose_entry(struct job *job, const struct directory *directory, struct wire_text name,
	struct wire_text target, enum wire_operation operation, int error)
{
	struct diagnosis *diagnosis = malloc(sizeof(*diagnosis));

	if (!diagnosis) {
		job_out_of_memory(job);
		return;
	}
	names_fill(&diagnosis->names, directory, name, target);
	word(diagnosis->text, sizeof(diagnosis->text), &diagnosis->names, operation);
	if (speaks_for_itself(operation))
		diagnose(job, "%s", diagnosis->text);
	else
		diagnose(job, "%s: %s", diagnosis->text, strerror(error));
	record_failure(job, diagnosis->names.source, error, diagnosis->text);
	free(diagnosis);
}
