#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Who watches never slows the work: a publisher that is killed, stopped, or can't get rid of its
# lines changes nothing about the copy.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../throttle.sh"
private_mounts "$@"

# slow_job: a copy of a second and a half, with events, as soon as its publisher is there.
slow_job()
{
	make_filesystem slow ext4 128M
	"$ROOT/tests/trees/nasty" "$WORK/slow/tree" --only ordinary
	head -c 6M /dev/urandom >"$WORK/slow/tree/large"
	throttle "$WORK/slow" 6000000
	(throttled "$HAUL" cp -a --json "$WORK/slow/tree" "$WORK/copy") >"$WORK/out" 2>"$WORK/err" &
	HAUL_PROCESS=$!
	wait_until 5 publisher_is_there
}

publisher_is_there()
{
	[ -n "$(role_processes publisher)" ]
}

finish_slow_job()
{
	local status=0
	wait_for_haul || status=$?
	expect_equal "status" 0 "$status"
	throttle_end
	same_tree "$WORK/slow/tree" "$WORK/copy"
}

test_killed_publisher()
{
	slow_job
	# shellcheck disable=SC2046
	kill -KILL $(role_processes publisher)
	finish_slow_job
}

test_stopped_publisher()
{
	local publisher begin seconds
	slow_job
	publisher=$(role_processes publisher)
	kill -STOP "$publisher"
	begin=$SECONDS
	wait_for_haul || fail "status $?"
	seconds=$((SECONDS - begin))
	kill -KILL "$publisher" 2>/dev/null || true
	finish_slow_job
	[ "$seconds" -le 10 ] || fail "a stopped publisher held up the job for $seconds s"
}

copy_is_complete()
{
	[ "$(find "$WORK/copy" | wc -l)" = "$(find "$WORK/tree" | wc -l)" ]
}

# Nobody reads the pipe, and it is full long before the copy ends.
test_full_pipe()
{
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only ordinary,wide,sizes
	mkfifo "$WORK/pipe"
	sleep 20 <"$WORK/pipe" &
	local reader=$! status=0
	"$HAUL" cp -a --json "$WORK/tree" "$WORK/copy" >"$WORK/pipe" 2>"$WORK/err" &
	HAUL_PROCESS=$!
	wait_until 5 copy_is_complete
	kill "$reader"
	wait_for_haul || status=$?
	expect_equal "status" 0 "$status"
	same_tree "$WORK/tree" "$WORK/copy"
}

run_tests
