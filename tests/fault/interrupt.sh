#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Ctrl-C stops within a second with exit status 3, and what stands under a final name is whole.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../throttle.sh"
private_mounts "$@"

ROUNDS=${ROUNDS:-15}
FEATURES=ordinary,sizes,wide,hard-links,large,sparse

# stop_and_check SIGNAL TARGET SOURCE COPY: TARGET is as kill has it, so a group is "-ID".
stop_and_check()
{
	local begin status=0 took
	begin=$(now_us)
	kill "-$1" -- "$2" 2>/dev/null || true
	wait_for_haul || status=$?
	took=$(($(now_us) - begin))
	case $status in
	0) ;;
	130 | 143) expect_equal "begun" "" "$(ls -A "$4" 2>/dev/null)" ;; # before it could hear
	3) STOPPED=$((STOPPED + 1)) ;;
	*) fail "status $status: $(cat "$WORK/err")" ;;
	esac
	[ "$took" -lt 1000000 ] || fail "it took $took us to stop"
	no_half_files "$3" "$4"
	[ ! -d "$4" ] || expect_equal "unfinished files" "" "$(find "$4" -name '.haul.*')"
}

STOPPED=0

# As a terminal does it: the signal goes to the whole process group.
start_group()
{
	setsid env --default-signal=INT,TERM "$HAUL" "$@" >"$WORK/out" 2>"$WORK/err" &
	HAUL_PROCESS=$!
}

# stop_at_any_moment ROUNDS SIGNAL [PREFIX]: with PREFIX "-", the signal is for the whole group.
stop_at_any_moment()
{
	local round
	RANDOM=3
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only "$FEATURES"
	measure_us "$HAUL" cp -a "$WORK/tree" "$WORK/copy"
	rm -rf "$WORK/copy"
	for ((round = 1; round <= $1; round++)); do
		start_group cp -a "$WORK/tree" "$WORK/copy"
		sleep_within "$TOOK_US"
		stop_and_check "$2" "${3:-}$HAUL_PROCESS" "$WORK/tree" "$WORK/copy"
		rm -rf "$WORK/copy"
	done
	[ "$STOPPED" -ge $(($1 / 3)) ] || fail "only $STOPPED signals met the copy"
}

test_interrupt_at_any_moment() { stop_at_any_moment "$ROUNDS" INT -; }
test_terminated_process() { stop_at_any_moment $((ROUNDS / 3)) TERM; }

# A slow disk: reads that are under way don't hold up the end, and the words say what happened.
test_interrupt_of_a_slow_copy()
{
	make_filesystem slow ext4 128M
	mkdir "$WORK/slow/tree"
	head -c 40M /dev/urandom >"$WORK/slow/tree/large"
	echo small >"$WORK/slow/tree/small"
	throttle "$WORK/slow" 10000000
	(
		echo "$BASHPID" >"$THROTTLE_GROUP/cgroup.procs"
		exec env --default-signal=INT "$HAUL" cp -a "$WORK/slow/tree" "$WORK/copy" 2>"$WORK/err"
	) &
	HAUL_PROCESS=$!
	sleep 1
	stop_and_check INT "$HAUL_PROCESS" "$WORK/slow/tree" "$WORK/copy"
	expect_equal "stopped" 1 "$STOPPED"
	expect_equal "lines" 1 "$(wc -l <"$WORK/err")"
	expect_match '^haul cp: .*(interrupted|stopped)' "$WORK/err"
	throttle_end
}

# links_are_fewer NUMBER DIRECTORY: on ext4 each subdirectory is one.
links_are_fewer()
{
	[ "$(stat -c %h "$2")" -lt "$1" ]
}

# stop_removal: a move of many small directories, while it removes them.
stop_removal()
{
	local directory files status=0
	rm -rf "$WORK/to"/source-*
	mkdir "$WORK"/from/source-{1..60}
	for directory in "$WORK"/from/source-*; do
		(cd "$directory" && touch {1..200})
	done
	files=$(find "$WORK"/from/source-* | wc -l)
	start_haul mv --job removal "$WORK"/from/source-* "$WORK/to"
	# "from" has two links of its own, and lost+found.
	wait_until 20 links_are_fewer 63 "$WORK/from"
	kill -INT "$HAUL_PROCESS" 2>/dev/null || true
	wait_for_haul || status=$?
	[ "$status" != 0 ] || return 0
	STOPPED=$((STOPPED + 1))
	expect_equal status 3 "$status"
	expect_equal "what it says" \
		"haul mv: stopped before everything was done; to go on: haul resume removal" \
		"$(cat "$WORK/err")"
	expect_status 0 "$HAUL" resume removal
	expect_equal "what is left" lost+found "$(ls "$WORK/from")"
	expect_equal "what is there" "$files" "$(find "$WORK"/to/source-* | wc -l)"
}

# That directories are not empty yet is no news to who pressed Ctrl-C.
test_interrupt_of_a_removal()
{
	local round
	make_filesystem from ext4 128M -N 40000
	make_filesystem to ext4 128M -N 40000
	for ((round = 1; round <= 10 && STOPPED < 2; round++)); do
		stop_removal
	done
	[ "$STOPPED" -gt 0 ] || fail "no signal met the removal"
}

run_tests "$@"
