/* SPDX-License-Identifier: MIT */
/* haul run: a job file, looked at in whole, and then done. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "cli/command.h"
#include "cli/run_line.h"
#include "haul/exit.h"
#include "job/job.h"
#include "job/state_directory.h"
#include "run/jobfile.h"
#include "run/record.h"
#include "run/run.h"
#include "util/cpu.h"
#include "util/quote.h"

/* So that several devices have something to do on small machines too. */
#define JOBS_DEFAULT_MIN 4
#define JOBS_DEFAULT_MAX 16

struct run_settings {
	unsigned jobs; /* at once; 0: not given */
	unsigned progress;
	const char *name;
	bool json;
	bool quiet;
	bool dry_run;
	bool resume;
};

struct run_file {
	const char *path;   /* as given, "-" too */
	const char *called; /* in messages */
	char name[RUN_NAME_BYTES];
	bool named;    /* by the user */
	uint64_t hash; /* of its text */
};

#define FIELD(member) offsetof(struct run_settings, member)

static const char *const usage[] = {"[OPTION]... JOBFILE", "[OPTION]... -", NULL};

static const struct option_choice progress_choices[] = {
	{"auto", JOB_PROGRESS_AUTO},
	{"always", JOB_PROGRESS_ALWAYS},
	{"never", JOB_PROGRESS_NEVER},
	{NULL, 0},
};

static const struct option_row rows[] = {
	{
		.letters = "j",
		.name = "jobs",
		.kind = OPTION_NUMBER,
		.group = "Options",
		.metavar = "N",
		.help = "have at most N jobs running at once; the default is one for each CPU, but "
			"from 4 to 16",
		.offset = FIELD(jobs),
		.minimum = 1,
		.maximum = RUN_JOBS_MAX,
	},
	{
		.name = "name",
		.kind = OPTION_TEXT,
		.metavar = "NAME",
		.help = "name the run: its jobs are NAME-1, NAME-2 and so on, by their lines; the "
			"default is the job file's name without what follows a dot",
		.offset = FIELD(name),
	},
	{
		.name = "resume",
		.kind = OPTION_FLAG,
		.help = "go on with an earlier run of JOBFILE: leave out the jobs that are done, "
			"resume those that had begun, and try again those that failed",
		.offset = FIELD(resume),
	},
	{
		.name = "progress",
		.kind = OPTION_CHOICE,
		.metavar = "WHEN",
		.fallback = "always",
		.help = "show a progress bar for each job on standard error: auto (the default: on "
			"a terminal), always, never",
		.offset = FIELD(progress),
		.choices = progress_choices,
	},
	{
		.name = "json",
		.kind = OPTION_FLAG,
		.help = "write the events of all jobs to standard output as JSON lines",
		.offset = FIELD(json),
	},
	{
		.letters = "q",
		.name = "quiet",
		.kind = OPTION_FLAG,
		.help = "say nothing at the end when everything was done",
		.offset = FIELD(quiet),
	},
	{
		.letters = "n",
		.name = "dry-run",
		.kind = OPTION_FLAG,
		.help = "only say what would be done, and which jobs wait for a slow disk",
		.offset = FIELD(dry_run),
	},
	{.name = "help", .kind = OPTION_HELP, .help = "show this help"},
	{.name = "version", .kind = OPTION_VERSION, .help = "show the version"},
	{.name = NULL},
};

const struct option_set run_options = {
	.command = "run",
	.usage = usage,
	.description = "Do the jobs in JOBFILE, or standard input, many at once. Each line is a "
		       "haul command: cp, mv, rm, serial send or serial receive.",
	.row = rows,
	.operands = NAMES_FILE,
};

/* ---- reading ---- */

/* A file's text, as it comes. */
struct text {
	char *data;
	size_t bytes;
	size_t capacity;
};

static int text_grow(struct text *text)
{
	size_t capacity = text->capacity ? 2 * text->capacity : 65536;
	char *grown = realloc(text->data, capacity);

	if (!grown)
		return -ENOMEM;
	text->data = grown;
	text->capacity = capacity;
	return 0;
}

static int text_read(struct text *text, int fd)
{
	for (;;) {
		int error = text->bytes == text->capacity ? text_grow(text) : 0;
		ssize_t got;

		if (error)
			return error;
		got = read(fd, text->data + text->bytes, text->capacity - text->bytes);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return 0;
		text->bytes += got > 0 ? (size_t)got : 0;
		if (text->bytes > JOBFILE_BYTES_MAX)
			return -EFBIG;
	}
}

static int read_file(const char *path, struct text *text)
{
	bool is_input = strcmp(path, "-") == 0;
	int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -errno : text_read(text, fd);

	if (fd >= 0 && !is_input)
		close(fd);
	if (error)
		option_error(&run_options, "cannot read '%s': %s", path, strerror(-error));
	return error;
}

static void say_wrong(void *context, const struct jobfile_error *error)
{
	const char *file = context;

	option_error(&run_options, "%s:%u: %s%s%s%s", file, error->number, error->message,
		*error->what ? ": '" : "", error->what, *error->what ? "'" : "");
}

/* ---- looking at it ---- */

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Two jobs of one name can't run at the same time, nor be told apart. */
static int check_names(const struct run_request *request)
{
	const char **name = calloc(request->count, sizeof(*name));
	int error = 0;

	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < request->count; i++)
		name[i] = request->job[i].name;
	qsort(name, request->count, sizeof(*name), compare_names);
	for (size_t i = 1; i < request->count && !error; i++) {
		if (strcmp(name[i - 1], name[i]) != 0)
			continue;
		option_error(&run_options, "%s: two jobs are named '%s'", request->file, name[i]);
		error = -EINVAL;
	}
	free(name);
	return error;
}

static int examine(struct run_request *request, const struct jobfile *file, const char *name)
{
	const struct run_line_place place = {request->program, request->file, name};
	int error = 0;

	request->job = calloc(file->count, sizeof(*request->job));
	if (!request->job)
		return -ENOMEM;
	/* All that is wrong is said, not only the first of it. */
	for (size_t i = 0; i < file->count; i++) {
		int wrong = run_line_examine(&place, &file->line[i], &request->job[request->count]);

		request->count += !wrong;
		error = error ? error : wrong;
	}
	return error ? error : check_names(request);
}

/* "/etc/haul/nightly.jobs" is called "nightly", standard input "run-PROCESS". */
static void choose_name(const char *file, char ret_name[RUN_NAME_BYTES])
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	size_t used = 0;

	if (strcmp(file, "-") != 0)
		for (; *base && *base != '.' && used < RUN_NAME_BYTES - 1; base++)
			ret_name[used++] =
				(char)(isalnum((unsigned char)*base) || *base == '_' ? *base : '-');
	ret_name[used] = '\0';
	if (!used)
		snprintf(ret_name, RUN_NAME_BYTES, "run-%d", (int)getpid());
}

static int check_name(const char *name)
{
	size_t bytes = strlen(name);

	if (bytes && bytes < RUN_NAME_BYTES && name[0] != '.' && !strchr(name, '/'))
		return 0;
	option_wrong(&run_options, "invalid name '%s'", name);
	return -EINVAL;
}

/* ---- doing it ---- */

static unsigned jobs_default(void)
{
	int cpu[JOBS_DEFAULT_MAX];
	int count = cpu_allowed(cpu, JOBS_DEFAULT_MAX);

	return count > JOBS_DEFAULT_MIN ? (unsigned)count : JOBS_DEFAULT_MIN;
}

static void fill_request(const struct run_settings *settings, struct run_request *request)
{
	bool on_terminal = isatty(STDERR_FILENO) && !(settings->json && isatty(STDOUT_FILENO));

	request->at_most = settings->jobs ? settings->jobs : jobs_default();
	request->json = settings->json;
	request->quiet = settings->quiet;
	request->bar_always = settings->progress == JOB_PROGRESS_ALWAYS;
	request->bar =
		request->bar_always || (settings->progress == JOB_PROGRESS_AUTO && on_terminal);
}

static const char *record_problem(int error)
{
	switch (error) {
	case -ENOENT:
		return "there was no such run, or everything was done";
	case -EBUSY:
		return "it is running";
	case -ESTALE:
		return "it had another job file";
	case -EBADMSG:
		return "the record of what it has done is damaged";
	default:
		return strerror(-error);
	}
}

static bool has_journal(const char *job)
{
	char path[STATE_PATH_BYTES];

	return !state_journal_path(job, false, path) && !access(path, F_OK);
}

/* Those that have begun tell how far they came. */
static void resume_jobs(struct run_request *request)
{
	for (size_t i = 0; i < request->count; i++) {
		struct run_job *job = &request->job[i];

		if (job->state != RUN_ENDED && has_journal(job->name))
			run_line_resume(job);
	}
}

/* A run that can't keep a record runs without, as a job that can't keep a journal does: then
 * *ret_record has no file. */
static int open_record(const struct run_settings *settings, const struct run_file *file,
	struct run_request *request, char path[STATE_PATH_BYTES], struct record *ret_record)
{
	int error = state_record_path(file->name, true, path);

	*ret_record = (struct record){.fd = RECORD_NO_FD};
	if (!error)
		error = record_open(path, settings->resume, file->hash, request->job,
			request->count, ret_record);
	if (error && !settings->resume && error != -EBUSY)
		return 0;
	if (error)
		option_error(&run_options, "cannot %s '%s': %s",
			settings->resume ? "go on with" : "run", file->name, record_problem(error));
	else if (settings->resume)
		resume_jobs(request);
	return error;
}

/* As a shell takes it. */
static void tell_how_to_go_on(const struct run_file *file, char *ret_text, size_t capacity)
{
	char quoted[QUOTE_BYTES];

	if (strcmp(file->path, "-") == 0)
		snprintf(ret_text, capacity, "haul run --name %s --resume -, with the same lines",
			file->name);
	else
		snprintf(ret_text, capacity, "haul run%s%s --resume %s",
			file->named ? " --name " : "", file->named ? file->name : "",
			quote_name(file->path, quoted, sizeof(quoted)));
}

static int run_recorded(const struct run_settings *settings, const struct run_file *file,
	struct run_request *request)
{
	char path[STATE_PATH_BYTES], how[QUOTE_BYTES + 128];
	struct record record;
	int status;

	if (open_record(settings, file, request, path, &record))
		return HAUL_EXIT_FAILED;
	tell_how_to_go_on(file, how, sizeof(how));
	request->how_to_go_on = record.fd != RECORD_NO_FD ? how : NULL;
	status = run_all(request, &record);
	record_close(&record, status != HAUL_EXIT_OK && status != HAUL_EXIT_DIFFERENT);
	return status;
}

static int run_lines(const struct run_settings *settings, const struct run_file *file,
	const struct jobfile *lines)
{
	struct run_request request = {.program = "haul run", .file = file->called};
	int status = HAUL_EXIT_FAILED;
	int error = examine(&request, lines, file->name);

	if (error == -ENOMEM)
		option_error(&run_options, "memory exhausted");
	fill_request(settings, &request);
	if (!error)
		status = settings->dry_run ? run_show_plan(&request)
					   : run_recorded(settings, file, &request);
	for (size_t i = 0; i < request.count; i++)
		run_line_free(&request.job[i]);
	free(request.job);
	return status;
}

static int run_path(const struct run_settings *settings, const char *path)
{
	struct run_file file = {
		.path = path,
		.called = strcmp(path, "-") == 0 ? "standard input" : path,
		.named = settings->name != NULL,
	};
	struct text text = {0};
	struct jobfile lines;
	int error, status;

	choose_name(path, file.name);
	if (settings->name)
		snprintf(file.name, sizeof(file.name), "%s", settings->name);
	error = read_file(path, &text);
	if (!error)
		error = jobfile_parse(
			text.data, text.bytes, say_wrong, (void *)file.called, &lines);
	if (!error)
		file.hash = XXH3_64bits(text.data, text.bytes);
	free(text.data);
	if (error)
		return HAUL_EXIT_FAILED;
	status = run_lines(settings, &file, &lines);
	jobfile_free(&lines);
	return status;
}

int command_run(int argc, char **argv)
{
	struct run_settings settings = {0};
	int first;

	switch (option_parse(&run_options, argc, argv, &settings, &first)) {
	case OPTION_SHOWN:
		return HAUL_EXIT_OK;
	case OPTION_WRONG:
		return HAUL_EXIT_FAILED;
	case OPTION_READY:
		break;
	}
	if (settings.name && check_name(settings.name))
		return HAUL_EXIT_FAILED;
	if (first == argc)
		option_wrong(&run_options, "missing job file");
	else if (argc - first > 1)
		option_wrong(&run_options, "extra operand '%s'", argv[first + 1]);
	else
		return run_path(&settings, argv[first]);
	return HAUL_EXIT_FAILED;
}
