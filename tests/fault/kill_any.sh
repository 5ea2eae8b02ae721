#!/bin/bash
# SPDX-License-Identifier: MIT
#
# TRIALS copies and moves, in each of which one of the job's processes is killed at a random moment:
# a worker, the keeper, the publisher, the coordinator, or the process that the user started. A job
# that was faster than that is done again, with less time. What is left of a job is resumed, and now
# and then that is killed, too. In the end everything is there.
# SEED repeats a run; `make kill-trials` makes a long one.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
private_mounts "$@"

TRIALS=${TRIALS:-12}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
VICTIMS=(worker keeper publisher coordinator sentry)
# Some cases for each way in which files are copied; the small ones take the most time to compare.
FEATURES=ordinary,sizes,hard-links,sparse
export HAUL_TEST_JOB=any-$$

KILLS=0 # of a trial
RESUMES=0
REPEATS=0

make_tree()
{
	"$ROOT/tests/trees/nasty" "$LIB_DIR/kept" --only "$FEATURES"
	head -c 9M /dev/urandom >"$LIB_DIR/kept/large"
	head -c 70M /dev/urandom >"$LIB_DIR/kept/larger"
	find "$LIB_DIR/kept" -type f -size -2M | wc -l
}

victims()
{
	case $1 in
	sentry) echo "$HAUL_PROCESS" ;;
	coordinator) coordinator_process ;;
	*) role_processes "$1" ;;
	esac
}

# kill_one VICTIM MICROSECONDS: after that time, or as soon as there is one.
kill_one()
{
	local there
	sleep_us "$2"
	while kill -0 "$HAUL_PROCESS" 2>/dev/null; do
		mapfile -t there < <(victims "$1")
		if [ ${#there[@]} -gt 0 ]; then
			! kill -KILL "${there[$(random_below ${#there[@]})]}" 2>/dev/null ||
				KILLS=$((KILLS + 1))
			return
		fi
		sleep_us 2000
	done
}

all_are_gone()
{
	local left
	left=$(marked_by "$HAUL_TEST_JOB") || return 0
	# shellcheck disable=SC2086
	is_gone $left
}

# run_and_kill VICTIM LATEST_US ARGUMENT...: STATUS is how it ended.
run_and_kill()
{
	local victim=$1 latest_us=$2
	shift 2
	STATUS=0
	start_haul "$@"
	kill_one "$victim" "$(random_below "$latest_us")"
	wait_for_haul || STATUS=$?
	wait_until 10 all_are_gone
	rm -f "/dev/shm/haul-$(id -u)/any".*
}

journal_is_there()
{
	[ -e "$XDG_STATE_HOME/haul/any.journal" ]
}

# go_on COMMAND...: until it is done. The last resort is the same command again.
go_on()
{
	local tries=0
	while [ "$STATUS" != 0 ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 8 ] || fail "it does not come to an end: $(cat "$WORK/err")"
		if journal_is_there; then
			RESUMES=$((RESUMES + 1))
			set -- resume any
		elif [ "$1" = resume ]; then
			# It was over but for its end.
			return
		else
			REPEATS=$((REPEATS + 1))
		fi
		if [ "$tries" -lt 3 ] && [ "$(random_below 3)" = 0 ]; then
			run_and_kill "${VICTIMS[$(random_below 5)]}" "$LATEST_US" "$@"
		else
			STATUS=0
			"$HAUL" "$@" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
		fi
	done
}

# attempt VICTIM OPERATION LATEST_US
attempt()
{
	local victim=$1 operation=$2 latest_us=$3 from=$LIB_DIR/kept
	if [ "$operation" = mv ]; then
		from=$WORK/from
		cp -a "$LIB_DIR/kept" "$from"
	fi
	set -- "$operation" --json --checkpoint 0.02 --job any -T "$from" "$WORK/disk/copy"
	[ "$operation" = mv ] || set -- "$1" -a "${@:2}"
	run_and_kill "$victim" "$latest_us" "$@"
	[ "$STATUS" = 0 ] || [ -e "$from" ] || ! [ -e "$WORK/disk/copy" ] || journal_is_there ||
		STATUS=0
	go_on "$@"
	same_tree "$LIB_DIR/kept" "$WORK/disk/copy"
	[ "$operation" = cp ] || [ ! -e "$from" ] || fail "the source is still there"
	rm -rf "$WORK/disk/copy"
}

trial()
{
	local latest_us=$LATEST_US
	KILLS=0
	while [ "$KILLS" = 0 ]; do
		[ "$latest_us" -gt 0 ] || fail "no kill meets a job"
		attempt "$1" "$2" "$latest_us"
		latest_us=$((latest_us / 2))
	done
}

measure()
{
	local begin
	begin=$(now_us)
	"$HAUL" cp -a --checkpoint 0.02 "$LIB_DIR/kept" "$WORK/disk/copy"
	LATEST_US=$(($(now_us) - begin))
	rm -r "$WORK/disk/copy"
}

test_any_process_at_any_moment()
{
	local number victim operation kills=0
	echo "seed $SEED"
	RANDOM=$SEED
	make_tree >/dev/null
	make_filesystem disk ext4 600M
	measure
	for ((number = 0; number < TRIALS; number++)); do
		victim=${VICTIMS[$((number % 5))]}
		operation="cp"
		[ $((number % 3)) != 2 ] || operation="mv"
		(trial "$victim" "$operation"
			echo "$((KILLS + kills)) $RESUMES $REPEATS" >"$WORK/count") ||
			fail "trial $number: $operation, killed: $victim; seed $SEED"
		read -r kills RESUMES REPEATS <"$WORK/count"
		RANDOM=$((SEED + number + 1))
	done
	echo "$TRIALS trials, $kills kills, $RESUMES resumes, $REPEATS runs anew, losses: 0"
}

run_tests
