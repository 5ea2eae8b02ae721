#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul watch --on-mount: a job for each device that is mounted, once per insertion.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../watch.sh"
private_mounts "$@"

# make_card NAME: an image with a label and a file.
make_card()
{
	truncate -s 32M "$WORK/$1.image"
	mkfs.ext4 -q -L "$1" "$WORK/$1.image"
	mkdir "$WORK/$1"
	mount -o loop "$WORK/$1.image" "$WORK/$1"
	echo "picture of $1" >"$WORK/$1/picture"
	umount "$WORK/$1"
}

insert()
{
	mount "$(losetup --find --show "$WORK/$1.image")" "$WORK/$1"
}

pull()
{
	local device
	device=$(findmnt --noheadings --output SOURCE "$WORK/$1")
	umount "$WORK/$1"
	losetup -d "$device"
	wait_for_event ".action == \"detached\" and .device == \"$device\""
}

said()
{
	grep -c "$1" "$WORK/watch.err" || true
}

test_a_card_is_copied_when_it_is_mounted()
{
	make_card CAM_01
	mkdir "$WORK/archive"
	start_watch --on-mount 'label=CAM*' -- \
		cp -a '{mount}' "$WORK/archive/{label}-{date}"
	insert CAM_01
	wait_until 5 grep -q "ended with 0" "$WORK/watch.err"
	pull CAM_01
	stop_watch
	expect_equal "the copy" "picture of CAM_01" \
		"$(cat "$WORK/archive/CAM_01-$(date +%F)/picture")"
}

test_once_per_insertion()
{
	make_card CAM_01
	start_watch --on-mount 'label=CAM*' -- sh -c "echo \$1 >>$WORK/served" sh '{device}'
	insert CAM_01
	wait_until 5 grep -q "ended with 0" "$WORK/watch.err"
	mount -o remount,ro "$WORK/CAM_01"
	umount "$WORK/CAM_01"
	wait_for_event '.action == "released"'
	mount "$(losetup --noheadings --output NAME --associated "$WORK/CAM_01.image")" "$WORK/CAM_01"
	wait_until 5 mounted_twice
	expect_equal "while it stays" 1 "$(wc -l <"$WORK/served")"
	pull CAM_01
	insert CAM_01
	wait_until 5 test "$(said 'ended with 0')" -ge 1
	wait_until 5 served_twice
	pull CAM_01
	stop_watch
}

mounted_twice()
{
	[ "$(count_events '.action == "mounted" and .label == "CAM_01"')" = 2 ]
}

served_twice()
{
	[ "$(wc -l <"$WORK/served")" = 2 ]
}

test_what_does_not_match_is_left_alone()
{
	make_card OTHER
	start_watch --on-mount 'label=CAM*' -- touch "$WORK/touched"
	insert OTHER
	wait_for_event '.action == "mounted" and .label == "OTHER"'
	pull OTHER
	stop_watch
	[ ! -e "$WORK/touched" ] || fail "the command was run"
}

# Each command waits for the other's start: one after the other, neither would end.
test_devices_are_served_at_the_same_time()
{
	make_card CAM_01
	make_card CAM_02
	cat >"$WORK/meet" <<'END'
touch "$1/here-$2"
for _ in $(seq 200); do
	[ "$(ls "$1" | grep -c ^here-)" = 2 ] && exit 0
	sleep 0.02
done
exit 1
END
	start_watch --on-mount 'label=CAM*' -- sh "$WORK/meet" "$WORK" '{label}'
	insert CAM_01
	insert CAM_02
	wait_until 6 all_ended 2
	expect_equal "met" 2 "$(said 'ended with 0')"
	pull CAM_01
	pull CAM_02
	stop_watch
}

test_no_more_at_once_than_allowed()
{
	make_card CAM_01
	make_card CAM_02
	start_watch --parallel 1 --on-mount 'label=CAM*' -- \
		sh -c "echo begin >>$WORK/log; sleep 0.3; echo end >>$WORK/log"
	insert CAM_01
	insert CAM_02
	wait_until 6 all_ended 2
	expect_equal "order" "begin end begin end" "$(paste -sd ' ' "$WORK/log")"
	pull CAM_01
	pull CAM_02
	stop_watch
}

all_ended()
{
	[ "$(said 'ended with')" = "$1" ]
}

test_a_command_that_fails_is_told()
{
	make_card CAM_01
	start_watch --on-mount 'label=CAM*' -- sh -c 'exit 9'
	insert CAM_01
	wait_until 5 grep -q "ended with 9" "$WORK/watch.err"
	pull CAM_01
	stop_watch
}

test_wrong_command_lines()
{
	expect_status 1 "$HAUL" watch --on-mount 'label=CAM*'
	expect_match "needs a command" "$WORK/err"
	expect_status 1 "$HAUL" watch extra
	expect_match "extra operand 'extra'" "$WORK/err"
	expect_status 1 "$HAUL" watch --on-mount 'x=y' -- true
	expect_match "invalid expression 'x=y'" "$WORK/err"
}

run_tests "$@"
