#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul serial stream: what arrives becomes events, whatever becomes of the port.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serial.sh"

need_program jq

# stream OPTION...: in the background, its events in $WORK/events. STREAM is its process.
stream()
{
	env --default-signal=INT timeout 60 "$HAUL" serial stream --json "$@" \
		>"$WORK/events" 2>"$WORK/err" &
	STREAM=$!
	wait_until 5 opened "$WORK/events"
}

end_stream()
{
	kill -INT "$STREAM"
	wait "$STREAM" || fail "the stream ended with $?: $(cat "$WORK/err")"
}

lines()
{
	jq -r 'select(.event == "serial" and .state == "line") | .data' "$WORK/events"
}

has_state()
{
	grep -q "\"event\":\"serial\".*\"state\":\"$1\"" "$WORK/events"
}

has_line()
{
	lines | grep -qx "$1"
}

test_lines_become_events()
{
	cable
	stream "$WORK/port"
	printf 'one\r\ntwo\nthree' >"$WORK/device"
	wait_until 5 has_line two
	end_stream
	expect_equal "the lines" "$(printf '%s\n' one two three)" "$(lines)"
	has_state closed || fail "no closed event"
}

# A stream has no files, and nothing that it is so much of.
test_jobs_tells_how_much_came()
{
	cable
	stream --job heard "$WORK/port"
	expect_status 0 "$HAUL" jobs
	expect_match '^heard +running +- +0 B received +serial ' "$WORK/out"
	head -c 2999 /dev/zero | tr '\0' x >"$WORK/device"
	echo >"$WORK/device"
	wait_until 5 heard_all
	end_stream
}

heard_all()
{
	"$HAUL" jobs | grep -Eq '^heard +running +- +3\.0 kB received +serial '
}

# As fast as 3 Mbaud: a cable of pseudo-terminals is no faster than what is written to it.
test_no_line_is_lost_or_changed()
{
	cable
	stream "$WORK/port"
	seq 1 40000 >"$WORK/file"
	"$HAUL" serial send -p raw --pace 300000 "$WORK/device" "$WORK/file"
	wait_until 20 has_line 40000
	end_stream
	lines | cmp - "$WORK/file"
	! has_state dropped || fail "something was dropped"
}

test_frames_are_decoded_and_drops_counted()
{
	cable
	stream --frames slip "$WORK/port"
	printf '\300first\300ba\333d\300second\300half' >"$WORK/device"
	wait_until 5 has_line second
	end_stream
	expect_equal "the frames" "$(printf '%s\n' first second)" "$(lines)"
	expect_equal "the drops" "$(printf '%s\n' '4 bytes: malformed frame' \
		'4 bytes: unfinished frame')" \
		"$(jq -r 'select(.state == "dropped") | .data' "$WORK/events")"
}

test_fixed_frames_are_cut()
{
	cable
	stream --frames fixed:4 "$WORK/port"
	printf 'abcdefgh' >"$WORK/device"
	wait_until 5 has_line efgh
	end_stream
	expect_equal "the frames" "$(printf '%s\n' abcd efgh)" "$(lines)"
}

test_several_ports_are_one_job()
{
	cable
	mv "$WORK/port" "$WORK/port1"
	mv "$WORK/device" "$WORK/device1"
	first=$CABLE
	cable
	trap 'kill $first; unplug' EXIT
	stream "$WORK/port" "$WORK/port1"
	echo here >"$WORK/device"
	echo there >"$WORK/device1"
	wait_until 5 has_line here
	wait_until 5 has_line there
	end_stream
}

test_a_port_that_comes_back_is_opened_again()
{
	cable
	stream "$WORK/port"
	echo before >"$WORK/device"
	wait_until 5 has_line before
	unplug
	wait_until 5 has_state lost
	expect_match 'lost port .*, waiting for it' "$WORK/err"
	cable
	wait_until 5 grep -q 'port is back' "$WORK/err"
	echo after >"$WORK/device"
	wait_until 5 has_line after
	end_stream
	expect_equal "the lines" "$(printf '%s\n' before after)" "$(lines)"
}

test_no_reconnect_ends_with_an_error()
{
	local status=0
	cable
	stream --no-reconnect "$WORK/port"
	unplug
	wait "$STREAM" || status=$?
	expect_equal "exit status" 1 "$status"
	has_state lost || fail "no lost event"
}

test_a_stream_that_waits_for_its_port_can_be_stopped()
{
	cable
	stream "$WORK/port"
	unplug
	wait_until 5 has_state lost
	kill -INT "$STREAM"
	wait "$STREAM" || true
}

test_readers_may_be_late_and_slow()
{
	cable
	stream --job watched "$WORK/port"
	kill -STOP "$(pgrep -P "$(pgrep -P "$STREAM")" -f -- --role=publisher)"
	seq 1 3000 >"$WORK/device"
	sleep 0.2
	kill -CONT "$(pgrep -P "$(pgrep -P "$STREAM")" -f -- --role=publisher)"
	wait_until 20 has_line 3000
	end_stream
	expect_equal "how many lines" 3000 "$(lines | wc -l)"
}

run_tests "$@"
