#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Without their coordinator, workers end at once, and what stands under a final name is whole.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
private_mounts "$@"

ROUNDS=${ROUNDS:-15}
FEATURES=ordinary,sizes,wide,hard-links,large,sparse

# all_gone_within MICROSECONDS JOB: no process of that job runs any more.
all_gone_within()
{
	local end=$(($(now_us) + $1)) left
	while left=$(marked_by "$2") && [ -n "$left" ]; do
		# shellcheck disable=SC2086
		is_gone $left && return 0
		[ "$(now_us)" -lt "$end" ] || fail "still there: $(ps -o pid,args -p "${left//$'\n'/,}")"
		sleep_us 10000
	done
}

test_coordinator_at_any_moment()
{
	local round moment latest=250000 unfinished=0
	RANDOM=2
	trap forget_killed_jobs EXIT
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only "$FEATURES"
	# A kill that came too late makes the next ones come earlier.
	for ((round = 1; round <= ROUNDS || (unfinished < ROUNDS / 3 && round <= 8 * ROUNDS); round++)); do
		export HAUL_TEST_JOB=coordinator-$$-$round
		start_haul cp -a --job "killed-$$-$round" "$WORK/tree" "$WORK/copy"
		moment=$(random_below "$latest")
		sleep_us "$moment"
		kill -KILL "$HAUL_PROCESS" 2>/dev/null || true
		if wait_for_haul; then
			latest=$((moment + 1000))
		else
			unfinished=$((unfinished + 1))
		fi
		unset HAUL_TEST_JOB
		all_gone_within 1000000 "coordinator-$$-$round"
		no_half_files "$WORK/tree" "$WORK/copy"
		rm -rf "$WORK/copy"
	done
	[ "$unfinished" -ge $((ROUNDS / 3)) ] || fail "only $unfinished kills met the copy"
}

# A killed coordinator can't remove its progress region. It is kept for an hour, for those who want
# to know what became of the job.
forget_killed_jobs()
{
	rm -f "/dev/shm/haul-$(id -u)/killed-$$-"*
}

# The process that the user started is not the coordinator, and says what became of that.
test_who_started_it_lives_on()
{
	local status=0
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only "$FEATURES"
	start_haul cp -a --json --job orphan "$WORK/tree" "$WORK/copy"
	wait_until 5 "$HAUL" pause orphan
	kill -KILL "$(coordinator_process)"
	wait_for_haul || status=$?
	expect_equal status 3 "$status"
	expect_match 'died by signal 9; to go on: haul resume orphan$' "$WORK/err"
	expect_match '"state":"failed".*"exit":3' <(tail -n 1 "$WORK/out")
	expect_status 0 "$HAUL" resume orphan
	same_tree "$WORK/tree" "$WORK/copy"
}

# The same command again completes what a killed one began.
test_copy_again_after_a_kill()
{
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only "$FEATURES"
	start_haul cp -a --job "killed-$$-again" "$WORK/tree/." "$WORK/copy"
	sleep_us 60000
	kill -KILL "$HAUL_PROCESS" 2>/dev/null || true
	wait_for_haul || true
	# Before the copy that sets the directories' times.
	[ ! -d "$WORK/copy" ] || find "$WORK/copy" -name '.haul.*' -delete
	expect_status 0 "$HAUL" cp -a "$WORK/tree/." "$WORK/copy"
	same_tree "$WORK/tree" "$WORK/copy"
	forget_killed_jobs
}

run_tests
