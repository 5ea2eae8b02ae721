/* SPDX-License-Identifier: MIT */
#include "job/absence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/device_json.h"
#include "job/coordinator.h"
#include "util/clock.h"
#include "util/quote.h"

/* A job that is over sooner is spared the look at the mount table. */
#define FOLLOW_AFTER_NS (30 * UINT64_C(1000000))
/* A storm of mounts makes one look of many, well within the 100 ms that are promised. */
#define LOOK_APART_NS (20 * UINT64_C(1000000))
/* While it waits: nothing tells when a filesystem has recovered where it was. */
#define LOOK_AGAIN_NS UINT64_C(1000000000)
/* A disk with many bad sectors costs one pause for each of these. */
#define PATIENT_AGAIN_NS (10 * UINT64_C(1000000000))

#define WORDS_BYTES (QUOTE_BYTES + 256)

/* ---- told to watchers ---- */

void absence_tell(struct job *job, const struct volume *volume, enum device_action action)
{
	struct device_event event = {
		.action = action,
		.visible = true,
		.block = false,
		.device = volume->device[0] ? (char *)volume->device : NULL,
		.major = volume->major,
		.minor = volume->minor,
		.identity = volume->identity,
		.size_bytes = DEVICE_UNKNOWN,
		.free_bytes = DEVICE_UNKNOWN,
		.mount_point = volume->mount.mount_point,
		.source = volume->mount.source,
	};
	char *text = malloc(DEVICE_JSON_BYTES);
	struct haul_text body = {0};
	struct json json;

	if (!text)
		return;
	snprintf(event.identity.fstype, sizeof(event.identity.fstype), "%s", volume->mount.fstype);
	json_open(&json, text, DEVICE_JSON_BYTES);
	device_json_write(&json, &event);
	body.text_bytes = (uint32_t)json.used;
	if (!json.overflow)
		(void)lane_append(&job->lane, HAUL_RECORD_DEVICE, clock_monotonic_ns(),
			(const struct iovec[]){{&body, sizeof(body)}, {text, json.used}}, 2);
	free(text);
}

/* ---- following ---- */

static bool is_wanted(const struct job *job)
{
	bool copies = job->options.operation == JOB_COPY || job->options.operation == JOB_MOVE;

	return copies && !job->options.dry_run && !job->stopping && !job->fatal;
}

static void follow(struct job *job)
{
	struct absence *absence = &job->absence;
	int error = 0;

	absence->due_ns = 0;
	if (!absence->volumes.mountinfo_fd)
		error = volume_table_open(&absence->volumes);
	if (!error)
		error = location_table_fill(&absence->locations, job->request, &absence->volumes);
	if (error) {
		location_table_free(&absence->locations);
		notify(job, "cannot follow the devices: %s", strerror(-error));
		return;
	}
	absence->following = true;
	for (unsigned i = 0; i < absence->volumes.count; i++)
		if (absence->volumes.volume[i].device[0])
			absence_tell(job, &absence->volumes.volume[i], DEVICE_HELD);
}

void absence_start(struct job *job)
{
	job->absence.past.fd = JOURNAL_NO_FD;
	if (is_wanted(job))
		job->absence.due_ns = clock_monotonic_ns() + FOLLOW_AFTER_NS;
}

static void look(struct job *job)
{
	struct absence *absence = &job->absence;

	absence->looked_ns = clock_monotonic_ns();
	absence->due_ns = 0;
	absence->lost = absence->lost || volume_table_look(&absence->volumes);
}

void absence_notice(struct job *job)
{
	struct absence *absence = &job->absence;

	volume_table_drain(&absence->volumes);
	if (absence->following)
		absence->due_ns = absence->looked_ns + LOOK_APART_NS;
}

bool absence_explains(struct job *job, int error)
{
	struct absence *absence = &job->absence;
	uint64_t now_ns = clock_monotonic_ns();
	bool patient = (error == EIO || error == ENODEV) && now_ns >= absence->patient_ns;

	if (absence->lost || !is_wanted(job))
		return absence->lost;
	if (!absence->following && volume_error_is_grave(error))
		follow(job);
	if (!absence->following)
		return false;
	absence->lost = volume_error_is_grave(error)
				? volume_table_examine(&absence->volumes, error, patient)
				: volume_table_look(&absence->volumes);
	if (patient && !absence->lost)
		absence->patient_ns = clock_monotonic_ns() + PATIENT_AGAIN_NS;
	return absence->lost;
}

bool absence_is_told(struct job *job, const struct wire_buffer *in)
{
	struct wire_view view;
	size_t offset = 0;

	while (wire_next(in, &offset, &view) > 0) {
		const struct wire_failure *failure = view.body;

		if (view.type == WIRE_FAILURE && volume_error_is_grave(failure->error) &&
			absence_explains(job, failure->error))
			return true;
	}
	return false;
}

/* ---- letting go ---- */

/* All lost ones must be able to come back. NULL: none is lost. */
static const struct volume *find_lost(const struct absence *absence)
{
	const struct volume *found = NULL;

	for (unsigned i = 0; i < absence->volumes.count; i++) {
		const struct volume *volume = &absence->volumes.volume[i];

		if (volume->state != VOLUME_PRESENT && (!found || !volume_is_known(volume)))
			found = volume;
	}
	return found;
}

static void tell_lost(struct job *job)
{
	for (unsigned i = 0; i < job->absence.volumes.count; i++) {
		const struct volume *volume = &job->absence.volumes.volume[i];

		if (volume->state == VOLUME_UNMOUNTED)
			absence_tell(job, volume, DEVICE_UNMOUNTED);
		else if (volume->state != VOLUME_PRESENT)
			absence_tell(job, volume, DEVICE_DETACHED);
	}
}

/* Without a journal nothing is known to be durable, but what the destination was. */
static struct past nothing_durable(const struct job *job, bool into_directory)
{
	return (struct past){
		.fd = JOURNAL_NO_FD,
		.into_directory = into_directory,
		.salt = job->salt,
		.run = {job->run},
		.run_count = 1,
		.started_ns = job->options.started_ns,
	};
}

/* Reads what the journal says, and goes on with it. Its lock is kept: a duplicate of the descriptor
 * that has it may be in another process. */
static int reread_journal(struct job *job, struct past *past)
{
	char *path = strdup(job->journal.path);
	int fd = path ? fcntl(job->journal.fd, F_DUPFD_CLOEXEC, 0) : -1;
	int error = fd < 0 ? -errno : journal_flush(&job->journal);

	journal_close(&job->journal);
	if (fd >= 0 && error)
		close(fd);
	else if (fd >= 0)
		error = past_read(fd, path, past);
	free(path);
	return error ? error : journal_continue(&job->journal, past, job->run);
}

/* What the journal has not covered is void from here on. */
static void take_stock(struct job *job, bool into_directory)
{
	struct absence *absence = &job->absence;
	struct past past = nothing_durable(job, into_directory);
	int error;

	past_close(&absence->past);
	absence->past.fd = JOURNAL_NO_FD;
	job->run = job_random_number();
	if (job->journal.fd != JOURNAL_NO_FD) {
		error = reread_journal(job, &past);
		if (error)
			chronicle_give_up(job, error);
	}
	absence->past = past;
}

static void drop_work(struct job *job)
{
	bool into_directory = plan_is_into_directory(job->plan);

	checkpoint_end(job);
	job->checkpoint = (struct checkpoint){0};
	writeback_advance(job, false);
	job_drop_work(job);
	take_stock(job, into_directory);
}

/* It may be on what is to go. */
static void leave_directory(const struct job *job)
{
	const struct absence *absence = &job->absence;
	unsigned volume = absence->locations.working.volume;

	/* Where even the root can't be entered, a busy filesystem is the smaller evil. */
	if (volume != LOCATION_NOWHERE && absence->volumes.volume[volume].state != VOLUME_PRESENT &&
		chdir("/"))
		return;
}

static void begin_waiting(struct job *job, const struct volume *volume, const char *words)
{
	char name[sizeof(((struct haul_header *)0)->waits_for)];

	volume_name(volume, name, sizeof(name));
	job->absence.waiting = true;
	region_set_waiting(&job->region, name);
	region_set_state(&job->region, HAUL_STATE_PAUSED, 0);
	notify(job, "%s: waiting for %s; to wait no more: haul cancel %s", words, name,
		job->region.header->job);
	leave_directory(job);
	drop_work(job);
	job->absence.due_ns = clock_monotonic_ns() + LOOK_AGAIN_NS;
}

void absence_begin(struct job *job)
{
	const struct volume *volume = find_lost(&job->absence);
	char *words = malloc(WORDS_BYTES);

	job->absence.lost = false;
	if (!volume || !words) {
		free(words);
		return;
	}
	tell_lost(job);
	volume_describe(volume, words, WORDS_BYTES);
	if (job->request->on_detach == JOB_DETACH_PAUSE && volume_is_known(volume)) {
		begin_waiting(job, volume, words);
	} else {
		diagnose(job, "%s", words);
		job->fatal = true;
	}
	free(words);
}

/* ---- going on ---- */

static void names_free(char **name)
{
	for (char **at = name; at && *at; at++)
		free(*at);
	free(name);
}

/* Only once all of them are back; NULL for those that were never away. */
static bool find_all(const struct job *job, const struct mount_table *mounts, bool same,
	const struct mount_info **mounted)
{
	const struct volume_table *volumes = &job->absence.volumes;

	for (unsigned i = 0; i < volumes->count; i++) {
		const struct volume *volume = &volumes->volume[i];

		mounted[i] = NULL;
		if (volume->state == VOLUME_PRESENT)
			continue;
		mounted[i] = volume_find(volume, mounts, same);
		/* Its arguments' own directories are made again, so they can't have other names. */
		if (!mounted[i] ||
			(job->request->parents &&
				strcmp(mounted[i]->mount_point, volume->mount.mount_point) != 0))
			return false;
	}
	return true;
}

/* NULL: without memory, or a location is not to be seen from where its filesystem is mounted. */
static char **name_all(
	const struct location_table *locations, const struct mount_info *const *mounted)
{
	char **name = calloc(locations->count + 1, sizeof(*name));

	if (!name)
		return NULL;
	for (unsigned i = 0; i < locations->count; i++) {
		name[i] = location_name(locations, &locations->location[i], mounted);
		if (!name[i]) {
			names_free(name);
			return NULL;
		}
	}
	return name;
}

static void tell_back(struct job *job, const struct mount_info *const *mounted)
{
	char *quoted = malloc(QUOTE_BYTES);

	for (unsigned i = 0; quoted && i < job->absence.volumes.count; i++) {
		struct volume volume = job->absence.volumes.volume[i];

		if (!mounted[i])
			continue;
		volume.mount = *mounted[i];
		absence_tell(job, &volume, DEVICE_MOUNTED);
		notify(job, "%s is back: going on at %s",
			volume.device[0] ? volume.device : volume.mount.source,
			quote_name(volume.mount.mount_point, quoted, QUOTE_BYTES));
	}
	free(quoted);
}

static void take_names(struct job *job, char **name)
{
	struct absence *absence = &job->absence;
	char **old = absence->name;
	struct job_request request = *job->request;

	request.sources = name;
	if (request.target)
		request.target = name[request.source_count];
	request.past = &absence->past;
	absence->request = request;
	absence->name = name;
	job->request = &absence->request;
	/* The locations' arguments are the old names. */
	location_table_free(&absence->locations);
	volume_table_clear(&absence->volumes);
	names_free(old);
}

static bool enter_directory(struct job *job, const struct mount_info *const *mounted)
{
	const struct location *working = &job->absence.locations.working;
	char *path;
	bool entered;

	if (working->volume == LOCATION_NOWHERE || !mounted[working->volume])
		return true;
	path = location_working(&job->absence.locations, mounted);
	entered = path && !chdir(path);
	free(path);
	return entered;
}

static void begin_anew(struct job *job)
{
	struct absence *absence = &job->absence;

	absence->waiting = false;
	absence->following = false;
	absence->due_ns = clock_monotonic_ns();
	region_set_waiting(&job->region, "");
	job_begin_again(job);
}

/* Everything is there again, unless a location isn't. */
static int go_on(struct job *job, const struct mount_info *const *mounted)
{
	char **name = name_all(&job->absence.locations, mounted);

	if (!name)
		return -ENODEV;
	if (!enter_directory(job, mounted)) {
		names_free(name);
		return -ENODEV;
	}
	tell_back(job, mounted);
	take_names(job, name);
	begin_anew(job);
	return 0;
}

static int try_to_go_on(struct job *job, bool same)
{
	struct absence *absence = &job->absence;
	const struct mount_info **mounted =
		calloc(absence->volumes.count, sizeof(const struct mount_info *));
	struct mount_table mounts = {0};
	int error = mounted ? volume_table_read(&absence->volumes, &mounts) : -ENOMEM;

	absence->looked_ns = clock_monotonic_ns();
	absence->due_ns = absence->looked_ns + LOOK_AGAIN_NS;
	if (!error)
		error = find_all(job, &mounts, same, mounted) ? go_on(job, mounted) : -ENODEV;
	mount_table_free(&mounts);
	free(mounted);
	return error;
}

void absence_resume(struct job *job)
{
	(void)try_to_go_on(job, true);
}

void absence_advance(struct job *job)
{
	struct absence *absence = &job->absence;

	if (!absence->due_ns || clock_monotonic_ns() < absence->due_ns || job->stopping)
		return;
	if (absence->waiting)
		(void)try_to_go_on(job, false);
	else if (absence->following)
		look(job);
	else
		follow(job);
}

void absence_end(struct job *job)
{
	struct absence *absence = &job->absence;

	volume_table_close(&absence->volumes);
	location_table_free(&absence->locations);
	past_close(&absence->past);
	names_free(absence->name);
}
