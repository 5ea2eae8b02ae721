#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Many jobs from a file: what a line says is what is done, what fails harms nobody else, what was
# stopped goes on.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
private_mounts "$@"

# make_trees COUNT FILES: tree-1, tree-2 ... in $WORK
make_trees()
{
	local tree
	for ((tree = 1; tree <= $1; tree++)); do
		mkdir "$WORK/tree-$tree"
		seq -f "tree $tree, file %g" "$2" | split -l 1 -a 4 - "$WORK/tree-$tree/file-"
	done
}

# left_of RUN: what the state directory still has of it.
left_of()
{
	find "$XDG_STATE_HOME/haul" -name "$1*"
}

test_many_jobs()
{
	local job
	make_trees 6 50
	cd "$WORK"
	for job in 1 2 3 4 5 6; do
		echo "haul cp -a tree-$job copy-$job"
	done >many.jobs
	expect_status 0 "$HAUL" run many.jobs
	for job in 1 2 3 4 5 6; do
		same_tree "tree-$job" "copy-$job"
	done
	expect_match '^haul run: 6 of 6 jobs done; 300 files, .* in .* s$' "$WORK/err"
	expect_equal "what stays behind" "" "$(left_of many)"
	expect_status 0 "$HAUL" run --quiet --jobs 1 many.jobs
	expect_equal "said" "" "$(cat out err)"
}

test_from_standard_input_with_quotes()
{
	mkdir "$WORK/it's"
	cd "$WORK"
	echo one >'a b'
	echo two >'$c*'
	{
		echo '# comments and blank lines are nothing'
		echo
		echo "cp 'a b' \"it's\"/a\\ b  # twice quoted"
		echo "cp '\$c*' \\"
		printf '\t"it%ss/#d"\r\n' "'"
	} >lines
	expect_status 0 "$HAUL" run - <lines
	expect_equal "one" one "$(cat "it's/a b")"
	expect_equal "two" two "$(cat "it's/#d")"
}

test_one_that_fails_harms_no_other()
{
	make_trees 3 20
	cd "$WORK"
	printf '%s\n' 'cp -a tree-1 copy-1' 'cp -a nothing copy-2' 'cp -a tree-3 copy-3' \
		'cp --job named tree-1 copy-4' >three.jobs
	expect_status 1 "$HAUL" run three.jobs
	same_tree tree-1 copy-1
	same_tree tree-3 copy-3
	expect_match "^haul cp: cannot stat 'nothing': No such file or directory" err
	expect_match '^haul run: three.jobs:2: three-2 failed$' err
	expect_match '^haul run: three.jobs:4: named failed$' err
	expect_match '^haul run: 2 of 4 jobs done, 2 failed; 40 files' err
	expect_match "^haul run: to go on: haul run --resume 'three.jobs'$" err
	# What failed is tried again, and nothing else.
	mv tree-3 nothing
	mkdir copy-4
	expect_status 1 "$HAUL" run --resume three.jobs
	same_tree nothing copy-2
	expect_match '^haul run: 3 of 4 jobs done, 2 of them earlier, 1 failed; 20 files' err
}

# refused NUMBER WHAT LINE...: the message names that line, and nothing was done.
refused()
{
	local number=$1 what=$2
	shift 2
	printf '%s\n' "$@" >bad.jobs
	expect_status 1 "$HAUL" run bad.jobs
	expect_match "^haul run: bad.jobs:$number: $what" err
	[ ! -e copy ] || fail "something began although line $number is wrong"
	expect_equal "output" "" "$(cat out)"
}

test_nothing_begins_if_a_line_is_wrong()
{
	cd "$WORK"
	echo text >file
	refused 2 "'ls' is no job" 'cp file copy' 'ls -l'
	refused 2 "'serial term' is no job" 'cp file copy' 'serial term /dev/ttyS0'
	refused 2 "cp: unrecognized option '--frobnicate'" 'cp file copy' 'cp --frobnicate file other'
	refused 3 "cp: missing destination file operand after 'file'" 'cp file copy' '' 'haul cp file'
	refused 2 "rm: missing operand" 'cp file copy' 'rm -r'
	refused 2 "a quote is not closed" 'cp file copy' "cp 'file other" 'cp file third'
	refused 2 "nothing is expanded here; quote it: '\*'" 'cp file copy' 'rm f*'
	refused 2 "there is no shell here; quote it: '&'" 'cp file copy' 'cp file other &'
	refused 2 "cp: --json and --progress are for all jobs" 'cp file copy' 'cp --json file other'
	refused 2 "cp: that is no job" 'cp file copy' 'cp --help'
	refused 2 "cp: a job has no standard input" 'cp file copy' 'cp -r --files-from - x y'
	refused 2 "cp: --to is for single commands" 'cp file copy' 'cp file --to a --to b'
	refused 2 "verify: extra operand 'y'" 'cp file copy' 'verify file x y'
	refused 2 "verify: a job has no standard input" 'cp file copy' 'verify --checksums -'
	refused 1 "cp: a job has no standard input or output" 'cp --checksums=- file copy'
	refused 2 "send: missing file operand" 'cp file copy' 'serial send ./port'
	refused 2 "send: XMODEM sends one file" 'cp file copy' 'serial send -p xmodem ./port a b'
	refused 2 "receive: extra operand 'b'" 'cp file copy' 'serial receive ./port a b'
	refused 2 "receive: --json and --progress are for all" 'cp file copy' \
		'serial receive --json ./port'
	refused 2 "'wait' stands alone" 'cp file copy' 'wait 5'
	printf 'cp file copy\ncp \0 b\n' >bad.jobs
	expect_status 1 "$HAUL" run bad.jobs
	expect_match '^haul run: bad.jobs:2: there is a NUL byte$' err
	printf '%s\n' 'cp --job x file copy' 'cp --job x file other' >bad.jobs
	expect_status 1 "$HAUL" run bad.jobs
	expect_match "two jobs are named 'x'" err
	expect_status 1 "$HAUL" run nothing.jobs
	expect_equal "message" "haul run: cannot read 'nothing.jobs': No such file or directory" \
		"$(cat err)"
	[ ! -e copy ] || fail "something began"
}

test_verify_as_a_job()
{
	make_trees 2 20
	cd "$WORK"
	printf '%s\n' 'cp -a --verify --checksums sums tree-1 copy-1' 'cp -a tree-2 copy-2' wait \
		'verify tree-1 copy-1' 'haul verify tree-2 copy-2' 'verify sums' >verify.jobs
	expect_status 0 "$HAUL" run verify.jobs
	expect_equal "differences" "" "$(cat out)"
	expect_match '^haul run: 5 of 5 jobs done' err
	sed -i s/file/fool/ copy-1/file-aaaa
	sed -i '1,/wait/d' verify.jobs
	expect_status 4 "$HAUL" run --name again verify.jobs
	expect_match "^differ: 'file-aaaa': content at byte 10$" out
	expect_match "^differ: 'copy-1/file-aaaa': checksum " out
	expect_match '^haul run: verify.jobs:1: again-1 found differences$' err
	expect_match '^haul run: verify.jobs:3: again-3 found differences$' err
	expect_match '^haul run: 1 of 3 jobs done' err
	# Events have standard output for themselves.
	expect_status 4 "$HAUL" run --json --name events verify.jobs
	jq -es 'map(.job) | unique | length == 3' out >/dev/null || fail "events: $(cat out)"
	expect_match "^differ: 'copy-1/file-aaaa': checksum " err
	refused 2 "verify: missing operand" 'cp tree-1/file-aaaa copy' 'verify'
	refused 1 "verify: a job has no standard input" 'verify --checksums -' 'cp sums copy'
}

test_barriers_part_what_must_not_run_together()
{
	make_trees 1 200
	cd "$WORK"
	printf '%s\n' 'cp -a tree-1 a' wait 'cp -a a b' wait 'mv b c' 'rm -r a' wait 'cp -a c d' \
		>chain.jobs
	expect_status 0 "$HAUL" run chain.jobs
	same_tree tree-1 d
	[ ! -e a ] && [ ! -e b ] || fail "a or b is left"
}

test_plan()
{
	cd "$WORK"
	printf '%s\n' 'cp -a x "y z"' wait 'rm -r x' >plan.jobs
	expect_status 0 "$HAUL" run --dry-run plan.jobs
	expect_equal "plan" "1: haul cp --job plan-1 -a x 'y z'
wait
3: haul rm --job plan-3 -r x" "$(cat out)"
}

# At every moment, at most as many jobs are between their first and their last event as was asked
# for, and all events are there, also of jobs that are over at once.
test_events_of_all_jobs()
{
	local job
	make_trees 1 100
	cd "$WORK"
	for job in $(seq 9); do
		echo "cp -a tree-1 copy-$job"
	done >events.jobs
	expect_status 0 "$HAUL" run --jobs 2 --json events.jobs
	jq -es '[.[] | select(.event == "job")] as $all |
		([$all[].job] | unique | length) == 9 and
		([$all[] | select(.state == "started")] | length) == 9 and
		([$all[] | select(.state == "done")] | length) == 9 and
		([.[] | select(.event == "file")] | length) == 900 and
		(group_by(.job) | all(.[-1].event == "job" and .[0].state == "started"))' out >/dev/null ||
		fail "events: $(head -c 2000 out)"
}

# Equal jobs get on equally: when the first is through, no other has less than a quarter. The
# counts are those of the first job event that says done.
test_fairness()
{
	local job
	make_trees 1 3000
	cd "$WORK"
	for job in 1 2 3; do
		echo "cp -a tree-1 copy-$job"
	done >fair.jobs
	expect_status 0 "$HAUL" run --jobs 3 --json fair.jobs
	jq -es '(map(.event == "job" and .state == "done") | index(true)) as $over |
		[.[:$over][] | select(.event == "file")] | group_by(.job) | map(length) |
		length == 3 and min >= 750' out >/dev/null ||
		fail "shares: $(jq -r 'select(.event == "job") | .job + .state' out | paste -sd' ')"
}

test_bars_on_a_terminal()
{
	make_trees 2 50
	cd "$WORK"
	printf '%s\n' 'cp -a tree-1 copy-1' 'cp -a tree-2 copy-2' 'cp -a none copy-3' >bar.jobs
	"$ROOT/tests/e2e/on_terminal" --check-width "$HAUL" run --progress=always bar.jobs \
		>painted && fail "a job that fails went unnoticed"
	expect_match '^bar-1 +copied 50 files' painted
	expect_match '^bar-2 +copied 50 files' painted
	expect_match "^haul cp: cannot stat 'none'" painted
	expect_match '^haul run: 2 of 3 jobs done, 1 failed' painted
}

# start_long [OPTION...]: three copies, of which two have begun and stand still.
start_long()
{
	local job
	make_trees 1 9000
	cd "$WORK"
	for job in 1 2 3; do
		echo "cp -a tree-1 copy-$job"
	done >long.jobs
	start_haul run --jobs 2 "$@" long.jobs
	wait_until 10 test -d copy-1
	"$HAUL" pause long-1
	wait_until 10 test -d copy-2
	"$HAUL" pause long-2
}

goes_on()
{
	local job
	expect_status 0 "$HAUL" run --resume long.jobs
	for job in 1 2 3; do
		same_tree tree-1 "copy-$job"
	done
	expect_equal "what stays behind" "" "$(left_of long)"
	expect_status 1 "$HAUL" run --resume long.jobs
	expect_match "cannot go on with 'long': there was no such run" err
}

test_stop_and_go_on()
{
	local status=0
	start_long
	kill -INT "$HAUL_PROCESS"
	wait_for_haul || status=$?
	expect_equal "status" 3 "$status"
	expect_match "^haul run: to go on: haul run --resume 'long.jobs'$" err
	no_half_files tree-1 copy-1
	[ ! -e copy-3 ] || fail "a job began after the stop"
	goes_on
}

test_stop_of_the_group()
{
	local status=0
	make_trees 1 9000
	cd "$WORK"
	printf '%s\n' 'cp -a tree-1 copy-1' >group.jobs
	setsid env --default-signal=INT,TERM "$HAUL" run group.jobs >out 2>err &
	HAUL_PROCESS=$!
	wait_until 10 test -d copy-1
	"$HAUL" pause group-1
	kill -INT -- "-$HAUL_PROCESS"
	wait_for_haul || status=$?
	expect_equal "status" 3 "$status"
	expect_match '^haul run: group.jobs:1: group-1 was stopped' err
}

# kill -9: nothing is left that works on, and what was done is known.
test_killed_and_goes_on()
{
	local job before
	export HAUL_TEST_JOB=run-killed-$$
	start_long
	before=$(marked_by "$HAUL_TEST_JOB" | wc -l || true)
	[ "$before" -ge 5 ] || fail "only $before processes"
	kill -KILL "$HAUL_PROCESS"
	wait_for_haul || true
	wait_until 5 nobody_is_left
	unset HAUL_TEST_JOB
	goes_on
}

nobody_is_left()
{
	local processes
	mapfile -t processes < <(marked_by "$HAUL_TEST_JOB")
	is_gone "${processes[@]}"
}

test_another_job_file_is_not_gone_on_with()
{
	cd "$WORK"
	echo 'cp none copy' >other.jobs
	expect_status 1 "$HAUL" run other.jobs
	echo 'cp none elsewhere' >other.jobs
	expect_status 1 "$HAUL" run --resume other.jobs
	expect_match "cannot go on with 'other': it had another job file" err
	printf 'haul-r' >"$XDG_STATE_HOME/haul/other.run"
	expect_status 1 "$HAUL" run --resume other.jobs
	expect_match "cannot go on with 'other': the record .* is damaged" err
}

# After a new boot, a copy that was done may be lost; what was moved away is moved.
test_record_of_another_boot()
{
	cd "$WORK"
	echo one >one
	echo two >two
	printf '%s\n' 'cp one copy' 'mv two moved' 'cp none x' >boot.jobs
	expect_status 1 "$HAUL" run boot.jobs
	sed -i '1s/[^ ]*$/another-boot/' "$XDG_STATE_HOME/haul/boot.run"
	rm copy
	echo three >none
	expect_status 0 "$HAUL" run --resume boot.jobs
	expect_equal "copy" one "$(cat copy)"
	expect_match '^haul run: 3 of 3 jobs done, 1 of them earlier; 2 files' err
}

run_tests
