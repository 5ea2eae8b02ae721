#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul publish --http: the server, with curl, and the page, in a real browser.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../node.sh"
. "$(dirname "$0")/../redis.sh"
. "$(dirname "$0")/../serial.sh"
. "$(dirname "$0")/../throttle.sh"
need_node
need_program curl
need_program jq
private_mounts "$@"

PORT=18480
PAGE=http://127.0.0.1:$PORT

start_page()
{
	start_publisher --http "127.0.0.1:$PORT"
	wait_until 5 listens
}

listens()
{
	(: <"/dev/tcp/127.0.0.1/$PORT")
}

# status CURL-ARGUMENT...: of the answer
status()
{
	curl -s -o "$WORK/body" -w '%{http_code}' --max-time 5 "$@"
}

make_tree()
{
	mkdir -p "$WORK/tree/sub" "$WORK/copy/tree/fails"
	head -c 3M /dev/urandom >"$WORK/tree/sub/large"
	echo text >"$WORK/tree/fails"
}

# Of jobs, but not of devices, which one that is none follows.
events()
{
	sed -n 's/^data: //p' "$WORK/stream" | jq -c 'select(.event and .event != "device" and .job != "devices")'
}

device_events()
{
	sed -n 's/^data: //p' "$WORK/stream" | jq -c 'select(.event == "device")'
}

test_events_and_late_joiners()
{
	trap stop_all EXIT
	make_tree
	start_page
	curl -sN "$PAGE/events" >"$WORK/stream" &
	HELPER_PIDS+=($!)
	wait_until 5 grep -q '^event: hello' "$WORK/stream"
	"$HAUL" cp -a --job one "$WORK/tree" "$WORK/copy" 2>/dev/null || true
	wait_until 5 eval 'events | grep -q "\"state\":\"failed\",\"op\""'
	expect_equal "first" "job started" "$(events | head -n 1 | jq -r '"\(.event) \(.state)"')"
	expect_equal "last" "job failed 1" \
		"$(events | tail -n 1 | jq -r '"\(.event) \(.state) \(.exit)"')"
	expect_equal "order" "" "$(events | jq .seq | sort -nc 2>&1)"
	expect_equal "failed file" "$WORK/tree/fails" \
		"$(events | jq -r 'select(.event == "file" and .state == "failed").path')"
	curl -sN --max-time 0.5 "$PAGE/events" >"$WORK/stream" || true
	expect_equal "told late" "job started|progress failed|job failed|file failed" \
		"$(events | jq -r '"\(.event) \(.state)"' | paste -sd'|')"
}

# has_device ACTION MOUNT-POINT
has_device()
{
	device_events | jq -e -s --arg action "$1" --arg point "$2" \
		'any(.[]; .action == $action and .mount_point == $point)' >/dev/null
}

# haul cp --http shows that job alone, to the end.
test_page_of_one_job()
{
	trap stop_all EXIT
	make_tree
	"$HAUL" cp -a --job own --limit 2M --http "127.0.0.1:$PORT" "$WORK/tree/sub" "$WORK/own" \
		2>"$WORK/err" &
	local own=$! status=0
	HELPER_PIDS+=("$own")
	wait_until 5 listens
	curl -sN "$PAGE/events" >"$WORK/stream" &
	HELPER_PIDS+=($!)
	wait_until 5 grep -q '^event: hello' "$WORK/stream"
	"$HAUL" cp -a --job other "$WORK/tree/sub" "$WORK/other"
	expect_equal "the page" 200 "$(status "$PAGE/")"
	expect_equal "pause" 200 "$(status -X POST "$PAGE/jobs/own/pause")"
	expect_equal "resume" 200 "$(status -X POST "$PAGE/jobs/own/resume")"
	wait "$own" || status=$?
	expect_equal "status" 0 "$status"
	expect_match 'live page: http://127.0.0.1:' "$WORK/err"
	wait_until 5 eval 'events | tail -n 1 | grep -q "\"state\":\"done\",\"op\""'
	expect_equal "jobs" own "$(events | jq -r .job | sort -u)"
}

test_devices_that_come_and_go()
{
	trap stop_all EXIT
	make_filesystem before ext4 16M
	start_page
	curl -sN "$PAGE/events" >"$WORK/stream" &
	HELPER_PIDS+=($!)
	wait_until 5 has_device mounted "$WORK/before"
	make_filesystem during ext4 16M
	wait_until 5 has_device mounted "$WORK/during"
	umount "$WORK/during"
	wait_until 5 has_device unmounted "$WORK/during"
	expect_equal "jobs" "no jobs" "$("$HAUL" jobs)"
	curl -sN --max-time 0.5 "$PAGE/events" >"$WORK/stream" || true
	has_device unmounted "$WORK/during" || fail "a late joiner does not learn of it"
}

# The feed of one that was killed does not stay, and that of another takes over.
test_the_feed_of_devices_ends_with_its_publisher()
{
	trap stop_all EXIT
	start_page
	wait_until 5 test -e "/dev/shm/haul-$(id -u)/devices.progress"
	kill -KILL "$PUBLISHER_PID"
	wait "$PUBLISHER_PID" || true
	wait_until 5 test ! -e "/dev/shm/haul-$(id -u)/devices.progress"
	"$HAUL" publish --json --devices >"$WORK/lines" &
	PUBLISHER_PID=$!
	wait_until 5 grep -q '"event":"device"' "$WORK/lines"
}

test_who_may_ask()
{
	trap stop_all EXIT
	start_page
	expect_equal "page" 200 "$(status "$PAGE/")"
	expect_equal "by name" 200 "$(status -H "Host: localhost:$PORT" "$PAGE/")"
	expect_equal "by a foreign name" 421 "$(status -H 'Host: evil.example' "$PAGE/")"
	expect_equal "events by a foreign name" 421 \
		"$(status -H "Host: evil.example:$PORT" "$PAGE/events")"
	expect_equal "from a foreign page" 403 \
		"$(status -H 'Origin: http://evil.example' "$PAGE/events")"
	expect_equal "control from a foreign page" 403 \
		"$(status -X POST -H 'Origin: http://evil.example' "$PAGE/jobs/x/cancel")"
	expect_equal "control of nothing" 404 "$(status -X POST "$PAGE/jobs/nothing/cancel")"
	expect_equal "odd name" 400 "$(status -X POST "$PAGE/jobs/..%2Fx/cancel")"
	expect_equal "odd verb" 404 "$(status -X POST "$PAGE/jobs/x/explode")"
	expect_equal "other path" 404 "$(status "$PAGE/../../etc/passwd" --path-as-is)"
	expect_equal "other method" 405 "$(status -X DELETE "$PAGE/")"
	curl -sI "$PAGE/" >"$WORK/head"
	expect_match "^Content-Security-Policy: default-src 'none'; script-src 'self';" "$WORK/head"
	expect_match '^X-Content-Type-Options: nosniff' "$WORK/head"
}

test_beyond_this_machine()
{
	trap stop_all EXIT
	expect_status 1 "$HAUL" publish --http "0.0.0.0:$PORT"
	expect_match 'needs --http-token$' "$WORK/err"
	(umask 077 && echo 0123456789abcdefSECRET >"$WORK/token")
	start_publisher --http "0.0.0.0:$PORT" --http-token "$WORK/token"
	wait_until 5 listens
	expect_equal "without" 401 "$(status "$PAGE/")"
	expect_equal "events without" 401 "$(status "$PAGE/events")"
	expect_equal "wrong" 401 "$(status -H 'Authorization: Bearer 0123456789abcdefSECRE7' "$PAGE/")"
	expect_equal "bearer" 200 \
		"$(status -H 'Authorization: Bearer 0123456789abcdefSECRET' "$PAGE/")"
	expect_equal "link" 303 "$(status -c "$WORK/jar" "$PAGE/?token=0123456789abcdefSECRET")"
	expect_equal "cookie" 200 "$(status -b "$WORK/jar" "$PAGE/")"
	! grep -q SECRET "$WORK/publisher.err" || fail "it tells the token"
}

test_token_files()
{
	echo 0123456789abcdefSECRET >"$WORK/token"
	chmod 644 "$WORK/token"
	expect_status 1 "$HAUL" publish --http "$PORT" --http-token "$WORK/token"
	expect_match "others may read" "$WORK/err"
	chmod 600 "$WORK/token"
	echo short >"$WORK/token"
	expect_status 1 "$HAUL" publish --http "$PORT" --http-token "$WORK/token"
	expect_status 1 "$HAUL" publish --http "nonsense"
	expect_equal "lines" 1 "$(wc -l <"$WORK/err")"
}

# A watcher that stops reading costs bounded memory and disturbs nobody.
test_slow_watcher()
{
	trap stop_all EXIT
	mkdir "$WORK/tree"
	for number in {1..400}; do
		echo >"$WORK/tree/$number"
		mkdir -p "$WORK/copy/tree/$number"
	done
	start_page
	curl -sN --limit-rate 1 "$PAGE/events" >"$WORK/slow" &
	HELPER_PIDS+=($!)
	curl -sN "$PAGE/events" >"$WORK/stream" &
	HELPER_PIDS+=($!)
	wait_until 5 grep -q '^event: hello' "$WORK/stream"
	for round in {1..20}; do
		"$HAUL" cp -a --job "r$round" "$WORK/tree" "$WORK/copy" 2>/dev/null || true
	done
	wait_until 5 eval 'events | grep "\"job\":\"r20\"" | grep -q "\"state\":\"failed\",\"op\""'
	expect_equal "failed files" 8000 "$(events | jq -c 'select(.errno)' | wc -l)"
	local memory
	memory=$(awk '/VmRSS/ { print $2 }' "/proc/$PUBLISHER_PID/status")
	[ "$memory" -lt 40000 ] || fail "$memory kB of memory"
}

# The browser's test says what comes next; when it ends instead, so does this.
has_said()
{
	grep -qx "$1" "$WORK/steps" && return
	kill -0 "$BROWSER_PID" || { cat "$WORK/page.err" && fail "the browser saw something else"; } >&4 2>&4
	return 1
}

slow_copy()
{
	(throttled "$HAUL" cp -a --job "$1" "$WORK/from/$1" "$WORK/copy-$1" 2>/dev/null) &
	HELPER_PIDS+=($!)
}

fail_and_stream()
{
	make_tree
	"$HAUL" cp -a --job broken "$WORK/tree" "$WORK/copy" 2>/dev/null || true
	"$HAUL" serial stream --json --no-reconnect "$WORK/port" >"$WORK/lines" 2>"$WORK/serial.err" &
	HELPER_PIDS+=($!)
	wait_until 5 opened "$WORK/lines"
	echo T=21.5 >"$WORK/device"
}

test_browser()
{
	cable
	HELPER_PIDS+=("$CABLE")
	trap stop_all EXIT
	need_program chromium
	make_filesystem from ext4 160M
	head -c 90M /dev/urandom >"$WORK/from/page"
	head -c 40M /dev/urandom >"$WORK/from/second"
	throttle "$WORK/from" 7000000
	exec 4>&2
	# The browser wants a home, whose path is short enough for its sockets.
	mount -t tmpfs haul-test /mnt
	start_page
	(HOME=/mnt TMPDIR=/mnt in_node page.js "$PAGE/" "$WORK") >"$WORK/steps" 2>"$WORK/page.err" &
	BROWSER_PID=$!
	HELPER_PIDS+=("$BROWSER_PID")
	wait_until 30 has_said start
	slow_copy page
	wait_until 30 has_said restart
	kill "$PUBLISHER_PID"
	wait "$PUBLISHER_PID"
	sleep 1
	start_page
	wait_until 30 has_said second
	slow_copy second
	wait_until 30 has_said broken
	fail_and_stream
	wait "$BROWSER_PID" || { cat "$WORK/page.err" >&2; fail "the browser saw something else"; }
	has_said good || fail "the browser did not come to its end"
	cat "$WORK/page.err"
	kill "$CABLE"
	wait "${HELPER_PIDS[@]}" || true
	throttle_end
}

run_tests
