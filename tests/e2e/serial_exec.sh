#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul serial exec: lines, answers, and what is said when none comes.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serial.sh"

# A device that answers line by line.
answering()
{
	cat >"$WORK/answer" <<-'EOF'
		while IFS= read -r line; do
			case $line in
			hello*) echo "you said $line" ;;
			temp) printf 'noise\r\ntemp=21.5 C\r\nOK\r\n' ;;
			silent) ;;
			garbage) printf '\377\376\000\001' ;;
			hang) kill "$PPID" ;;
			esac
		done
	EOF
	device bash "$WORK/answer"
}

run_exec()
{
	timeout 20 "$HAUL" serial exec "$@"
}

test_an_answer_is_printed()
{
	answering
	expect_status 0 run_exec "$WORK/port" 'hello you'
	expect_equal "the answer" 'you said hello you' "$(cat "$WORK/out")"
}

test_a_pattern_ends_the_wait()
{
	answering
	expect_status 0 run_exec --timeout 5s --expect '^OK' "$WORK/port" temp
	expect_match 'temp=21.5 C' "$WORK/out"
	expect_match '^OK' "$WORK/out"
}

test_a_group_is_all_that_is_printed()
{
	answering
	expect_status 0 run_exec -e 'temp=([0-9.]+)' "$WORK/port" temp
	expect_equal "the answer" 21.5 "$(cat "$WORK/out")"
}

test_many_lines_are_answered_one_by_one()
{
	answering
	printf 'hello 1\nhello 2\r\nhello 3' >"$WORK/script"
	expect_status 0 run_exec -e 'said (.*[0-9])' -i "$WORK/script" "$WORK/port" 'hello 0'
	expect_equal "the answers" "$(printf 'hello %d\n' 0 1 2 3)" "$(cat "$WORK/out")"
}

test_silence_is_told()
{
	answering
	expect_status 1 run_exec -t 200ms -e OK "$WORK/port" silent
	expect_match '^haul serial exec: no answer: nothing came in time$' "$WORK/err"
	[ ! -s "$WORK/out" ] || fail "printed something"
}

test_garbage_is_shown()
{
	answering
	expect_status 1 run_exec -t 1s -e OK "$WORK/port" garbage
	expect_match "no match in time; what came: 4 bytes, '.xff.xfe.x01.x01'" "$WORK/err"
}

test_a_lost_port_is_told()
{
	answering
	expect_status 1 run_exec -t 10s -e OK "$WORK/port" hang
	expect_match 'no answer: the port is gone' "$WORK/err"
}

test_a_taken_port_names_its_holder()
{
	answering
	(
		exec 9<>"$WORK/port"
		flock 9
		echo locked >"$WORK/locked"
		sleep 5
	) &
	wait_until 5 test -e "$WORK/locked"
	expect_status 1 run_exec "$WORK/port" hello
	expect_match 'somebody else has it: [a-z]+ \(process [0-9]+\)' "$WORK/err"
	kill $!
}

# socat has the port open, too, but does not keep others out.
test_of_several_the_one_with_the_lock_is_named()
{
	cable
	"$HAUL" serial stream --json "$WORK/port" >"$WORK/events" &
	local stream=$!
	wait_until 5 opened "$WORK/events"
	expect_status 1 run_exec "$WORK/port" hello
	kill "$stream"
	wait "$stream" || true
	expect_match 'somebody else has it: haul-serial \(process [0-9]+\)' "$WORK/err"
}

test_wrong_patterns_and_times_are_told()
{
	expect_status 1 run_exec -e '(' /dev/null x
	expect_match "invalid pattern '\('" "$WORK/err"
	expect_status 1 run_exec -t soon /dev/null x
	expect_match "invalid time 'soon'" "$WORK/err"
	expect_status 1 run_exec /dev/null x
	expect_match "cannot open port '/dev/null': not a serial port" "$WORK/err"
	expect_status 1 run_exec --format 9N1 /dev/null x
	expect_match "invalid character format '9N1'" "$WORK/err"
}

run_tests "$@"
