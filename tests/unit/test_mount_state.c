/* SPDX-License-Identifier: MIT */
/* The merge of the mount table with the probe's records, told as short stories. */
#include "tests/unit/mount_story.h"

static void the_table_alone_tells_what_changed(void **state)
{
	struct story story = story_begin(false);

	(void)state;
	look(&story, "1/ 2/a", 1 * MS);
	expect(&story, "+/ +/a");
	look(&story, "1/ 2/a", 2 * MS);
	expect(&story, "");
	look(&story, "1/ 3/b", 3 * MS);
	expect(&story, "-/a +/b");
	assert_int_equal(story.wake_ns, 0);
	story_end(&story);
}

static void an_id_that_is_used_again_is_another_mount(void **state)
{
	struct story story = story_begin(false);

	(void)state;
	look(&story, "1/ 2/a", 1 * MS);
	expect(&story, "+/ +/a");
	look(&story, "1/ 2/b", 2 * MS);
	expect(&story, "-/a +/b");
	look(&story, "1/", 3 * MS);
	expect(&story, "-/b");
	story_end(&story);
}

static void a_record_says_who_did_it(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	saw(&story, MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");
	look(&story, "2/a", 6 * MS);
	expect(&story, "+/a:mount");
	saw(&story, MOUNTPROBE_UMOUNT, 7 * MS, "/a", "umount");
	look(&story, "", 8 * MS);
	expect(&story, "-/a:umount");
	story_end(&story);
}

static void a_change_waits_for_its_record(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	look(&story, "2/a", 5 * MS);
	expect(&story, "");
	assert_int_equal(story.wake_ns, 5 * MS + MOUNT_HOLD_NS);
	saw(&story, MOUNTPROBE_MOUNT, 6 * MS, "/a", "mount");
	look(&story, "2/a", 7 * MS);
	expect(&story, "+/a:mount");
	assert_int_equal(story.wake_ns, 0);
	story_end(&story);
}

static void but_not_for_ever(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	look(&story, "2/a", 5 * MS);
	look(&story, "2/a", story.wake_ns);
	expect(&story, "+/a");
	story_end(&story);
}

static void a_record_that_comes_too_late_is_not_told_again(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	look(&story, "2/a", 5 * MS);
	look(&story, "2/a", story.wake_ns);
	expect(&story, "+/a");
	saw(&story, MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");
	saw(&story, MOUNTPROBE_UMOUNT, 90 * MS, "/a", "umount");
	look(&story, "", 91 * MS);
	expect(&story, "-/a:umount");
	story_end(&story);
}

static void what_comes_later_waits_behind_it(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	look(&story, "2/a", 5 * MS);
	saw(&story, MOUNTPROBE_MOUNT, 6 * MS, "/b", "mount");
	look(&story, "2/a 3/b", 7 * MS);
	expect(&story, "");
	look(&story, "2/a 3/b", story.wake_ns);
	expect(&story, "+/a +/b:mount");
	story_end(&story);
}

static void what_came_and_went_between_two_looks_is_told(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		saw(&story, MOUNTPROBE_MOUNT, (10 + 2 * i) * MS, "/a", "mount");
		saw(&story, MOUNTPROBE_UMOUNT, (11 + 2 * i) * MS, "/a", "umount");
	}
	look(&story, "", 20 * MS);
	expect(&story, "+/a:mount -/a:umount +/a:mount -/a:umount +/a:mount -/a:umount");
	story_end(&story);
}

static void an_unmount_ends_the_youngest_mount_on_its_path(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	look(&story, "1/a", 0);
	look(&story, "1/a", MOUNT_HOLD_NS);
	expect(&story, "+/a");
	saw(&story, MOUNTPROBE_MOUNT, 5001 * MS, "/a", "first");
	saw(&story, MOUNTPROBE_MOUNT, 5002 * MS, "/a", "second");
	saw(&story, MOUNTPROBE_UMOUNT, 5003 * MS, "/a", "umount");
	look(&story, "1/a 2/a", 5004 * MS);
	expect(&story, "+/a:first +/a:second -/a:umount");
	story_end(&story);
}

static void an_unmount_is_told_before_it_has_returned(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record begin = record_of(MOUNTPROBE_UMOUNT, 30 * MS, "/a", "umount");

	(void)state;
	saw(&story, MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");
	look(&story, "2/a", 6 * MS);
	expect(&story, "+/a:mount");
	begin.result = MOUNTPROBE_PENDING;
	record(&story, &begin);
	look(&story, "2/a", 31 * MS);
	expect(&story, "");
	look(&story, "", 32 * MS);
	expect(&story, "-/a:umount");
	saw(&story, MOUNTPROBE_UMOUNT, 90 * MS, "/a", "umount");
	look(&story, "", 91 * MS);
	expect(&story, "");
	assert_int_equal(story.state.record_count, 0);
	story_end(&story);
}

static void the_next_call_after_it_counts(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record begin = record_of(MOUNTPROBE_UMOUNT, 30 * MS, "/a", "umount");

	(void)state;
	saw(&story, MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");
	look(&story, "2/a", 6 * MS);
	begin.result = MOUNTPROBE_PENDING;
	record(&story, &begin);
	look(&story, "", 31 * MS);
	saw(&story, MOUNTPROBE_UMOUNT, 32 * MS, "/a", "umount");
	saw(&story, MOUNTPROBE_MOUNT, 33 * MS, "/a", "again");
	look(&story, "3/a", 34 * MS);
	expect(&story, "+/a:mount -/a:umount +/a:again");
	story_end(&story);
}

static void an_unmount_that_was_refused_changes_nothing(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record call = record_of(MOUNTPROBE_UMOUNT, 30 * MS, "/a", "umount");

	(void)state;
	saw(&story, MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");
	look(&story, "2/a", 6 * MS);
	expect(&story, "+/a:mount");
	call.result = MOUNTPROBE_PENDING;
	record(&story, &call);
	call.result = -EBUSY;
	record(&story, &call);
	look(&story, "2/a", 31 * MS);
	expect(&story, "!/a:umount");
	look(&story, "2/a", 99 * MS);
	expect(&story, "");
	story_end(&story);
}

static void a_failed_mount_is_no_mount(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record call = record_of(MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");

	(void)state;
	call.result = -ENODEV;
	record(&story, &call);
	look(&story, "", 6 * MS);
	expect(&story, "!/a:mount");
	story_end(&story);
}

static void a_moved_mount_leaves_and_arrives(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	saw(&story, MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");
	look(&story, "2/a", 6 * MS);
	saw(&story, MOUNTPROBE_MOVE_MOUNT, 7 * MS, "/b", "mv");
	look(&story, "2/b", 8 * MS);
	expect(&story, "+/a:mount -/a:mv +/b:mv");
	story_end(&story);
}

static void a_mount_that_was_moved_before_its_record_came(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record bind = record_of(MOUNTPROBE_MOUNT, 5 * MS, "/a", "bind");
	struct mountprobe_record move = record_of(MOUNTPROBE_MOUNT, 7 * MS, "/b", "move");

	(void)state;
	bind.mount_id = 2;
	move.mount_id = 2;
	look(&story, "2/a", 6 * MS);
	look(&story, "2/b", 8 * MS);
	expect(&story, "");
	record(&story, &bind);
	look(&story, "2/b", 9 * MS);
	expect(&story, "+/a:bind");
	record(&story, &move);
	look(&story, "2/b", 10 * MS);
	expect(&story, "-/a:move +/b:move");
	story_end(&story);
}

static void a_mount_that_nobody_saw_before_it_was_moved(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record bind = record_of(MOUNTPROBE_MOUNT, 5 * MS, "/a", "bind");
	struct mountprobe_record move = record_of(MOUNTPROBE_MOUNT, 7 * MS, "/b", "move");

	(void)state;
	bind.mount_id = 2;
	move.mount_id = 2;
	record(&story, &bind);
	record(&story, &move);
	look(&story, "2/b", 8 * MS);
	look(&story, "2/b", story.wake_ns);
	expect(&story, "+/a:bind +/b:move");
	look(&story, "2/b", story.wake_ns);
	expect(&story, "-/a");
	story_end(&story);
}

static void a_mount_that_nobody_saw_where_it_was_moved(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record move = record_of(MOUNTPROBE_MOUNT, 7 * MS, "/b", "move");

	(void)state;
	saw(&story, MOUNTPROBE_MOUNT, 5 * MS, "/a", "bind");
	look(&story, "2/a", 6 * MS);
	move.flags = MS_MOVE;
	strcpy(move.source, "/a");
	record(&story, &move);
	saw(&story, MOUNTPROBE_UMOUNT, 9 * MS, "/b", "umount");
	look(&story, "", 10 * MS);
	expect(&story, "+/a:bind -/a:move +/b:move -/b:umount");
	story_end(&story);
}

/* Seen by two looks, but all records come after them. */
static void mounts_end_in_the_order_of_their_unmounts(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record begin = record_of(MOUNTPROBE_UMOUNT, 40 * MS, "/a", "u3");

	(void)state;
	begin.result = MOUNTPROBE_PENDING;
	look(&story, "2/a", 10 * MS);
	look(&story, "3/a", 20 * MS);
	saw(&story, MOUNTPROBE_MOUNT, 9 * MS, "/a", "m1");
	saw(&story, MOUNTPROBE_UMOUNT, 15 * MS, "/a", "u1");
	saw(&story, MOUNTPROBE_MOUNT, 19 * MS, "/a", "m2");
	record(&story, &begin);
	look(&story, "", 41 * MS);
	expect(&story, "+/a:m1 -/a:u1 +/a:m2 -/a:u3");
	story_end(&story);
}

static void a_lazy_unmount_takes_the_tree(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	saw(&story, MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");
	saw(&story, MOUNTPROBE_MOUNT, 6 * MS, "/a/b", "mount");
	look(&story, "2/a 3/a/b", 7 * MS);
	saw(&story, MOUNTPROBE_UMOUNT, 8 * MS, "/a", "lazy");
	look(&story, "", 9 * MS);
	expect(&story, "+/a:mount +/a/b:mount -/a:lazy -/a/b:lazy");
	story_end(&story);
}

static void a_remount_is_no_mount(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record call = record_of(MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");

	(void)state;
	call.flags = MS_REMOUNT | MS_RDONLY;
	record(&story, &call);
	call.flags = 0xc0ed0000 | MS_REMOUNT;
	record(&story, &call);
	call.flags = MS_REC | MS_PRIVATE;
	record(&story, &call);
	look(&story, "", 99 * MS);
	expect(&story, "");
	assert_int_equal(story.state.record_count, 0);
	/* The old magic number, whose bits look like those of a change of propagation. */
	call.flags = 0xc0ed0000;
	record(&story, &call);
	look(&story, "2/a", 100 * MS);
	expect(&story, "+/a:mount");
	story_end(&story);
}

static void other_namespaces_are_kept_apart(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record call = record_of(MOUNTPROBE_MOUNT, 5 * MS, "/a", "there");

	(void)state;
	call.namespace = ELSEWHERE;
	record(&story, &call);
	look(&story, "", 6 * MS);
	expect(&story, "+?/a:there");
	/* Propagated to here, it is known who did it. */
	record(&story, &call);
	look(&story, "2/a", 7 * MS);
	expect(&story, "+/a:there");
	story_end(&story);
}

static void a_path_through_a_link_is_found_by_the_id(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record call = record_of(MOUNTPROBE_MOUNT, 5 * MS, "/link", "mount");

	(void)state;
	call.mount_id = 3;
	record(&story, &call);
	saw(&story, MOUNTPROBE_MOUNT, 6 * MS, "b", "relative");
	look(&story, "3/real 4/x/b", 7 * MS);
	expect(&story, "+/real:mount +/x/b:relative");
	story_end(&story);
}

static void a_wrong_guess_at_the_id_gives_way_to_the_path(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record first = record_of(MOUNTPROBE_MOUNT, 5 * MS, "/a", "first");
	struct mountprobe_record second = record_of(MOUNTPROBE_MOUNT, 6 * MS, "/b", "second");

	(void)state;
	first.mount_id = 4; /* both were mounted when the first call returned */
	second.mount_id = 4;
	record(&story, &first);
	record(&story, &second);
	look(&story, "3/a 4/b", 7 * MS);
	expect(&story, "+/a:first +/b:second");
	story_end(&story);
}

/* Its record comes late, when the table has the next one on the same path already. */
static void a_record_is_not_taken_for_that_of_a_younger_mount(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record first = record_of(MOUNTPROBE_MOUNT, 1 * MS, "/a", "first");
	struct mountprobe_record second = record_of(MOUNTPROBE_MOUNT, 3 * MS, "/a", "second");

	(void)state;
	first.mount_id = 3000000001;
	second.mount_id = 3000000002;
	record(&story, &first);
	look(&story, "3000000002/a", 4 * MS);
	expect(&story, "");
	saw(&story, MOUNTPROBE_UMOUNT, 2 * MS, "/a", "end");
	record(&story, &second);
	look(&story, "3000000002/a", 5 * MS);
	expect(&story, "+/a:first -/a:end +/a:second");
	story_end(&story);
}

static void a_mount_that_only_its_record_knows_is_ended_too(void **state)
{
	struct story story = story_begin(true);

	(void)state;
	saw(&story, MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");
	look(&story, "", 6 * MS);
	expect(&story, "");
	look(&story, "", story.wake_ns);
	expect(&story, "+/a:mount");
	assert_true(story.wake_ns > 0);
	look(&story, "", story.wake_ns);
	expect(&story, "-/a");
	assert_int_equal(story.state.entry_count, 0);
	story_end(&story);
}

static void broken_records_are_refused(void **state)
{
	struct story story = story_begin(true);
	struct mountprobe_record call = record_of(MOUNTPROBE_MOUNT, 5 * MS, "/a", "mount");
	size_t least = offsetof(struct mountprobe_record, target) + 1;

	(void)state;
	assert_int_equal(mount_state_record(&story.state, &call, least - 1, 0), -EPROTO);
	assert_int_equal(mount_state_record(&story.state, &call, sizeof(call) + 1, 0), -EPROTO);
	/* Cut within its path: the last byte is no NUL. */
	assert_int_equal(mount_state_record(&story.state, &call, least, 0), -EPROTO);
	call.call = MOUNTPROBE_CALLS;
	assert_int_equal(mount_state_record(&story.state, &call, sizeof(call), 0), -EPROTO);
	call.call = MOUNTPROBE_MOUNT;
	memset(call.source, 'x', sizeof(call.source));
	assert_int_equal(mount_state_record(&story.state, &call, sizeof(call), 0), -EPROTO);
	assert_int_equal(story.state.record_count, 0);
	story_end(&story);
}

static void an_error_of_the_listener_is_passed_on(void **state)
{
	struct story story = story_begin(false);

	(void)state;
	story.fail_with = -EPIPE;
	assert_int_equal(look(&story, "1/ 2/a", 1 * MS), -EPIPE);
	expect(&story, "+/");
	story.fail_with = 0;
	look(&story, "1/ 2/a", 2 * MS);
	expect(&story, "+/a");
	story_end(&story);
}

static void paths_are_made_plain(void **state)
{
	static const char *const pairs[][2] = {{"/a//b/.", "/a/b"}, {"/", "/"}, {"//", "/"},
		{"./a/", "a"}, {"/./a/./b///", "/a/b"}, {"a", "a"}, {"", ""}, {".", ""},
		{"/a/..b/.c", "/a/..b/.c"}};
	char path[32];

	(void)state;
	for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		strcpy(path, pairs[i][0]);
		match_plain_path(path);
		assert_string_equal(path, pairs[i][1]);
	}
}

static void storms_end_in_the_right_state(void **state)
{
	struct story story = story_begin(true);
	char point[32];
	uint64_t time_ns = MS;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(point, sizeof(point), "/%u", i % 7);
		saw(&story, MOUNTPROBE_MOUNT, time_ns++, point, "m");
		if (i % 3)
			saw(&story, MOUNTPROBE_UMOUNT, time_ns++, point, "u");
		if (i % 100 == 99) {
			look(&story, "", time_ns + MOUNT_HOLD_NS);
			story.told[0] = '\0';
		}
	}
	look(&story, "", time_ns + 2 * MOUNT_HOLD_NS);
	look(&story, "", time_ns + 4 * MOUNT_HOLD_NS);
	assert_int_equal(story.state.entry_count, 0);
	assert_int_equal(story.state.record_count, 0);
	story_end(&story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_alone_tells_what_changed),
		cmocka_unit_test(an_id_that_is_used_again_is_another_mount),
		cmocka_unit_test(a_record_says_who_did_it),
		cmocka_unit_test(a_change_waits_for_its_record),
		cmocka_unit_test(but_not_for_ever),
		cmocka_unit_test(a_record_that_comes_too_late_is_not_told_again),
		cmocka_unit_test(what_comes_later_waits_behind_it),
		cmocka_unit_test(what_came_and_went_between_two_looks_is_told),
		cmocka_unit_test(an_unmount_ends_the_youngest_mount_on_its_path),
		cmocka_unit_test(an_unmount_is_told_before_it_has_returned),
		cmocka_unit_test(the_next_call_after_it_counts),
		cmocka_unit_test(an_unmount_that_was_refused_changes_nothing),
		cmocka_unit_test(a_failed_mount_is_no_mount),
		cmocka_unit_test(a_moved_mount_leaves_and_arrives),
		cmocka_unit_test(a_mount_that_was_moved_before_its_record_came),
		cmocka_unit_test(a_mount_that_nobody_saw_before_it_was_moved),
		cmocka_unit_test(a_mount_that_nobody_saw_where_it_was_moved),
		cmocka_unit_test(mounts_end_in_the_order_of_their_unmounts),
		cmocka_unit_test(a_lazy_unmount_takes_the_tree),
		cmocka_unit_test(a_remount_is_no_mount),
		cmocka_unit_test(other_namespaces_are_kept_apart),
		cmocka_unit_test(a_path_through_a_link_is_found_by_the_id),
		cmocka_unit_test(a_wrong_guess_at_the_id_gives_way_to_the_path),
		cmocka_unit_test(a_record_is_not_taken_for_that_of_a_younger_mount),
		cmocka_unit_test(a_mount_that_only_its_record_knows_is_ended_too),
		cmocka_unit_test(broken_records_are_refused),
		cmocka_unit_test(an_error_of_the_listener_is_passed_on),
		cmocka_unit_test(paths_are_made_plain),
		cmocka_unit_test(storms_end_in_the_right_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
