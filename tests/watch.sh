# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the tests of `haul watch` share; sourced after lib.sh. Events go to $WORK/events.

WATCH=
PROBE=

# start_watch [OPTION...]: returns when the state at the start has been told.
start_watch()
{
	need_program jq
	"$HAUL" watch --json "$@" >"$WORK/events" 2>"$WORK/watch.err" &
	WATCH=$!
	trap stop_watch EXIT
	wait_for_event '.action == "watching"'
	PROBE=$(pgrep -P "$WATCH" || true)
}

stop_watch()
{
	[ -n "$WATCH" ] || return 0
	kill "$WATCH" 2>/dev/null || true
	wait "$WATCH" 2>/dev/null || true
	WATCH=
}

need_probe()
{
	has_event '.action == "watching" and .probe == "core"' ||
		has_event '.action == "watching" and .probe == "plain"' ||
		skip "the probe can't be loaded here: $(cat "$WORK/watch.err")"
}

# How many events match a filter of jq.
count_events()
{
	jq -s "map(select($1)) | length" "$WORK/events"
}

has_event()
{
	[ "$(count_events "$1" 2>/dev/null)" -gt 0 ] 2>/dev/null
}

wait_for_event()
{
	local end=$((SECONDS + 6))
	until has_event "$1"; do
		[ "$SECONDS" -lt "$end" ] ||
			fail "no event: $1: $(cat "$WORK/watch.err") $(tail -n 20 "$WORK/events")"
		sleep 0.02
	done
}

# One value of the only event that matches.
event_value()
{
	jq -rs "map(select($1)) | .[-1] | $2" "$WORK/events"
}

# The actions that concern a device, in their order, on one line.
actions_of()
{
	jq -r "select(.device == \"$1\") | .action" "$WORK/events" | paste -sd ' '
}

# attach_image NAME SIZE: sets LOOP to a new loop device on a sparse file.
attach_image()
{
	truncate -s "$2" "$WORK/$1"
	LOOP=$(losetup --find --show "$WORK/$1")
}
