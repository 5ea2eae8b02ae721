/* SPDX-License-Identifier: MIT */
/*
 * The state of one running job, owned by its coordinator and shared by the files of this
 * directory:
 *
 *     plan.c      what the command line names -> roots and first items
 *     plan_source.c  one of these names
 *     dispatch.c  which item goes to which worker, and when
 *     reply.c     what workers answer
 *     failures.c  what they could not do
 *     outcome.c   entries that were not simply copied
 *     large.c     the life of a large file: prepare, ranges, commit
 *     pair.c      between which places; tuner.c  how they are moved there
 *     explain.c   what was chosen, and why, for people
 *     rename.c    a move that is a rename
 *     move.c      a move that is a copy and a removal
 *     remove.c    what is particular to a removal
 *     compare.c   haul verify: what is particular to a comparison
 *     audit.c     --verify: what was copied, compared with its checksums
 *     sum_output.c  --checksums: the list of them
 *     sum_list.c  haul verify: what a list of checksums names
 *     difference.c what a comparison found, in words
 *     settle.c    directories, hard links and roots whose work is finished
 *     order.c     stop, pause and resume, as the sentry passes them on
 *     question.c  what must be asked first
 *     telling.c   the order in which it is said
 *     verbose.c   what was done, told line by line
 *     diagnose.c  what is said about failures
 *     chronicle.c what the journal is told, and what an earlier one told
 *     footing.c   on which filesystems it began, for a resume
 *     checkpoint.c  making what was copied durable, now and then
 *     writeback.c what is still being written when everything else is done
 *     eject.c     unmounting the destination at the end
 *     absence.c   a filesystem that goes away and comes back
 *     start.c     what a job needs before it begins
 *     job.c       event loop, end
 *     sentry.c    the process before it, that nothing holds up
 */
#ifndef ENGINE_JOB_COORDINATOR_H
#define ENGINE_JOB_COORDINATOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bpf/device_event.h"
#include "job/absence.h"
#include "job/audit.h"
#include "job/checkpoint.h"
#include "job/comparison.h"
#include "job/crew.h"
#include "job/item.h"
#include "job/job.h"
#include "job/journal.h"
#include "job/link.h"
#include "job/past.h"
#include "job/question.h"
#include "job/root.h"
#include "job/telling.h"
#include "job/writeback.h"
#include "progress/control.h"
#include "progress/region.h"

struct file_run;
struct pair;
struct past_large;
struct plan;
struct source;
struct sum_list;

/* What --explain has said. */
struct explanations {
	char **line;
	unsigned count;
};

struct job {
	const struct job_request *request;
	struct job_options options;
	struct region region;
	struct lane lane; /* the coordinator's: what is planned, failed and skipped */
	struct crew crew;
	struct ledger ledger;
	struct item_queue lists; /* directories to list: last in, first out */
	struct item_queue work;  /* everything else, in order */
	struct root_table roots;
	struct link_table links;
	struct large *larges; /* those under way */
	struct pair *pairs;   /* of places, and how large files are copied between them */
	struct explanations explained;
	struct twin_table twins[DIFFERENCE_SIDES]; /* a comparison's */
	struct plan *plan;
	struct journal journal;
	int journal_error;  /* why there is none; 0 also when that was said */
	bool journal_tells; /* of something that is durable */
	struct checkpoint checkpoint;
	struct writeback writeback;
	uint64_t salt;          /* of fingerprints: the journal's */
	uint64_t run;           /* a random number: temporary names are made from it */
	unsigned starts_failed; /* workers that could not be started, in a row */
	int exit_status;
	struct control control; /* the sentry's */
	int orders;             /* the sentry's channel */
	unsigned stuck_workers; /* that would not end */
	struct questions questions;
	struct tellings tellings;
	struct absence absence;
	uint64_t stop_deadline_ns; /* when those that don't stop are killed */
	uint64_t resumed_ns;       /* when it was paused last, and went on */
	bool paused;
	bool stopping;     /* no new items are handed out */
	bool bar;          /* a bar is drawn on standard error: messages must clear its line */
	bool ring_refused; /* said once */
	bool different;    /* a comparison found a difference */
	FILE *checksums;   /* the list that is written, or NULL */
	struct sum_list *sum_list; /* the one that is verified, or NULL */
	bool fatal;                /* out of memory, or no worker can be had: give up */
};

/* ---- start.c ---- */

/* Makes workers, which don't run yet, and room for all the descriptors that they hold. -errno. */
int start_crew(struct job *job);
/* Makes the region, with a lane for each of the crew. -EEXIST: another job has the name. */
int start_region(struct job *job);

/* ---- plan.c ---- */

/* Looks at the sources and the destination. The plan is NULL when nothing can be done; then it
 * was said why. */
struct plan *plan_new(struct job *job);
void plan_free(struct plan *plan);
/* Begins more sources, as long as there is little to do. */
void plan_advance(struct job *job);
/* Is the destination a directory that sources go into? */
bool plan_is_into_directory(const struct plan *plan);
bool plan_finished(const struct job *job);
/* plan_list.c. Everything is listed: says which names of --files-from are not there. */
void plan_tell_missing(struct job *job);
/* Somebody answered what the plan had asked. */
void plan_answered(struct job *job, bool yes);

/* ---- dispatch.c ---- */

/* Hands out items to every worker that has room. */
void dispatch(struct job *job);
/* Starts a worker that is not running; gives up on the job when none can be started. */
void dispatch_start(struct job *job, struct worker *worker);
/* A worker is gone: what it had is done by others, its lane says only what it finished. */
void dispatch_lost(struct job *job, struct worker *worker);
/* The item is answered: it leaves its worker and the ledger. */
void dispatch_answered(struct job *job, struct worker *worker, struct item *item);
/* Nothing counts that workers have reported. */
void dispatch_forget(struct job *job);
/* Nothing is queued and no worker has anything. */
bool dispatch_idle(const struct job *job);

/* ---- reply.c ---- */

/* Handles all that the worker has sent. 0, or -errno when it can't be talked to any more. */
int reply_receive(struct job *job, struct worker *worker);
/* Plans an entry that is not a directory, and queues it: in *batch, as a large file, or as a link
 * that waits. -ENOMEM. */
int reply_add_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct item **batch);
/* The names of an item's entry; empty where there are none. */
void reply_entry_texts(const struct item *item, uint32_t index, struct wire_text *ret_name,
	struct wire_text *ret_target);
/* Do the patterns let in what a listing found? */
enum selection_verdict reply_judge(const struct job *job, const struct directory *directory,
	const struct wire_entry *entry, struct wire_text name);
/* The item is over: what depends on it goes on. */
void reply_conclude(struct job *job, struct item *item);
/* Gives up on an item that no worker can do: each of its entries counts as failed. */
void reply_abandon(struct job *job, struct item *item, enum wire_operation operation, int error);

/* ---- failures.c ---- */

/* Counts and tells what failed of an item. */
void failures_tell(struct job *job, struct item *item);

/* ---- outcome.c ---- */

/* Sees to entries that were not simply copied: asks, or lets further names be copied. */
void outcome_settle(struct job *job, struct item *item);
/* Nobody agreed to what the item would do. */
void outcome_refused(struct job *job, struct item *item);
/* The same of anything else: it may matter to the exit status. */
void outcome_tell_refused(struct job *job);
/* Asks whether what is under the destination's name may be overwritten, as question_add does;
 * `kind` is one of those that ask. -ENOMEM. */
int outcome_ask(struct job *job, struct item *item, enum outcome_kind kind, uint32_t mode,
	const char *target_quoted);
/* Whether the entry was left alone, for now or for good. */
bool outcome_is_left(const struct item *item, uint32_t index);

/* ---- large.c ---- */

#define LARGE_RANGE_BYTES PAST_RANGE_BYTES /* what one item copies of it */

struct large {
	struct large *next;
	struct directory *directory;
	struct wire_entry *entry; /* packed, as a link_waiter's */
	char temporary[32];
	uint64_t run;                   /* that made the temporary file */
	struct fingerprint fingerprint; /* of its source, if `known` */
	const struct past_large *past;  /* what an earlier run left of it, or NULL */
	uint64_t bytes;
	uint64_t temporary_inode; /* when prepared */
	int64_t changed_sec;
	uint32_t changed_nsec;
	struct pair *pair;           /* when prepared */
	uint64_t next_range;         /* the first one that was not queued yet */
	uint32_t outstanding;        /* items */
	uint32_t copied;             /* with options.debug: bits of enum copied_flag */
	const struct worker *holder; /* who has its latest item */
	bool known;
	bool recorded;        /* the journal has some of it */
	bool remembered;      /* and that is durable: the temporary file outlives the job */
	struct wire_sum *sum; /* of its ranges, `bytes` 0: none; or NULL */
	bool prepared;
	bool failed;
	struct link *link; /* when further names wait for it */
};

/* Its names, in its entry. */
struct wire_text large_name(const struct large *large);
struct wire_text large_target(const struct large *large);
int large_begin(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct link *link);
void large_prepared(struct job *job, struct item *item, const struct wire_prepared *prepared);
/* One of its items is answered, other than by PREPARED. */
void large_item_done(struct job *job, struct item *item);
/* How a range is moved is chosen when it is given to a worker. It counts until it is done, or
 * taken back because it was not given, or got lost. */
void large_choose(struct item *item);
void large_unchoose(struct item *item);
/* May several workers have ranges of it at once? */
bool large_is_shared(const struct large *large);
/* Begins anew: an item in no queue, or NULL. */
struct item *large_again(struct large *large);
/* Removes the temporary files of a job that stops, without a worker's help. */
void large_discard_all(struct job *job);

/* ---- settle.c ---- */

/* Call when something of a directory's pending work ended. It may be freed. */
void settle_directory(struct job *job, struct directory *directory);
/* The first name of a link is in place or failed: sees to the names that wait. */
void settle_link(struct job *job, struct link *link, struct directory *directory,
	struct wire_text name, bool failed);
/* Sees to a name that was added to those that wait, if the copy is complete already. */
int settle_link_waiting(struct job *job, struct link *link);
/* Forgets a link, and its root, when nothing can refer to them any more. */
void settle_link_release(struct job *job, struct link *link);
/* Queues an entry to be copied, in *batch (entries of one directory are collected in it; NULL: a
 * new one), which moves on when it is full. -ENOMEM. */
int settle_copy_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct item **batch);

/* ---- order.c ---- */

/* Hands out nothing more and lets workers finish what is small. The second time: at once. */
void order_stop(struct job *job);
/* Does what the sentry passes on. */
void order_receive(struct job *job);
/* Brings a worker that was just started to the state of the others. */
void order_greet(struct job *job, struct worker *worker);

/* ---- rename.c ---- */

enum move_result {
	MOVE_ENDED = 0, /* it was renamed, or left, or it was said why not */
	MOVE_COPIES,    /* it is on another filesystem */
	MOVE_WAITS,     /* for somebody's answer: again, when the plan has it */
	MOVE_AGAIN,     /* the destination changed meanwhile (never told) */
};

/* Renames a source, after whatever is in the way was looked at, asked about or backed up. */
enum move_result rename_source(struct job *job, struct source *source);

/* ---- move.c ---- */

/* An item of a copy is done: what it moved of what the command line names goes when the copy is
 * durable. */
void move_item(struct job *job, const struct item *item);
/* A root has nothing more to do in its phase: begins the next one. False: there is none. */
bool move_goes_on(struct job *job, struct root *root);
/* Nothing is left below a source directory: it goes itself. */
void move_end(struct job *job, struct root *root);
/* Begins the removals that waited for the last copy, when that is durable. */
void move_release(struct job *job);

/* ---- remove.c ---- */

/* Asks once for all, where that was wanted. True: go on. */
bool remove_is_agreed(struct job *job);
/* Begins a removal that the command line names. */
void remove_source(struct job *job, const char *path, struct file_run *run);
/* What a listing found below a directory that is to be removed. -ENOMEM. */
int remove_add_directory(struct job *job, struct directory *parent, const struct wire_entry *entry,
	struct wire_text name, enum selection_verdict verdict);
int remove_add_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct item **batch);
/* Queues the FINISH of a directory, or asks first. -ENOMEM. */
int remove_finish(struct job *job, struct item *item);
/* Sees to a failure that needs more than words, or other words. False: it is told as any other. */
bool remove_explains(
	struct job *job, struct item *item, const struct wire_failure *what, struct wire_text name);
/* An item of a removal is done. */
void remove_done(struct job *job, struct item *item, const struct wire_done *done);

/* ---- compare.c ---- */

/* Queues what compares an entry that is planned: in *batch, or, if it is large, in parts. With
 * `sum` each part is compared with its own checksum. -ENOMEM. */
int compare_queue_entry(struct job *job, struct directory *directory,
	const struct wire_entry *entry, struct wire_text name, struct wire_text target,
	const struct wire_sum *sum, struct item **batch);
/* Begins to compare the source with the destination. */
void compare_source(struct job *job, const char *path, struct file_run *run);
/* What a listing of the source found. -ENOMEM. */
int compare_add_directory(struct job *job, struct directory *parent, const struct wire_entry *entry,
	struct wire_text name);
int compare_add_entry(struct job *job, struct directory *directory, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target, struct item **batch);
/* A part of a directory was listed: with the first, that of the destination's begins. -ENOMEM. */
int compare_listed(struct job *job, const struct item *listed);
/* A worker tells a difference. -EPROTO, -ENOMEM. */
int compare_receive(struct job *job, const struct worker *worker, struct wire_view *view);
/* An item is answered, of whatever kind: tells what it found. */
void compare_item_done(struct job *job, struct item *item);

/* ---- audit.c ---- */

/* How many times the content of a regular file is gone through: once to copy it, and then for what
 * was asked for. All of that is planned with the copy, so that it isn't told to be done before. */
unsigned audit_passes(const struct job *job, bool large);
/* A worker tells a checksum. -EPROTO, -ENOMEM. */
int audit_receive(struct job *job, const struct worker *worker, const struct wire_sum *sum);
/* An item is done: notes what it copied, or what its checksum is. */
void audit_item(struct job *job, const struct item *item);
/* A root has nothing more to do in its phase: goes on to verify it. False: that is done, or nothing
 * is to be verified. */
bool audit_goes_on(struct job *job, struct root *root);
/* Queues more of what is to be verified, as long as there is little to do. */
void audit_advance(struct job *job);
/* Is there more? */
bool audit_pending(const struct job *job);

/* ---- sum_output.c ---- */

/* Opens the list of checksums that is to be written; a move that goes on adds to the one that there
 * is. False: it was said why that can't be. */
bool sum_output_open(struct job *job);
/* Writes a line for an entry of the item. What can't be written is said, and the list given up. */
void sum_output_add(struct job *job, const struct item *item, struct wire_text name,
	struct wire_text target, const struct wire_sum *sum);
/* Everything begins anew: empties it, unless it is a move's, which has no other source for what is
 * moved. What was written to standard output stays. */
void sum_output_drop(struct job *job);
/* Nothing of it is lost any more when this process is killed. False: it has been given up, now or
 * earlier, which was said. */
bool sum_output_flush(struct job *job);
/* Closes it; says so if it is not complete. */
void sum_output_close(struct job *job);

/* ---- sum_list.c ---- */

/* Begins to verify what the list names. */
void sum_list_begin(struct job *job);
/* As audit_advance and audit_pending. */
void sum_list_advance(struct job *job);
bool sum_list_pending(const struct job *job);
void sum_list_close(struct job *job);

/* ---- difference.c ---- */

/* Names a difference, in one line. The exit status becomes 4. */
void difference_tell(struct job *job, const struct item *item, struct wire_text name,
	struct wire_text target, const struct item_difference *difference);
/* The name shares its inode with another one only on this side (0: the source). */
void difference_tell_link(struct job *job, const struct item *item, struct wire_text name,
	unsigned side, const char *other);
/* Tells readers of the progress region that a file is the same on both sides. */
void difference_tell_same(struct job *job, const struct item *item, struct wire_text name);

/* ---- verbose.c ---- */

/* An item is done: says so on standard output, if that was asked for. */
void verbose_item(struct job *job, const struct item *item);
/* A line of its own, likewise. */
void verbose_line(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- diagnose.c ---- */

/* What failed, told to people (on standard error) and to readers of the progress region. */
void diagnose_entry(struct job *job, const struct directory *directory, struct wire_text name,
	struct wire_text target, enum wire_operation operation, int error);
/* "program: text", in one write. The exit status becomes 1. */
void diagnose(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same without touching the exit status. */
void notify(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- chronicle.c ---- */

/* Begins the journal, or goes on with that of an earlier run. False: it was said why the job can't
 * be done. */
bool chronicle_open(struct job *job);
/* Removes the journal of a job that has nothing left to do; says how to resume any other. */
void chronicle_close(struct job *job);
/* Says, once, that there is no journal. */
void chronicle_tell_missing(struct job *job);
/* No journal from here on, and why. */
void chronicle_give_up(struct job *job, int error);
/* A root was made: notes what it is. */
void chronicle_root(struct job *job, struct root *root);
/* An item of a copy is done. */
void chronicle_item(struct job *job, const struct item *item);
void chronicle_checkpoint(struct job *job, uint64_t covered_bytes, int64_t began_ns);
/* The fingerprint of an entry. False: it has none. */
bool chronicle_fingerprint(const struct job *job, const struct directory *directory,
	const struct wire_entry *entry, struct wire_text target,
	struct fingerprint *ret_fingerprint);
/* Has an earlier run made a copy of the file that is durable? */
bool chronicle_is_durable(const struct job *job, const struct directory *directory,
	const struct wire_entry *entry, struct wire_text target);
/* What is durable of the sources of a move is removed next. */
void chronicle_removal(struct job *job, const struct root *root);
/* A source is renamed next. */
void chronicle_rename(struct job *job, const struct source *source);
/* Has an earlier run renamed it to its destination? */
bool chronicle_was_renamed(const struct job *job, const struct source *source);
/* Has an earlier run moved the source, which is gone, to its destination, in either way? */
bool chronicle_was_moved(const struct job *job, const struct source *source);

/* ---- checkpoint.c ---- */

/* Something is about to be written to the filesystem of this directory. */
void checkpoint_watch(struct job *job, int directory_fd, uint64_t device);
/* The same, but the directory can't be opened here, which need not keep workers from writing to it:
 * unless the filesystem is known, nothing can be promised any more. */
void checkpoint_miss(struct job *job, uint64_t device, int error);
/* The root is ROOT_SYNCING until a checkpoint that begins from now on has succeeded, or none ever
 * will: then its source is kept. */
void checkpoint_await(struct job *job, struct root *root);
/* Whether anybody waits for that. */
bool checkpoint_awaited(const struct job *job);
/* Lets roots go on that wait in vain, for nobody can tell any more what is durable. */
void checkpoint_refuse(struct job *job);
/* Begins a checkpoint when it is time, or awaited; the last one when everything is done. */
void checkpoint_advance(struct job *job, bool all_done);
/* Handles what the keeper answers. */
void checkpoint_receive(struct job *job);
/* When to look again (CLOCK_MONOTONIC), 0: not by the clock. */
uint64_t checkpoint_due_ns(const struct job *job);
/* Is everything as durable as it was asked to be? */
bool checkpoint_settled(const struct job *job);
void checkpoint_end(struct job *job);
/* What was accepted, but in no checkpoint yet that has succeeded. */
uint64_t checkpoint_unsynced_bytes(const struct job *job);

/* ---- writeback.c ---- */

/* Tells readers how much is still to be written while the job is `idle`, but for a checkpoint. */
void writeback_advance(struct job *job, bool idle);

/* ---- absence.c ---- */

/* Tells watchers what became of a filesystem. */
void absence_tell(struct job *job, const struct volume *volume, enum device_action action);
void absence_start(struct job *job);
void absence_end(struct job *job);
/* The mount table or a device has changed. */
void absence_notice(struct job *job);
/* Something failed with this error (positive). True: because what it was on is gone, and nothing is
 * to be said of it. May take half a second, seldom. */
bool absence_explains(struct job *job, int error);
/* The same for what a worker has sent, before any of it is taken in: when a device is gone, nothing
 * that workers say counts. */
bool absence_is_told(struct job *job, const struct wire_buffer *in);
/* One is lost, and no worker runs any more: lets go of everything and waits, or gives up. */
void absence_begin(struct job *job);
/* Does what is due (absence.due_ns). */
void absence_advance(struct job *job);
/* Goes on, if it can, also with a filesystem that had failed but was mounted all the time. */
void absence_resume(struct job *job);

/* ---- job.c ---- */

void job_out_of_memory(struct job *job);
uint64_t job_random_number(void);
/* Forgets all that is planned and under way. No worker may run. */
void job_drop_work(struct job *job);
/* Plans the job once more, from job->request and what its past says. */
void job_begin_again(struct job *job);

#endif
