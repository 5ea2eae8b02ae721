#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul top: what it shows of jobs and ports, what its keys do, and that it leaves the terminal as it
# was, whatever happens.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serial.sh"
. "$(dirname "$0")/../processes.sh"

export TERM=xterm LC_ALL=C.UTF-8
unset NO_COLOR

# on_screen OPTION-OR-STEP...: uses haul top so; what it was asked to show is in $WORK/shown.
on_screen()
{
	"$ROOT/tests/e2e/on_screen" "$@" -- "$HAUL" top --delay 0.1 >"$WORK/shown" ||
		fail "$*: $(cat "$WORK/shown")"
}

# slow_job: a job named slow that would take minutes. Its process is $HAUL_PROCESS.
slow_job()
{
	cable
	head -c 100000 /dev/zero >"$WORK/file"
	cat "$WORK/device" >"$WORK/received" 2>"$WORK/hangup" &
	start_haul serial send --job slow -p raw --pace 1000 "$WORK/port" "$WORK/file"
	wait_until 5 test -s "$WORK/received"
}

end_job()
{
	kill -INT "$HAUL_PROCESS" 2>/dev/null || true
	wait_for_haul || true
}

test_keys_pause_resume_and_cancel()
{
	slow_job
	on_screen 'wait:> slow +[0-9]+%' \
		keys:p 'wait:slow .*paused' keys:p 'wait:cannot pause slow: it does not run' \
		keys:r 'wait:slow .*B/s' 'absent:slow .*paused' \
		keys:c 'wait:cancel slow\?' keys:n 'absent:cancel slow\?' 'wait:slow .*B/s' \
		keys:c 'wait:cancel slow\?' keys:y 'wait:slow +cancelled' \
		keys:x 'absent:slow' keys:q
	wait_for_haul && fail "it was not cancelled"
	is_gone "$HAUL_PROCESS" || fail "it still runs"
}

test_the_selected_job_is_shown_in_full()
{
	slow_job
	on_screen --columns 400 'wait:> slow' 'wait:serial .*/file -> .*/port' 'wait:^ +[^ ]*/file$' 'wait:[0-9] of 1 files' \
		keys:j 'wait:> slow' keys:'\x1b[A' 'wait:> slow' \
		'keys:?' 'wait:choose a job' keys:q 'absent:choose a job' 'wait:> slow' keys:q
	end_job
}

test_ports_show_who_has_them_and_their_last_line()
{
	cable
	start_haul serial stream --json --job log "$WORK/port"
	wait_until 5 opened "$WORK/out"
	printf 'first\nsecond\e]0;title\a line\n' >"$WORK/device"
	on_screen "wait:^/dev/pts/[0-9]+ +job log .*second.*line" keys:q
	end_job
}

test_the_terminal_may_have_any_size()
{
	slow_job
	on_screen 'wait:slow' resize:200x60 'wait:slow' resize:40x10 'wait:slow' \
		resize:20x5 'wait:slow' resize:5x2 resize:1x1 resize:80x24 'wait:slow' keys:q
	LC_ALL=C on_screen --columns 30 'wait:slow' keys:q
	end_job
}

test_the_terminal_is_restored_whatever_happens()
{
	local name
	for name in TERM INT HUP QUIT; do
		on_screen 'wait:haul top' signal:$name
	done
	on_screen 'wait:haul top' 'keys:\x03'
	on_screen --status 1 'wait:haul top' kill-child
	on_screen 'wait:haul top' signal:TSTP stopped continue 'wait:haul top' keys:q
	on_screen 'wait:haul top' 'keys:\x1a' stopped continue 'wait:haul top' keys:q
}

test_the_guard_may_be_killed()
{
	on_screen --status -9 'wait:haul top' signal:KILL
}

test_failures_are_shown()
{
	mkdir -p "$WORK/tree/directory" "$WORK/copy/tree/directory"
	echo text >"$WORK/tree/bad"
	mkdir "$WORK/copy/tree/bad"
	"$ROOT/tests/e2e/on_screen" 'wait:haul top' wait:broken 'wait:failed: .*tree/bad' keys:q -- \
		sh -c "(sleep 0.5; '$HAUL' cp --job broken -r '$WORK/tree' '$WORK/copy') 2>&- &
			exec '$HAUL' top" >"$WORK/shown" || fail "$(cat "$WORK/shown")"
}

# Four ticks of the kernel's clock.
test_it_costs_next_to_nothing_when_nothing_moves()
{
	on_screen 'wait:no job runs' cpu:40 keys:q
}

test_without_colour()
{
	slow_job
	NO_COLOR=1 on_screen 'wait:slow' no-colour keys:q
	end_job
}

test_once_and_without_a_terminal()
{
	slow_job
	expect_status 0 "$HAUL" top --once
	expect_match '^> slow|^  slow' "$WORK/out"
	! grep -q $'\e' "$WORK/out" || fail "a control sequence in a file"
	cp "$WORK/out" "$WORK/once"
	expect_status 0 "$HAUL" top
	expect_equal "what differs" "" "$(diff <(sed 's/[0-9].*//' "$WORK/once") \
		<(sed 's/[0-9].*//' "$WORK/out"))"
	TERM=dumb "$ROOT/tests/e2e/on_terminal" --raw "$HAUL" top >"$WORK/out"
	expect_match '^> slow|^  slow' "$WORK/out"
	! grep -q $'\e' "$WORK/out" || fail "a control sequence on a dumb terminal"
	end_job
}

test_wrong_command_lines()
{
	expect_status 1 "$HAUL" top extra
	expect_match "extra operand 'extra'" "$WORK/err"
	expect_status 1 "$HAUL" top --delay 0
	expect_match "invalid argument '0'" "$WORK/err"
}

run_tests
