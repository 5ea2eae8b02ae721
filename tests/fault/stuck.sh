#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A disk that never answers holds up neither orders nor other jobs, and the job on it ends when it
# is told to, although no signal ends what waits for such a disk.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../disk.sh"
private_mounts "$@"

# Orders take effect within 100 ms; the rest is for a busy machine.
ORDER_US=500000
STOP_US=2000000

make_tree()
{
	mkdir "$1"
	head -c "${2}M" /dev/urandom >"$1/large"
	head -c 4M /dev/urandom | split -b 8000 -a 4 - "$1/small."
}

# within MICROSECONDS COMMAND...
within()
{
	local limit=$1 begin took
	shift
	begin=$(now_us)
	"$@" || fail "$* ended with $?"
	took=$(($(now_us) - begin))
	[ "$took" -lt "$limit" ] || fail "$* took $took us"
}

has_state()
{
	"$HAUL" jobs | grep -q "^stuck  *$1 "
}

# While the job named "stuck" waits for the disk.
expect_orders_to_work()
{
	within "$ORDER_US" has_state running
	within "$ORDER_US" "$HAUL" pause stuck
	within "$ORDER_US" has_state paused
	expect_status 1 "$HAUL" pause stuck
	within "$ORDER_US" "$HAUL" resume stuck
	within "$ORDER_US" has_state running
	echo small >"$WORK/file"
	within "$STOP_US" "$HAUL" cp "$WORK/file" "$WORK/other"
	expect_equal "the other job's copy" small "$(cat "$WORK/other")"
}

# expect_end EXTENDED-REGEX: it is over, with the exit status of what can go on, and says so.
expect_end()
{
	local status=0
	within "$STOP_US" is_over
	wait_for_haul || status=$?
	expect_equal status 3 "$status"
	expect_match "$1" "$WORK/err"
	expect_match '"state":"cancelled".*"exit":3' <(tail -n 1 "$WORK/out")
	! has_state '[a-z]*ing' || fail "it is still listed as running"
}

is_over()
{
	while kill -0 "$HAUL_PROCESS" 2>/dev/null; do
		sleep 0.02
	done
}

start_job()
{
	start_haul cp -a --json --job stuck "$@"
}

# The coordinator itself can't so much as look at the destination.
test_nothing_answers_from_the_beginning()
{
	make_tree "$WORK/tree" 1
	attach_disk disk 64M ext4
	stop_disk
	start_job "$WORK/tree" "$WORK/disk/copy"
	wait_until 5 coordinator_waits
	expect_orders_to_work
	"$HAUL" cancel stuck
	expect_end "does not answer"
}

coordinator_waits()
{
	[ "$(ps -o state= -p "$(coordinator_process)")" = D ]
}

# Workers wait in the middle of a copy; it goes on when the disk does.
test_destination_stops_half_way()
{
	make_tree "$WORK/tree" 100
	attach_disk disk 300M ext4
	start_job --strategy direct --checkpoint 0.1 "$WORK/tree" "$WORK/disk/copy"
	wait_until 5 test -d "$WORK/disk/copy"
	stop_disk
	expect_orders_to_work
	kill -INT "$HAUL_PROCESS"
	expect_end "haul resume stuck$"
	continue_disk
	wait_until 5 resume_ends
	same_tree "$WORK/tree" "$WORK/disk/copy"
	expect_equal leftovers "" "$(find "$WORK/disk" -name '.haul.*')"
}

# Its processes hold the journal until the disk has let them go.
resume_ends()
{
	"$HAUL" resume stuck >"$WORK/resumed"
}

test_source_stops()
{
	make_tree "$WORK/tree" 20
	attach_disk disk 64M ext4
	cp -a "$WORK/tree" "$WORK/disk/tree"
	umount "$WORK/disk"
	mount -o loop "$WORK/disk.slot/disk" "$WORK/disk"
	ls -l "$WORK/disk/tree" >/dev/null
	stop_disk
	start_job "$WORK/disk/tree" "$WORK/copy"
	wait_until 5 workers_are_there
	expect_orders_to_work
	kill -INT "$HAUL_PROCESS"
	expect_end "haul resume stuck$"
	no_half_files "$WORK/tree" "$WORK/copy"
	continue_disk
	wait_until 5 resume_ends
	same_tree "$WORK/tree" "$WORK/copy"
}

# All is copied, and the sync does not end.
test_a_sync_that_never_ends()
{
	make_tree "$WORK/tree" 20
	attach_disk disk 64M ext4
	mkdir "$WORK/disk/copy"
	start_job --durable --workers 1 "$WORK/tree" "$WORK/disk/copy"
	wait_until 5 test -e "$WORK/disk/copy/tree/large"
	stop_disk
	expect_orders_to_work
	kill -INT "$HAUL_PROCESS"
	expect_end "haul resume stuck$"
	continue_disk
	wait_until 5 resume_ends
	same_tree "$WORK/tree" "$WORK/disk/copy/tree"
}

# Twice is at once.
test_interrupted_twice()
{
	make_tree "$WORK/tree" 1
	attach_disk disk 64M ext4
	stop_disk
	start_job "$WORK/tree" "$WORK/disk/copy"
	wait_until 5 coordinator_waits
	kill -INT "$HAUL_PROCESS"
	kill -INT "$HAUL_PROCESS"
	expect_end "does not answer"
}

run_tests "$@"
