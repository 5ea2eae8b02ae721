#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What was ignored when a command was started is ignored by it: nohup, and what a script starts in
# the background.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"

# ignore SIGNALS ARGUMENT...: in the background.
ignore()
{
	env --default-signal=INT,TERM,HUP --ignore-signal="$1" "$HAUL" "${@:2}" \
		>"$WORK/out" 2>"$WORK/err" &
	HAUL_PROCESS=$!
}

test_ignored_signals()
{
	local name number
	cd "$WORK"
	head -c 1M /dev/urandom >large
	ignore HUP,INT,TERM cp --job "ignores$$" --limit 2M large copy
	wait_until 10 "$HAUL" pause "ignores$$"
	for name in HUP INT TERM; do
		kill "-$name" "$HAUL_PROCESS"
		kill "-$name" "$(coordinator_process)"
	done
	"$HAUL" resume "ignores$$"
	wait_for_haul || fail "status $?: $(cat err)"
	expect_equal "what it says" "" "$(cat err)"
	cmp large copy
}

test_others_are_obeyed()
{
	local status=0
	cd "$WORK"
	head -c 1M /dev/urandom >large
	ignore HUP,INT cp --job "obeys$$" --limit 200K large copy
	wait_until 10 "$HAUL" pause "obeys$$"
	kill -TERM "$HAUL_PROCESS"
	wait_for_haul || status=$?
	expect_equal "status" 3 "$status"
}

# How `haul run` stops its jobs is not for its parent to say.
test_jobs_of_a_run()
{
	local status=0
	cd "$WORK"
	head -c 1M /dev/urandom >large
	echo 'cp --limit 200K large copy' >slow.jobs
	ignore TERM run slow.jobs
	wait_until 10 "$HAUL" pause slow-1
	kill -TERM "$HAUL_PROCESS"
	kill -INT "$HAUL_PROCESS"
	wait_for_haul || status=$?
	expect_equal "status" 3 "$status"
	expect_match "^haul run: slow.jobs:1: slow-1 was stopped" err
}

run_tests "$@"
