# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A disk that can stop answering, or be pulled out. Source it after lib.sh.

DISK_PROCESS=

# attach_disk NAME SIZE TYPE: a filesystem on $WORK/NAME whose disk is the process $DISK_PROCESS.
attach_disk()
{
	[ -c /dev/fuse ] || skip "needs /dev/fuse"
	mkdir "$WORK/$1" "$WORK/$1.slot"
	truncate -s "$2" "$WORK/$1.image"
	run_mkfs "$3" "$WORK/$1.image"
	"$ROOT/tests/fault/fuse_disk" "$WORK/$1.image" "$WORK/$1.slot" &
	DISK_PROCESS=$!
	wait_until 5 test -e "$WORK/$1.slot/disk"
	mount -o loop "$WORK/$1.slot/disk" "$WORK/$1"
	trap detach_disk EXIT
}

# From now on whatever touches the disk waits, and no signal ends it.
stop_disk()
{
	kill -STOP "$DISK_PROCESS"
}

continue_disk()
{
	kill -CONT "$DISK_PROCESS"
}

# Pulled out: what waits for it gets an error.
detach_disk()
{
	[ -z "$DISK_PROCESS" ] || kill -KILL "$DISK_PROCESS" 2>/dev/null || true
	wait "$DISK_PROCESS" 2>/dev/null || true
	DISK_PROCESS=
}
