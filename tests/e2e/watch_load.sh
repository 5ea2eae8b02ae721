#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul watch under a storm, and at rest.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../watch.sh"
private_mounts "$@"

STORM=2000

# storm COUNT POINT: mounts and unmounts as fast as one process can; refused unmounts are repeated.
storm()
{
	python3 - "$@" <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
count, point = int(sys.argv[1]), sys.argv[2].encode()
for _ in range(count):
    if libc.mount(b"storm", point, b"tmpfs", 0, None):
        sys.exit("mount: " + os.strerror(ctypes.get_errno()))
    if libc.umount2(point, 0):
        sys.exit("umount: " + os.strerror(ctypes.get_errno()))
END
}

# All events are there, or it is said how many are not.
expect_complete()
{
	local mounted unmounted lost
	mounted=$(count_events '.action == "mounted" and .source == "storm"')
	unmounted=$(count_events '.action == "unmounted" and .source == "storm"')
	lost=$(jq -s 'map(.lost // 0) | add' "$WORK/events")
	echo "mounted $mounted, unmounted $unmounted, lost $lost"
	[ $((mounted + unmounted + lost)) -ge $((2 * STORM)) ] ||
		fail "$mounted mounted, $unmounted unmounted, $lost lost"
	[ "$lost" != 0 ] || expect_equal "mounted and unmounted" "$STORM $STORM" "$mounted $unmounted"
}

test_a_storm_loses_none()
{
	mkdir "$WORK/point" "$WORK/last"
	start_watch --all
	need_probe
	storm "$STORM" "$WORK/point"
	mount -t tmpfs haul-test "$WORK/last"
	wait_for_event ".action == \"mounted\" and .mount_point == \"$WORK/last\""
	stop_watch
	expect_complete
	expect_equal "who" 0 "$(count_events '.source == "storm" and .command != "python3"')"
	expect_equal "out of order" "" "$(jq -cs '[.[] | select(.source == "storm")] as $a |
		range(0; $a | length) as $i |
		select($a[$i].action != (if $i % 2 == 0 then "mounted" else "unmounted" end)) |
		$a[[$i - 2, 0] | max:$i + 2] | map({action, time})' "$WORK/events")"
}

# A watcher that stands still misses calls, says how many, and knows the truth afterwards.
test_a_watcher_that_stood_still_repairs_its_state()
{
	local lost
	mkdir "$WORK/point" "$WORK/last"
	start_watch --all
	need_probe
	kill -STOP "$WATCH"
	kill -STOP "$PROBE"
	storm "$STORM" "$WORK/point"
	mount -t tmpfs haul-test "$WORK/last"
	kill -CONT "$PROBE"
	kill -CONT "$WATCH"
	wait_for_event ".action == \"mounted\" and .mount_point == \"$WORK/last\""
	wait_for_event '.action == "lost"'
	umount "$WORK/last"
	wait_for_event ".action == \"unmounted\" and .mount_point == \"$WORK/last\""
	stop_watch
	lost=$(jq -s 'map(.lost // 0) | add' "$WORK/events")
	[ "$lost" -gt 0 ] || fail "nothing was lost"
	expect_equal "left mounted" 0 "$(($(count_events '.action == "mounted" and .source == "storm"') -
		$(count_events '.action == "unmounted" and .source == "storm"')))"
}

ticks()
{
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

test_at_rest_it_costs_no_processor_time()
{
	local watch_ticks probe_ticks
	start_watch
	sleep 0.3
	watch_ticks=$(ticks "$WATCH")
	probe_ticks=$([ -z "$PROBE" ] || ticks "$PROBE")
	sleep 2
	expect_equal "the watcher's ticks" "$watch_ticks" "$(ticks "$WATCH")"
	# Others may mount meanwhile, which wakes the probe.
	[ -z "$PROBE" ] || [ "$(($(ticks "$PROBE") - probe_ticks))" -le 1 ] ||
		fail "the probe worked at rest"
	stop_watch
}

test_it_ends_when_nobody_reads()
{
	local begin=$SECONDS
	{ timeout 5 "$HAUL" watch --json 2>/dev/null || true; } | head -n 1 >/dev/null
	[ $((SECONDS - begin)) -lt 4 ] || fail "it went on"
}

run_tests "$@"
