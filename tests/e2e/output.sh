#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What can't be written to standard output is a failure that is told, and never keeps work from
# being done.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# status_of COMMAND [ARGUMENT]...: as its shell's user has signals. What it says is in $WORK/err.
status_of()
{
	local status=0
	env --default-signal=PIPE "$HAUL" "$@" 2>"$WORK/err" || status=$?
	echo "$status" >"$WORK/status"
}

# to_nobody COMMAND [ARGUMENT]...: standard output is a pipe whose reader is gone.
to_nobody()
{
	rm -f "$WORK/pipe"
	mkfifo "$WORK/pipe"
	exec 5<>"$WORK/pipe" 6>"$WORK/pipe" 5>&-
	status_of "$@" >&6
	exec 6>&-
}

make_tree()
{
	rm -rf "$WORK/tree" "$WORK/copy"
	mkdir "$WORK/tree"
	touch "$WORK/tree"/{a,b,c}
}

no_job_is_left()
{
	expect_equal "jobs" "" "$("$HAUL" jobs | grep "^lost$$ " || true)"
}

# expect_lost REASON PROGRAM
expect_lost()
{
	expect_equal "status" 1 "$(cat "$WORK/status")"
	expect_equal "what it says" "$2: write error: $1" "$(cat "$WORK/err")"
}

# each_job TO REASON: with TO a function that runs it.
each_job()
{
	cd "$WORK"
	make_tree
	"$1" cp -av --job "lost$$" tree copy
	expect_lost "$2" "haul cp"
	diff -r tree copy
	"$1" mv -v tree moved
	expect_lost "$2" "haul mv"
	diff -r moved copy
	"$1" rm -rv moved copy
	expect_lost "$2" "haul rm"
	[ ! -e moved ] && [ ! -e copy ] || fail "something is left"
	no_job_is_left
}

to_full_disk() { status_of "$@" >/dev/full; }

test_full_disk()
{
	each_job to_full_disk "No space left on device"
	make_tree
	to_full_disk cp -a --dry-run tree copy
	expect_lost "No space left on device" "haul cp"
	mkdir copy
	to_full_disk verify tree copy
	expect_lost "No space left on device" "haul verify"
}

test_full_disk_of_other_commands()
{
	to_full_disk jobs
	expect_lost "No space left on device" "haul jobs"
	to_full_disk cp --help
	expect_lost "No space left on device" "haul cp"
	to_full_disk --version
	expect_lost "No space left on device" "haul"
	to_full_disk serial --help
	expect_lost "No space left on device" "haul serial"
}

test_reader_that_is_gone()
{
	each_job to_nobody "Broken pipe"
}

# What only tells ends, and a reader that has had enough needs no words.
test_all_talk()
{
	cd "$WORK"
	make_tree
	to_nobody cp -a --dry-run tree copy
	expect_equal "status" 1 "$(cat status)"
	expect_equal "what it says" "" "$(cat err)"
	[ ! -e copy ] || fail "it was copied"
	mkdir copy
	to_nobody verify tree copy
	expect_equal "status" 1 "$(cat status)"
	expect_equal "what it says" "" "$(cat err)"
}

test_list_of_checksums()
{
	cd "$WORK"
	make_tree
	to_nobody cp -a --checksums - tree copy
	expect_equal "status" 1 "$(cat status)"
	expect_equal "what it says" "haul cp: cannot write '-': Broken pipe" "$(cat err)"
	diff -r tree copy
}

# Complaints that nobody reads.
test_standard_error()
{
	local status=0
	cd "$WORK"
	make_tree
	mkfifo pipe
	exec 5<>pipe 6>pipe 5>&-
	mkdir copy
	env --default-signal=PIPE "$HAUL" cp -a --job "lost$$" missing tree copy 2>&6 || status=$?
	expect_equal "status" 1 "$status"
	diff -r tree copy/tree
	no_job_is_left
}

run_tests "$@"
