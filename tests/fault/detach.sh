#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A filesystem that a job stands on goes away in the middle, and comes back, or not.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../throttle.sh"
private_mounts "$@"

OFTEN=(--checkpoint 0.05)
TREE_MIB=36
BYTES_PER_SECOND=20000000
EVENTS=

# start_slowly ARGUMENT...: in the background, from a source that takes nearly two seconds to read.
start_slowly()
{
	throttle "$SLOW" "$BYTES_PER_SECOND"
	EVENTS=$WORK/out
	throttled env --default-signal=INT,TERM "$HAUL" "$@" --json >"$EVENTS" 2>"$WORK/err" &
	HAUL_PROCESS=$!
}

# make_tree DIRECTORY: small files, and a large one.
make_tree()
{
	mkdir "$1"
	split --suffix-length 4 --bytes 128K <(head -c 24M /dev/urandom) "$1/small."
	head -c 12M /dev/urandom >"$1/large"
}

device_of()
{
	findmnt --noheadings --first-only --output SOURCE --mountpoint "$1"
}

has_event()
{
	jq --exit-status --slurp "map(select($1)) | length > 0" "$EVENTS" >/dev/null
}

# is_half_way JOB: eight megabytes are durable, and something is not.
is_half_way()
{
	[ "$(stat -c %s "$(journal_of "$1")")" -gt 1000 ] &&
		grep -Eq '"durable":([89][0-9]{6}|[0-9]{8,})}' "$EVENTS"
}

journal_of()
{
	echo "$XDG_STATE_HOME/haul/$1.journal"
}

is_waiting()
{
	has_event '.event == "job" and .state == "paused"'
}

# Milliseconds from then (EPOCHREALTIME) to the event that says that the job is paused.
pause_ms()
{
	jq --raw-output --slurp --argjson begin "$1" \
		'map(select(.state == "paused" and .event == "job"))[0].time |
		((.[0:19] + "Z" | fromdate) + (.[20:26] | tonumber) / 1e6 - $begin) * 1000 |
		floor' "$EVENTS"
}

# paused_since EPOCHREALTIME WHAT: the promise is 100 ms, but the machine may be busy.
paused_since()
{
	wait_until 5 is_waiting
	echo "$2: paused after $(pause_ms "$1") ms"
	[ "$(pause_ms "$1")" -lt 1000 ] || fail "it took long to notice"
}

# What was read from the slow disk since it was mounted, in MiB, when nothing more is on its way.
mib_read()
{
	wait_until 10 is_quiet "$SLOW"
	echo $(($(sectors_read "$SLOW") / 2048))
}

# The journal says what is durable, so that at least this is not read again.
spares_something()
{
	local read
	read=$(($(mib_read) - $1))
	echo "read $read MiB of $TREE_MIB again"
	[ "$read" -lt $((TREE_MIB - 7)) ] || fail "what is durable was copied again"
}

# ends_well JOB: one line when it went, and one when it came.
ends_well()
{
	timeout 20 tail --pid="$HAUL_PROCESS" -f /dev/null || fail "it waits on: $(cat "$WORK/err")"
	wait_for_haul || fail "haul ended with $?: $(cat "$WORK/err")"
	expect_equal "outcome" "done 0" "$("$ROOT/tests/e2e/check_events" <"$EVENTS")"
	expect_equal "lines on standard error" 2 "$(wc -l <"$WORK/err")"
	expect_match ': waiting for /dev/loop[0-9]+, UUID ' "$WORK/err"
	expect_match 'is back: going on at' "$WORK/err"
	[ ! -e "$(journal_of "$1")" ] || fail "a journal is left"
}

nothing_is_left_in()
{
	expect_equal "temporary files" "" "$(find "$1" -name '.haul.*')"
}

# Nothing holds the filesystem of an image any more: its loop device is gone with its mount.
is_let_go()
{
	[ -z "$(losetup --noheadings --associated "$1")" ]
}

# goes_away_and_comes_back TYPE: the destination, under another mount point.
goes_away_and_comes_back()
{
	local type=$1 device begin before
	make_filesystem stick "$type" 340M
	mkdir "$WORK/stick/photos" "$WORK/elsewhere"
	device=$(device_of "$WORK/stick")
	start_slowly cp -a "${OFTEN[@]}" --job "away-$type" "$TREE" "$WORK/stick/photos"
	wait_until 8 is_half_way "away-$type"
	begin=$EPOCHREALTIME
	umount -l "$WORK/stick"
	paused_since "$begin" "$type"
	"$HAUL" jobs >"$WORK/jobs"
	expect_match "^away-$type +waiting" "$WORK/jobs"
	expect_match "waits for $device, UUID [0-9A-Fa-f-]+" "$WORK/jobs"
	wait_until 5 is_let_go "$WORK/stick.image"
	before=$(mib_read)
	mount -t "$type" -o loop "$WORK/stick.image" "$WORK/elsewhere"
	ends_well "away-$type"
	spares_something "$before"
	expect_match "'$WORK/stick' \\($device\\) was unmounted" "$WORK/err"
	same_content "$TREE" "$WORK/elsewhere/photos/tree"
	has_event '.event == "device" and .action == "unmounted"' || fail "no device event"
	[ ! -e "$WORK/stick/photos" ] || fail "something was written to the empty mount point"
	nothing_is_left_in "$WORK/elsewhere"
}

same_content()
{
	local differences
	differences=$(diff -r "$1" "$2" 2>&1 || true)
	[ -z "$differences" ] || fail "diff $1 $2: $differences"
}

test_a_destination_is_unmounted_and_mounted_elsewhere()
{
	goes_away_and_comes_back ext4
}

# As after a loss of its connection: everything fails, but it stays mounted.
test_a_destination_shuts_down()
{
	local before begin
	need_program xfs_io xfsprogs
	make_filesystem stick xfs 340M
	start_slowly cp -a "${OFTEN[@]}" --job dead "$TREE" "$WORK/stick"
	wait_until 8 is_half_way dead
	begin=$EPOCHREALTIME
	xfs_io -x -c shutdown "$WORK/stick"
	paused_since "$begin" shutdown
	expect_match 'does not answer any more: waiting' "$WORK/err"
	# Nothing holds it: this is no lazy unmount.
	wait_until 5 umount "$WORK/stick"
	before=$(mib_read)
	mount -o loop "$WORK/stick.image" "$WORK/stick"
	ends_well dead
	spares_something "$before"
	same_tree "$TREE" "$WORK/stick/tree"
	nothing_is_left_in "$WORK/stick"
}

test_a_destination_turns_read_only()
{
	local device
	make_filesystem stick ext4 340M -e remount-ro
	device=$(device_of "$WORK/stick")
	start_slowly cp -a "${OFTEN[@]}" --job readonly "$TREE" "$WORK/stick"
	wait_until 8 is_half_way readonly
	echo haul >"/sys/fs/ext4/${device#/dev/}/trigger_fs_error"
	wait_until 5 is_waiting
	expect_match 'takes no writes any more: waiting' "$WORK/err"
	wait_until 5 umount "$WORK/stick"
	e2fsck -fy "$WORK/stick.image" >/dev/null 2>&1 || true
	mount -o loop "$WORK/stick.image" "$WORK/stick"
	ends_well readonly
	same_tree "$TREE" "$WORK/stick/tree"
}

# The job's working directory is on what goes away, and its arguments are seen from there.
test_a_source_is_unmounted_and_mounted_elsewhere()
{
	mkdir "$WORK/copy" "$WORK/elsewhere"
	cd "$SLOW"
	start_slowly cp -a "${OFTEN[@]}" --job source tree/. "$WORK/copy"
	cd /
	wait_until 8 is_half_way source
	umount -l "$SLOW"
	wait_until 5 is_waiting
	wait_until 5 is_let_go "$SLOW.image"
	mount -o loop "$SLOW.image" "$WORK/elsewhere"
	ends_well source
	same_tree "$WORK/elsewhere/tree" "$WORK/copy"
	umount "$WORK/elsewhere"
	mount -o loop "$SLOW.image" "$SLOW"
}

# Every file is at its source or at its destination, and in the end at the latter.
test_a_move()
{
	make_filesystem stick ext4 340M
	mkdir "$WORK/elsewhere" "$SLOW/moved"
	make_tree "$SLOW/moved/tree"
	cp -a "$SLOW/moved/tree" "$WORK/reference"
	start_slowly mv "${OFTEN[@]}" --job move "$SLOW/moved/tree" "$WORK/stick"
	wait_until 8 is_half_way_moved
	umount -l "$WORK/stick"
	wait_until 5 is_waiting
	expect_equal "sources" "$(find "$WORK/reference" | wc -l)" "$(find "$SLOW/moved/tree" | wc -l)"
	mount -o loop "$WORK/stick.image" "$WORK/elsewhere"
	ends_well move
	same_tree "$WORK/reference" "$WORK/elsewhere/tree"
	[ ! -e "$SLOW/moved/tree" ] || fail "the source is still there"
}

is_half_way_moved()
{
	grep -q '"accepted":[0-9]\{7,\},' "$EVENTS"
}

# lose_stick JOB OPTION...: a copy to $WORK/stick that finds itself without it.
lose_stick()
{
	local job=$1
	shift
	make_filesystem stick ext4 340M
	start_slowly cp -a "${OFTEN[@]}" --job "$job" "$@" "$TREE" "$WORK/stick"
	wait_until 8 is_half_way "$job"
	umount -l "$WORK/stick"
}

test_a_job_that_is_told_to_fail()
{
	local status=0
	lose_stick fails --on-detach=fail
	wait_for_haul || status=$?
	expect_equal "exit status" 1 "$status"
	expect_equal "lines on standard error" 2 "$(wc -l <"$WORK/err")"
	expect_match "'$WORK/stick' .* was unmounted" "$WORK/err"
	expect_match 'haul resume fails' "$WORK/err"
	mount -o loop "$WORK/stick.image" "$WORK/stick"
	expect_status 0 "$HAUL" resume fails
	same_tree "$TREE" "$WORK/stick/tree"
}

test_a_job_that_waits_is_cancelled()
{
	local status=0
	lose_stick gone
	wait_until 5 is_waiting
	expect_status 1 "$HAUL" resume gone
	expect_match 'what it waits for is not there' "$WORK/err"
	expect_status 0 "$HAUL" cancel gone
	wait_for_haul || status=$?
	expect_equal "exit status" 3 "$status"
	mount -o loop "$WORK/stick.image" "$WORK/stick"
	expect_status 0 "$HAUL" resume gone
	same_tree "$TREE" "$WORK/stick/tree"
}

# What holds a filesystem can be told, so that whoever can't unmount it knows why.
test_who_holds_what()
{
	make_filesystem stick ext4 340M
	start_slowly cp -a "${OFTEN[@]}" --job holder "$TREE" "$WORK/stick"
	wait_until 8 is_half_way holder
	umount "$WORK/stick" 2>/dev/null && fail "it was not busy"
	"$HAUL" jobs >"$WORK/jobs"
	expect_match "holds '$WORK/stick' \\($(device_of "$WORK/stick")\\)" "$WORK/jobs"
	expect_match "holds '$SLOW' \\($(device_of "$SLOW")\\)" "$WORK/jobs"
	has_event ".event == \"device\" and .action == \"held\" and .mount_point == \"$WORK/stick\"" ||
		fail "no event tells what is held"
	"$HAUL" cancel holder
	wait_for_haul || true
	"$HAUL" jobs >"$WORK/jobs"
	! grep -qF "holds '$WORK" "$WORK/jobs" || fail "something is still held"
}

# A card whose reader has lost it: what was cached can still be read, all else fails. The last test,
# since it breaks the disk.
test_a_source_dies()
{
	cp --sparse=always "$SLOW.image" "$WORK/card.image"
	start_slowly cp -a "${OFTEN[@]}" --job card "$TREE" "$WORK/copy"
	wait_until 8 is_half_way card
	truncate -s 0 "$SLOW.image"
	wait_until 8 is_waiting
	expect_match "'$SLOW' .* does not answer any more: waiting" "$WORK/err"
	wait_until 5 umount "$SLOW"
	mount -o loop "$WORK/card.image" "$SLOW"
	ends_well card
	same_tree "$TREE" "$WORK/copy"
	umount "$SLOW"
}

make_lib_dir
SLOW=$LIB_DIR/slow
TREE=$SLOW/tree
WORK=$LIB_DIR make_filesystem slow ext4 400M
make_tree "$TREE"
# Files that were changed just before a job begins are never spared.
sleep 2.1
throttle "$SLOW" "$BYTES_PER_SECOND"
test_eject()
{
	mkdir "$WORK/tree"
	head -c 3M /dev/urandom >"$WORK/tree/file"
	make_filesystem stick ext4 40M
	EVENTS=$WORK/out
	"$HAUL" cp -a --eject --json --job ejected "$WORK/tree" "$WORK/stick/copy" >"$EVENTS" 2>"$WORK/err" ||
		fail "$(cat "$WORK/err")"
	expect_match "^haul cp: '$WORK/stick' is unmounted: /dev/loop[0-9]+ may be pulled out$" "$WORK/err"
	has_event '.event == "device" and .action == "released"' || fail "not told to programs"
	! mountpoint -q "$WORK/stick" || fail "still mounted"
	[ ! -e "$(journal_of ejected)" ] || fail "a journal is left"
	mount -o loop "$WORK/stick.image" "$WORK/stick"
	same_tree "$WORK/tree" "$WORK/stick/copy"
}

test_eject_of_what_is_in_use()
{
	echo data >"$WORK/file"
	make_filesystem stick ext4 40M
	exec 7<"$WORK/stick"
	! "$HAUL" cp --eject "$WORK/file" "$WORK/stick" 2>"$WORK/err" || fail "ejected what is in use"
	exec 7<&-
	expect_match "^haul cp: cannot unmount '$WORK/stick': Device or resource busy$" "$WORK/err"
	cmp "$WORK/file" "$WORK/stick/file"
	# Nor is a disk free that is mounted elsewhere, too.
	mkdir "$WORK/other"
	mount --bind "$WORK/stick" "$WORK/other"
	! "$HAUL" cp --eject "$WORK/file" "$WORK/stick" 2>"$WORK/err" || fail "not all is unmounted"
	expect_match "is unmounted, but /dev/loop[0-9]+ may not be pulled out yet: Device or resource busy" "$WORK/err"
	! grep -q "may be pulled" "$WORK/err" || fail "said to be free"
}

run_tests "$@"
throttle_end
