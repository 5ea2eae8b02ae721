#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Workers hold no state that matters: whichever is killed, whenever, the copy is right.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../throttle.sh"
private_mounts "$@"

ROUNDS=${ROUNDS:-24}
FEATURES=ordinary,sizes,wide,hard-links,large,sparse,empty-directories,read-only-directories

# How long an undisturbed copy takes.
measure_copy()
{
	local begin
	begin=$(now_us)
	"$HAUL" cp -a "$WORK/tree" "$WORK/copy"
	COPY_US=$(($(now_us) - begin))
	rm -r "$WORK/copy"
}

# kill_worker: a random one of those that run; false if there is none.
kill_worker()
{
	local workers
	mapfile -t workers < <(role_processes worker)
	[ ${#workers[@]} -gt 0 ] || return 1
	kill -KILL "${workers[$(random_below ${#workers[@]})]}" 2>/dev/null
}

finish_and_compare()
{
	local status=0
	wait_for_haul || status=$?
	[ "$status" = 0 ] || fail "$1: status $status: $(cat "$WORK/err")"
	expect_equal "$1: what it says" "" "$(cat "$WORK/err")"
	same_tree "$WORK/tree" "$WORK/copy"
	expect_equal "$1: unfinished files" "" "$(find "$WORK/copy" -name '.haul.*')"
	rm -r "$WORK/copy"
}

test_any_worker_at_any_moment()
{
	local round moment hits=0
	RANDOM=1
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only "$FEATURES"
	measure_copy
	# A machine that was busy while the copy was measured must not make all kills come too late.
	for ((round = 1; round <= ROUNDS || (hits < ROUNDS / 3 && round <= 8 * ROUNDS); round++)); do
		start_haul cp -a "$WORK/tree" "$WORK/copy"
		moment=$(random_below "$COPY_US")
		sleep_us "$moment"
		if kill_worker; then
			hits=$((hits + 1))
		else
			COPY_US=$((moment + 1000))
		fi
		finish_and_compare "killed after $moment us"
	done
	[ "$hits" -ge $((ROUNDS / 3)) ] || fail "only $hits kills met a worker"
}

test_one_worker_after_the_other()
{
	local round
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only "$FEATURES"
	for round in 1 2 3; do
		start_haul cp -a "$WORK/tree" "$WORK/copy"
		while kill -0 "$HAUL_PROCESS" 2>/dev/null && kill_count_below 6; do
			! kill_worker || KILLS=$((KILLS + 1))
			sleep_us 15000
		done
		KILLS=0
		finish_and_compare "round $round"
	done
}

KILLS=0
kill_count_below()
{
	[ "$KILLS" -lt "$1" ]
}

# kill_workers_of ARGUMENT...: runs haul, and kills a few of its workers on the way.
kill_workers_of()
{
	local status=0 kills=0
	start_haul "$@"
	while kill -0 "$HAUL_PROCESS" 2>/dev/null && [ "$kills" -lt 6 ]; do
		! kill_worker || kills=$((kills + 1))
		sleep_us 5000
	done
	wait_for_haul || status=$?
	[ "$status" = 0 ] || fail "$*: status $status: $(cat "$WORK/err")"
	expect_equal "$*: what it says" "" "$(cat "$WORK/err")"
}

test_removals_and_moves()
{
	local round
	make_filesystem other tmpfs 400M
	"$ROOT/tests/trees/nasty" "$WORK/kept" --only "$FEATURES"
	for round in 1 2 3; do
		cp -a "$WORK/kept" "$WORK/tree"
		kill_workers_of mv "$WORK/tree" "$WORK/other"
		[ ! -e "$WORK/tree" ] || fail "round $round: the source is still there"
		same_tree "$WORK/kept" "$WORK/other/tree"
		kill_workers_of rm -r "$WORK/other/tree"
		[ ! -e "$WORK/other/tree" ] || fail "round $round: not removed"
	done
}

# start_slow_copy MEGABYTES...: of files from a slow disk, so that every kill meets it.
start_slow_copy()
{
	local bytes
	make_filesystem slow ext4 128M
	mkdir "$WORK/slow/tree"
	for bytes; do
		head -c "${bytes}M" /dev/urandom >"$WORK/slow/tree/$bytes"
	done
	throttle "$WORK/slow" 12000000
	(
		echo "$BASHPID" >"$THROTTLE_GROUP/cgroup.procs"
		exec "$HAUL" cp -a "$WORK/slow/tree" "$WORK/copy" 2>"$WORK/err"
	) &
	HAUL_PROCESS=$!
}

end_slow_copy()
{
	wait_for_haul || fail "$(cat "$WORK/err")"
	throttle_end
	same_tree "$WORK/slow/tree" "$WORK/copy"
}

test_all_workers_at_once()
{
	local workers
	start_slow_copy 1 2 3 4 9
	wait_until 5 workers_are_there
	mapfile -t workers < <(role_processes worker)
	kill -KILL "${workers[@]}" 2>/dev/null || true
	end_slow_copy
}

test_in_a_large_file()
{
	start_slow_copy 30
	for _ in 1 2 3; do
		sleep 0.5
		wait_until 1 kill_worker
	done
	end_slow_copy
}

run_tests
