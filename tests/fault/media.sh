#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Media that fail: full, over quota, unable to keep what they took, shut down, pulled out, or cut
# short. Nothing hangs, what could not be copied is told, success is never reported, and a move
# keeps its source.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../disk.sh"
private_mounts "$@"

# make_tree DIRECTORY MEGABYTES: half of it in small files, half in one large one.
make_tree()
{
	mkdir -p "$1"
	head -c "$(($2 / 2))M" /dev/urandom >"$1/large"
	head -c "$(($2 / 2))M" /dev/urandom | split -b 16000 -a 4 - "$1/small."
}

# make_thin_disk NAME TYPE MEGABYTES: it promises 400 MB and has less. Every write is taken, and only
# a sync tells that there is no room.
make_thin_disk()
{
	mkdir "$WORK/$1" "$WORK/$1.pool"
	mount -t tmpfs -o "size=$3M" haul-test "$WORK/$1.pool"
	truncate -s 400M "$WORK/$1.pool/image"
	run_mkfs "$2" "$WORK/$1.pool/image"
	mount -t "$2" -o loop "$WORK/$1.pool/image" "$WORK/$1"
}

# expect_failure COMMAND...: exit status 1, with words.
expect_failure()
{
	expect_status 1 "$HAUL" "$@"
	[ -s "$WORK/err" ] || fail "$*: failed without a word"
}

# The events never say that more is durable than the disk can hold.
expect_durable_below()
{
	jq -se --argjson most "$1" '[.[] | select(.event == "progress").bytes.durable] | max < $most' \
		"$WORK/out" >/dev/null || fail "too much is called durable: $(tail -n 2 "$WORK/out")"
}

# A filesystem whose data can't be kept may stop before its sync has failed: that is told, too.
STOPPED="takes no writes any more|does not answer any more"

thin_disk()
{
	make_tree "$WORK/tree" 80
	make_thin_disk thin "$1" "$2"
	expect_failure cp -a --on-detach=fail --durable --json "$WORK/tree" "$WORK/thin/copy"
	expect_match "^haul cp: (error syncing '.*/thin/copy': (No space left on device|Input/output error)|.* ($STOPPED))$" "$WORK/err"
	expect_durable_below 50000000
	expect_match '"state":"failed".*"exit":1' <(tail -n 1 "$WORK/out")
}

test_no_room_when_synced_on_ext4() { thin_disk ext4 50; }
test_no_room_when_synced_on_xfs() { thin_disk xfs 120; }

sums()
{
	local place
	for place; do
		[ ! -d "$place" ] || (cd "$place" && find . -type f -exec sha1sum {} +)
	done | sort
}

# nothing_lost BEFORE PLACE...: each file is whole in one of the places.
nothing_lost()
{
	expect_equal "lost files" "" "$(comm -23 <(sums "$1") <(sums "${@:2}"))"
}

# Others who sync the disk are told of the error, too. That must not hide it.
test_a_move_to_a_thin_disk()
{
	local others
	make_tree "$WORK/tree" 80
	cp -a "$WORK/tree" "$WORK/before"
	make_thin_disk thin ext4 50
	(while sync -f "$WORK/thin" || true; do
		sleep 0.01
	done 2>/dev/null) &
	others=$!
	expect_failure mv --on-detach=fail --checkpoint 0.02 "$WORK/tree" "$WORK/thin/moved"
	kill "$others"
	wait "$others" || true
	expect_match "^haul mv: (error (syncing|writing) |.* ($STOPPED)$)" "$WORK/err"
	same_tree "$WORK/before" "$WORK/tree"
}

# Nobody asked for a sync, but one was made, and its failure is not forgotten at the end.
test_a_checkpoint_that_fails()
{
	mkdir "$WORK/tree"
	head -c 120M /dev/urandom | split -b 16000 -a 4 - "$WORK/tree/small."
	make_thin_disk thin ext4 40
	expect_failure cp -a --on-detach=fail --workers 1 --checkpoint 0.02 "$WORK/tree" "$WORK/thin/copy"
	expect_match "error syncing|$STOPPED" "$WORK/err"
}

# make_full_disk TYPE: with room for 40 MB.
make_full_disk()
{
	make_filesystem full "$1" 400M
	fallocate -l $(($(stat -f -c '%a * %S' "$WORK/full") - (40 << 20))) "$WORK/full/filler"
}

full_disk()
{
	make_tree "$WORK/tree" 80
	make_full_disk "$1"
	expect_failure cp -a "$WORK/tree" "$WORK/full/copy"
	expect_match "(writing|syncing|create) .*: No space left on device" "$WORK/err"
	no_half_files "$WORK/tree" "$WORK/full/copy"
	expect_equal leftovers "" "$(find "$WORK/full" -name '.haul.*')"
	rm -r "$WORK/full/copy"
	cp -a "$WORK/tree" "$WORK/before"
	expect_failure mv "$WORK/tree" "$WORK/full/moved"
	nothing_lost "$WORK/before" "$WORK/tree" "$WORK/full/moved"
}

test_full_ext4() { full_disk ext4; }
test_full_xfs() { full_disk xfs; }
test_full_btrfs() { full_disk btrfs; }

over_quota()
{
	expect_failure cp -a "$WORK/tree" "$WORK/disk/copy"
	expect_match "(writing|syncing|create) .*: Disk quota exceeded" "$WORK/err"
	no_half_files "$WORK/tree" "$WORK/disk/copy"
	expect_equal leftovers "" "$(find "$WORK/disk" -name '.haul.*')"
	rm -r "$WORK/disk/copy"
	expect_failure mv "$WORK/before" "$WORK/disk/moved"
	nothing_lost "$WORK/tree" "$WORK/before" "$WORK/disk/moved"
}

# Its quotas bind root, too.
test_quota_on_btrfs()
{
	make_tree "$WORK/tree" 40
	cp -a "$WORK/tree" "$WORK/before"
	make_filesystem disk btrfs 300M
	btrfs quota enable "$WORK/disk"
	btrfs qgroup limit 20M "$WORK/disk"
	over_quota
}

# interrupted_by COMMAND...: a copy and a move to $WORK/disk, in the middle of which the command is
# run. $WORK/tree stays as it is.
interrupted_by()
{
	local status=0
	start_haul cp -a --on-detach=fail --durable --json --checkpoint 0.1 --job broken "$WORK/tree" "$WORK/disk/copy"
	wait_until 5 has_begun "$WORK/disk/copy"
	"$@"
	wait_for_haul || status=$?
	expect_equal "status" 1 "$status"
	[ -s "$WORK/err" ] || fail "failed without a word"
	expect_durable_below $((120 << 20))
	expect_match '"state":"failed".*"exit":1' <(tail -n 1 "$WORK/out")
}

has_begun()
{
	[ -n "$(find "$1" -type f -print -quit)" ]
}

make_long_tree()
{
	mkdir "$WORK/tree"
	head -c 60M /dev/urandom >"$WORK/tree/large"
	head -c 60M /dev/urandom | split -b 16000 -a 4 - "$WORK/tree/small."
}

shut_down()
{
	need_program xfs_io xfsprogs
	make_long_tree
	make_filesystem disk "$1" 400M
	interrupted_by xfs_io -x -c shutdown "$WORK/disk"
}

test_ext4_is_shut_down() { shut_down ext4; }
test_xfs_is_shut_down() { shut_down xfs; }

# What had become durable is spared when the disk is there again.
vanishes()
{
	make_long_tree
	attach_disk disk 600M "$1"
	interrupted_by detach_disk
	umount "$WORK/disk"
	mount -o loop "$WORK/disk.image" "$WORK/disk"
	[ ! -e "$XDG_STATE_HOME/haul/broken.journal" ] || "$HAUL" resume broken >"$WORK/resumed" ||
		fail "cannot resume"
	[ -e "$WORK/disk/copy/large" ] || "$HAUL" cp -a "$WORK/tree/." "$WORK/disk/copy"
	same_tree "$WORK/tree" "$WORK/disk/copy"
}

test_ext4_vanishes() { vanishes ext4; }
test_xfs_vanishes() { vanishes xfs; }

test_a_move_to_a_disk_that_vanishes()
{
	local status=0
	make_long_tree
	cp -a "$WORK/tree" "$WORK/before"
	attach_disk disk 400M ext4
	start_haul mv --on-detach=fail --checkpoint 0.1 "$WORK/tree" "$WORK/disk/moved"
	wait_until 5 has_begun "$WORK/disk/moved"
	detach_disk
	wait_for_haul || status=$?
	expect_equal status 1 "$status"
	umount "$WORK/disk"
	mount -o loop "$WORK/disk.image" "$WORK/disk"
	nothing_lost "$WORK/before" "$WORK/tree" "$WORK/disk/moved"
}

# The medium ends before its filesystem does: what lies beyond can't be read, all else is copied. A
# write behind the end, of a time of access for instance, would make the image longer again, with
# zeros for what was cut off.
test_a_source_that_was_cut_short()
{
	make_tree "$WORK/whole" 40
	make_filesystem disk ext4 100M
	cp -a "$WORK/whole" "$WORK/disk/tree"
	mount -o remount,ro "$WORK/disk"
	drop_caches
	truncate -s 30M "$WORK/disk.image"
	expect_failure cp -a "$WORK/disk/tree" "$WORK/copy"
	expect_match "error reading .*: Input/output error" "$WORK/err"
	no_half_files "$WORK/whole" "$WORK/copy"
}

run_tests "$@"
