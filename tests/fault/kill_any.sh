#!/bin/bash
# SPDX-License-Identifier: MIT
#
# TRIALS copies and moves, in each of which one of the job's processes is killed at a random moment:
# a worker, the keeper, the publisher, the coordinator, or the process that the user started. What
# is left of a job is resumed, and now and then that is killed, too. In the end everything is there.
# SEED repeats a run; `make kill-trials` makes a long one.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
private_mounts "$@"

TRIALS=${TRIALS:-6}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
VICTIMS=(worker keeper publisher coordinator sentry)
# Some cases for each way in which files are copied; the small ones take the most time to compare.
FEATURES=ordinary,sizes,hard-links,sparse
export HAUL_TEST_JOB=any-$$

KILLS=0
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

# run_and_kill VICTIM ARGUMENT...: STATUS is how it ended.
run_and_kill()
{
	local victim=$1
	shift
	STATUS=0
	start_haul "$@"
	kill_one "$victim" "$(random_below "$LATEST_US")"
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
			run_and_kill "${VICTIMS[$(random_below 5)]}" "$@"
		else
			STATUS=0
			"$HAUL" "$@" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
		fi
	done
}

trial()
{
	local victim=$1 operation=$2 from=$LIB_DIR/kept
	if [ "$operation" = mv ]; then
		from=$WORK/from
		cp -a "$LIB_DIR/kept" "$from"
	fi
	set -- "$operation" --json --checkpoint 0.02 --job any -T "$from" "$WORK/disk/copy"
	[ "$operation" = mv ] || set -- "$1" -a "${@:2}"
	run_and_kill "$victim" "$@"
	[ "$STATUS" = 0 ] || [ -e "$from" ] || ! [ -e "$WORK/disk/copy" ] || journal_is_there ||
		STATUS=0
	go_on "$@"
	# A removal changes the times of the source's directories, and a resume may copy those.
	if [ "$operation" = mv ]; then
		same_tree "$LIB_DIR/kept" "$WORK/disk/copy" --omit-dir-times
	else
		same_tree "$LIB_DIR/kept" "$WORK/disk/copy"
	fi
	[ "$operation" = cp ] || [ ! -e "$from" ] || fail "the source is still there"
	rm -rf "$WORK/disk/copy"
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
	local number victim operation
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
			echo "$KILLS $RESUMES $REPEATS" >"$WORK/count") ||
			fail "trial $number: $operation, killed: $victim; seed $SEED"
		read -r KILLS RESUMES REPEATS <"$WORK/count"
		RANDOM=$((SEED + number + 1))
	done
	echo "$TRIALS trials, $KILLS kills, $RESUMES resumes, $REPEATS runs anew, losses: 0"
	[ "$KILLS" -ge $((TRIALS / 3)) ] || fail "only $KILLS kills met a job"
}

run_tests
