#!/bin/bash
# SPDX-License-Identifier: MIT
#
# One source, several targets: read once, and what happens to one target does not touch the others.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../disk.sh"
private_mounts "$@"

# make_tree MEGABYTES
make_tree()
{
	mkdir -p "$WORK/tree/below" "$WORK/a" "$WORK/b" "$WORK/c"
	head -c "$1M" /dev/urandom >"$WORK/tree/large"
	head -c 1M /dev/urandom | split -b 5000 -a 4 - "$WORK/tree/below/file-"
	ln -s large "$WORK/tree/link"
}

test_all_targets_get_everything()
{
	make_tree 3
	expect_status 0 "$HAUL" cp -a "$WORK/tree" --to "$WORK/a" --to="$WORK/b" --to "$WORK/c"
	expect_equal "output" "" "$(cat "$WORK/out" "$WORK/err")"
	same_tree "$WORK/tree" "$WORK/a/tree"
	same_tree "$WORK/tree" "$WORK/b/tree"
	same_tree "$WORK/tree" "$WORK/c/tree"
}

test_events_of_all_targets()
{
	make_tree 1
	expect_status 0 "$HAUL" cp -a --job many --json "$WORK/tree" --to "$WORK/a" --to "$WORK/b"
	expect_equal "jobs" "many-1 done many-2 done" "$(jq -r 'select(.event == "job" and
		.state == "done") | .job + " " + .state' "$WORK/out" | sort | paste -sd' ')"
}

# Sectors that the source's device was asked for, in bytes.
bytes_read()
{
	awk '{ printf "%.0f", $3 * 512 }' "/sys/dev/block/$1/stat"
}

test_source_is_read_once()
{
	local device before read
	make_filesystem source ext4 200M
	make_tree 2
	head -c 64M /dev/urandom >"$WORK/source/large"
	head -c 8M /dev/urandom | split -b 20000 -a 4 - "$WORK/source/file-"
	drop_caches
	device=$(mountpoint -d "$WORK/source")
	before=$(bytes_read "$device")
	expect_status 0 "$HAUL" cp -a "$WORK/source" --to "$WORK/a" --to "$WORK/b" --to "$WORK/c"
	read=$(($(bytes_read "$device") - before))
	[ "$read" -gt 70000000 ] || fail "only $read bytes were read: the caches were warm"
	[ "$read" -lt 95000000 ] || fail "$read bytes were read of 72 MiB"
	same_tree "$WORK/source" "$WORK/c/source"
}

test_full_target()
{
	make_tree 3
	mount -t tmpfs -o size=1M haul-test "$WORK/b"
	expect_status 1 "$HAUL" cp -a "$WORK/tree" --to "$WORK/a" --to "$WORK/b" --to "$WORK/c"
	same_tree "$WORK/tree" "$WORK/a/tree"
	same_tree "$WORK/tree" "$WORK/c/tree"
	expect_match "^haul cp: .*$WORK/b/tree.*No space left on device" "$WORK/err"
	expect_match "^haul cp: $WORK/b: failed$" "$WORK/err"
	expect_match '^haul cp: 2 of 3 targets done, 1 failed; ' "$WORK/err"
	no_half_files "$WORK/tree" "$WORK/b/tree"
}

test_target_that_is_not_there()
{
	make_tree 1
	expect_status 1 "$HAUL" cp -a "$WORK/tree" --to "$WORK/none" --to "$WORK/a"
	same_tree "$WORK/tree" "$WORK/a/tree"
	expect_match "^haul cp: target directory '$WORK/none': No such file" "$WORK/err"
	expect_match "^haul cp: $WORK/none: failed$" "$WORK/err"
}

is_whole()
{
	diff -r --no-dereference "$WORK/tree" "$1/tree" >/dev/null
}

# As slow as can be: it stands still.
test_slow_target_holds_up_nobody()
{
	local status=0
	make_tree 3
	start_haul cp -a --job slow --limit 2M "$WORK/tree" --to "$WORK/a" --to "$WORK/b"
	wait_until 10 test -d "$WORK/b/tree"
	"$HAUL" pause slow-2
	wait_until 20 is_whole "$WORK/a"
	! is_whole "$WORK/b" || fail "the slow one was not slow"
	"$HAUL" resume slow-2
	wait_for_haul || status=$?
	expect_equal "status" 0 "$status"
	same_tree "$WORK/tree" "$WORK/b/tree"
}

test_target_that_vanishes()
{
	local status=0
	make_tree 3
	attach_disk stick 64M ext4
	start_haul cp -a --durable --limit 2M --on-detach=fail "$WORK/tree" \
		--to "$WORK/a" --to "$WORK/stick"
	wait_until 10 test -d "$WORK/stick/tree"
	detach_disk
	wait_for_haul || status=$?
	expect_equal "status" 1 "$status"
	same_tree "$WORK/tree" "$WORK/a/tree"
	expect_match "^haul cp: $WORK/stick: failed$" "$WORK/err"
}

waits()
{
	"$HAUL" jobs | grep -q "^$1 *waiting"
}

# The one waits for its filesystem, and the other for nobody.
test_target_that_comes_back()
{
	local status=0
	make_tree 3
	attach_disk stick 64M ext4
	start_haul cp -a --job pair --durable --limit 2M "$WORK/tree" \
		--to "$WORK/stick" --to "$WORK/a"
	wait_until 10 test -d "$WORK/stick/tree"
	detach_disk
	wait_until 20 waits pair-1
	wait_until 20 is_whole "$WORK/a"
	expect_match "^haul cp: '$WORK/stick' .*: waiting for /dev/loop[0-9]+, UUID [-0-9a-f]+; to wait no more: haul cancel pair-1$" "$WORK/err"
	wait_until 5 umount "$WORK/stick"
	mount -o loop "$WORK/stick.image" "$WORK/stick"
	wait_for_haul || status=$?
	expect_equal "status" 0 "$status"
	expect_match "is back: going on at '$WORK/stick'$" "$WORK/err"
	same_tree "$WORK/tree" "$WORK/a/tree"
	same_tree "$WORK/tree" "$WORK/stick/tree"
}

test_stop_and_resume_each()
{
	local status=0
	make_tree 6
	start_haul cp -a --job both --limit 2M "$WORK/tree" --to "$WORK/a" --to "$WORK/b"
	wait_until 10 test -d "$WORK/b/tree"
	wait_until 10 test -d "$WORK/a/tree"
	kill -INT "$HAUL_PROCESS"
	wait_for_haul || status=$?
	expect_equal "status" 3 "$status"
	expect_match 'haul resume both-1' "$WORK/err"
	expect_match 'haul resume both-2' "$WORK/err"
	expect_status 0 "$HAUL" resume both-1 both-2
	same_tree "$WORK/tree" "$WORK/a/tree"
	same_tree "$WORK/tree" "$WORK/b/tree"
}

# Each is read back when it is there, and not before.
test_targets_are_verified()
{
	make_tree 3
	expect_status 0 "$HAUL" cp -a --verify "$WORK/tree" --to "$WORK/a" --to "$WORK/b"
	expect_equal "output" "" "$(cat "$WORK/out" "$WORK/err")"
	same_tree "$WORK/tree" "$WORK/a/tree"
	same_tree "$WORK/tree" "$WORK/b/tree"
	expect_status 0 "$HAUL" cp -a --checksums "$WORK/sums" "$WORK/tree" --to "$WORK/c"
	expect_status 0 "$HAUL" verify "$WORK/sums"
	expect_equal "files in the list" "$(find "$WORK/tree" -type f | wc -l)" \
		"$(wc -l <"$WORK/sums")"
}

test_what_does_not_go_together()
{
	local option
	make_tree 1
	for option in --journal=j -i --strategy=direct --files-from=/dev/null --http=127.0.0.1:0 \
		--checksums=list; do
		expect_status 1 "$HAUL" cp -r $option "$WORK/tree" --to "$WORK/a" --to "$WORK/b"
		expect_match '^haul cp: cannot combine --to with ' "$WORK/err"
	done
	expect_status 1 "$HAUL" cp -r -t "$WORK/a" "$WORK/tree" --to "$WORK/b"
	expect_status 1 "$HAUL" cp -rT "$WORK/tree" --to "$WORK/b"
	expect_equal "copies" "" "$(find "$WORK/a" "$WORK/b" -name tree)"
}

run_tests
