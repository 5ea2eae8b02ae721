#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Scarce or refused resources: the copy is right all the same.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../throttle.sh"
private_mounts "$@"

# copies_under WHAT COMMAND...: the command is put before haul's.
copies_under()
{
	local what=$1
	shift
	"$ROOT/tests/trees/nasty" "$WORK/tree"
	expect_status 0 "$@" "$HAUL" cp -a "$WORK/tree" "$WORK/copy"
	same_tree "$WORK/tree" "$WORK/copy" || fail "$what"
}

test_refused_ring()
{
	copies_under "no io_uring" "$ROOT/tests/e2e/without_ring"
	expect_equal "how often it says so" 1 "$(wc -l <"$WORK/err")"
	expect_match '^haul cp: .*io_uring' "$WORK/err"
}

test_no_locked_memory()
{
	copies_under "no locked memory" prlimit --memlock=0
}

test_few_descriptors()
{
	copies_under "few descriptors" prlimit --nofile=64
	expect_equal "what it says" "" "$(cat "$WORK/err")"
}

# A removal needs no room for contents. Workers that can't even begin are not taken for victims of
# what they were to do.
test_little_address_space()
{
	mkdir -p "$WORK"/tree/{a,b}
	touch "$WORK"/tree/{a,b}/{1..9}
	expect_status 1 prlimit --as=60000000 "$HAUL" cp -a --job scarce "$WORK/tree" "$WORK/copy"
	expect_equal "what it says" "haul cp: cannot start a worker process: it ended at once
haul cp: not everything was done; to go on: haul resume scarce" "$(cat "$WORK/err")"
	expect_status 0 "$HAUL" resume scarce
	same_tree "$WORK/tree" "$WORK/copy"
	expect_status 0 prlimit --as=60000000 "$HAUL" rm -r "$WORK/tree"
	[ ! -e "$WORK/tree" ] || fail "it is still there"
}

test_no_standard_descriptors()
{
	mkdir "$WORK/tree"
	echo text >"$WORK/tree/file"
	"$HAUL" cp -a "$WORK/tree" "$WORK/copy" <&- >&- 2>&-
	same_tree "$WORK/tree" "$WORK/copy"
}

test_strange_umask()
{
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only ordinary,directory-modes,modes
	(umask 0777 && expect_status 0 "$HAUL" cp -a "$WORK/tree" "$WORK/copy")
	same_tree "$WORK/tree" "$WORK/copy"
}

# slow_job COMMAND...: a copy that takes seconds, in the background, with a command before haul's.
slow_job()
{
	make_filesystem slow ext4 64M
	mkdir "$WORK/slow/tree"
	head -c 8M /dev/urandom >"$WORK/slow/tree/large"
	throttle "$WORK/slow" 8000000
	(throttled "$@" -a "$WORK/slow/tree" "$WORK/copy") &
	HAUL_PROCESS=$!
}

finish_slow_job()
{
	wait_for_haul
	throttle_end
	same_tree "$WORK/slow/tree" "$WORK/copy"
}

test_workers_keep_to_their_processors()
{
	slow_job taskset --cpu-list 0 "$HAUL" cp
	sleep 0.4
	expect_equal "workers" 1 "$(role_processes worker | wc -l)"
	expect_equal "processors" 0 "$(taskset -cp "$(role_processes worker)" | sed 's/.*: //')"
	finish_slow_job
}

test_workers_are_pinned()
{
	[ "$(nproc)" -ge 2 ] || skip "needs two processors"
	slow_job "$HAUL" cp
	sleep 0.4
	expect_equal "workers" "$(nproc)" "$(role_processes worker | wc -l)"
	local worker
	for worker in $(role_processes worker); do
		taskset -cp "$worker" | sed 's/.*: //'
	done | sort -u >"$WORK/processors"
	expect_equal "processors" "$(nproc)" "$(wc -l <"$WORK/processors")"
	finish_slow_job
}

test_number_of_workers_is_an_option()
{
	slow_job "$HAUL" cp --workers 3
	sleep 0.4
	expect_equal "workers" 3 "$(role_processes worker | wc -l)"
	finish_slow_job
}

run_tests
