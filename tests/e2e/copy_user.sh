#!/bin/bash
# SPDX-License-Identifier: MIT
#
# An ordinary user's copies: what it may not read or write is named, and the rest arrives.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

USER_ID=12345

# A directory that an ordinary user can reach and owns, with the program in it: /mnt.
open_room()
{
	mkdir -p "$WORK/room/run"
	cp "$HAUL" "$WORK/room/haul"
	cp -r "$ROOT/tests/trees" "$WORK/room/trees"
	chown -R "$USER_ID:$USER_ID" "$WORK/room"
	chmod 700 "$WORK/room/run"
	! mountpoint -q /mnt || umount /mnt
	mount --bind "$WORK/room" /mnt
}

close_room()
{
	umount /mnt
}

as_user()
{
	env --chdir=/mnt XDG_RUNTIME_DIR=/mnt/run PYTHONDONTWRITEBYTECODE=1 LC_ALL=C \
		setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups "$@"
}

test_own_tree()
{
	open_room
	as_user trees/nasty tree
	expect_status 0 as_user ./haul cp -a tree copy
	expect_equal "what it says" "" "$(cat "$WORK/out" "$WORK/err")"
	same_tree /mnt/tree /mnt/copy
	close_room
}

test_operands_are_called_what_the_user_calls_them()
{
	open_room
	as_user mkdir copy
	as_user touch secret open
	chown 0:0 /mnt/secret
	chmod 600 /mnt/secret
	expect_status 1 as_user ./haul cp -v open ./secret copy
	expect_equal "errors" "haul cp: cannot open './secret' for reading: Permission denied" \
		"$(cat "$WORK/err")"
	expect_equal "what it tells" "'open' -> 'copy/open'" "$(cat "$WORK/out")"
	close_room
}

test_unreadable_files()
{
	open_room
	as_user mkdir -p tree/open tree/closed
	as_user touch tree/before tree/secret tree/open/inside tree/closed/inside
	chown 0:0 /mnt/tree/secret /mnt/tree/closed
	chmod 600 /mnt/tree/secret
	chmod 700 /mnt/tree/closed
	expect_status 1 as_user ./haul cp -a tree copy
	as_user cp -a tree expected 2>"$WORK/expected" || true
	sort "$WORK/expected" | sed 's/^cp: /haul cp: /' >"$WORK/expected.lines"
	diff "$WORK/expected.lines" <(sort "$WORK/err") || fail "other words than cp"
	expect_equal "what arrived" "$(as_user find expected | sed s/^expected/copy/ | sort)" \
		"$(as_user find copy | sort)"
	close_room
}

test_destination_without_permission()
{
	open_room
	as_user mkdir tree
	as_user touch tree/file
	mkdir /mnt/locked
	expect_status 1 as_user ./haul cp -a tree/file locked/file
	expect_equal "what it says" \
		"haul cp: cannot create regular file 'locked/file': Permission denied" \
		"$(cat "$WORK/err")"
	expect_status 1 as_user ./haul cp -a tree locked/tree
	expect_equal "what it says" \
		"haul cp: cannot create directory 'locked/tree': Permission denied" \
		"$(cat "$WORK/err")"
	close_room
}

# Other people's files become the user's own, without a complaint, as with cp -a.
test_owner_that_cannot_be_kept()
{
	open_room
	as_user mkdir tree
	echo text >/mnt/tree/file
	chmod 6755 /mnt/tree/file
	expect_status 0 as_user ./haul cp -a tree copy
	expect_equal "what it says" "" "$(cat "$WORK/err")"
	expect_equal "owner and mode" "$USER_ID 755" "$(stat -c '%u %a' /mnt/copy/file)"
	close_room
}

test_no_process_to_be_had()
{
	open_room
	as_user mkdir tree
	as_user touch tree/file
	expect_status 1 as_user timeout 20 prlimit --nproc=1 ./haul cp -a tree copy
	expect_equal "what it says" \
		"haul cp: cannot start the coordinator process: Resource temporarily unavailable" \
		"$(cat "$WORK/err")"
	close_room
}

# As with owners: only the superuser could.
test_flags_that_it_may_not_set()
{
	open_room
	as_user mkdir tree
	as_user touch tree/fixed
	if ! chattr +i /mnt/tree/fixed 2>/dev/null; then
		close_room
		skip "no inode flags on $WORK"
	fi
	expect_status 0 as_user ./haul cp -a tree copy
	chattr -i /mnt/tree/fixed
	expect_equal "what it says" "" "$(cat "$WORK/err")"
	close_room
}

run_tests
