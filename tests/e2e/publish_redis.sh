#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul publish --redis, with a real server that is also stopped, killed, paused and filled up.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../redis.sh"
. "$(dirname "$0")/../serial.sh"
private_mounts "$@"
need_program redis-server
need_program redis-cli redis-tools
need_program jq

# subscribe: everything that is published goes to $WORK/messages, an event a line.
subscribe()
{
	redis PSUBSCRIBE 'haul:job:*:events' >"$WORK/raw" &
	HELPER_PIDS+=($!)
	wait_until 5 grep -q '^1$' "$WORK/raw"
}

messages()
{
	grep '^{' "$WORK/raw"
}

make_tree()
{
	mkdir -p "$WORK/tree/sub" "$WORK/copy/tree/fails"
	head -c 3M /dev/urandom >"$WORK/tree/sub/large"
	echo text >"$WORK/tree/fails"
}

copy()
{
	"$HAUL" cp -a --job "$1" "$WORK/tree" "$WORK/copy" 2>/dev/null || true
}

has_state()
{
	[ "$(redis HGET "haul:job:$1" state)" = "$2" ]
}

streamed()
{
	redis XRANGE haul:events - + | grep '^{' | jq -c "select(.job == \"$1\")"
}

test_events_state_and_stream()
{
	trap stop_all EXIT
	make_tree
	start_redis
	subscribe
	start_publisher --redis "unix://$WORK/redis"
	sleep 0.3
	copy one
	wait_until 5 has_state one failed
	wait_until 5 eval 'messages | grep -q "\"state\":\"failed\",\"op\""'
	expect_equal "first" started "$(messages | head -n 1 | jq -r .state)"
	expect_equal "last" "job failed 1" \
		"$(messages | tail -n 1 | jq -r '"\(.event) \(.state) \(.exit)"')"
	expect_equal "failed file" "$WORK/tree/fails" \
		"$(messages | jq -r 'select(.event == "file" and .state == "failed").path')"
	expect_equal "stream" "job file progress job" "$(streamed one | jq -r .event | xargs)"
	expect_equal "order" "" "$(messages | jq 'select(.job == "one").seq' | sort -nc 2>&1)"
	expect_equal "progress" 2 "$(redis HGET haul:job:one progress | jq .files.planned)"
	expect_equal "latest seq" "$(messages | tail -n 1 | jq .seq)" "$(redis HGET haul:job:one seq)"
	[ "$(redis TTL haul:job:one)" -gt 80000 ] || fail "the state expires too soon"
}

# The events that must arrive, exactly as often as they should.
must_arrive()
{
	streamed "$1" | jq -r '"\(.event) \(.state)"' | sort | uniq
}

serial_events()
{
	"$@" | jq -r 'select(.event == "serial") | .port, .state, .data' | paste -sd' '
}

heard()
{
	messages | grep -q "\"data\":\"$1\""
}

# What a device says: each line is published, and that its port came and went is kept, too.
test_lines_of_a_serial_port()
{
	local stream port
	cable
	trap 'unplug; stop_all' EXIT
	start_redis
	subscribe
	start_publisher --redis "unix://$WORK/redis"
	sleep 0.3
	env --default-signal=INT "$HAUL" serial stream --job device "$WORK/port" &
	stream=$!
	HELPER_PIDS+=("$stream")
	port=$(readlink "$WORK/port")
	wait_until 5 heard '115200 8N1'
	printf 'temperature 21.5\r\nready\n' >"$WORK/device"
	wait_until 5 heard ready
	kill -INT "$stream"
	wait "$stream"
	wait_until 5 has_state device "done"
	expect_equal "published" "$port opened 115200 8N1 $port line temperature 21.5 $port line ready \
$port closed stopped" "$(serial_events messages)"
	expect_equal "kept" "$port opened 115200 8N1 $port closed stopped" \
		"$(serial_events streamed device)"
}

expected="file failed
job failed
job started
progress failed"

test_server_that_starts_late()
{
	trap stop_all EXIT
	make_tree
	start_publisher --redis "unix://$WORK/redis"
	sleep 0.3
	copy late
	start_redis
	wait_until 20 has_state late failed
	wait_until 5 eval '[ "$(must_arrive late)" = "$expected" ]'
	expect_match 'redis: .*trying again' "$WORK/publisher.err"
	expect_match 'redis: connected again' "$WORK/publisher.err"
	expect_equal "messages for people" 2 "$(wc -l <"$WORK/publisher.err")"
}

test_server_that_is_killed()
{
	trap stop_all EXIT
	make_tree
	start_redis
	start_publisher --redis "unix://$WORK/redis"
	sleep 0.3
	copy before
	wait_until 5 has_state before failed
	stop_redis KILL
	copy meanwhile
	start_redis
	wait_until 20 has_state meanwhile failed
	wait_until 5 has_state before failed
	wait_until 5 eval '[ "$(must_arrive meanwhile)" = "$expected" ]'
}

test_server_that_stands_still()
{
	trap stop_all EXIT
	make_tree
	start_redis
	start_publisher --redis "unix://$WORK/redis"
	sleep 0.3
	kill -STOP "$REDIS_PID"
	copy standing
	copy standing2
	sleep 6
	kill -CONT "$REDIS_PID"
	wait_until 20 has_state standing2 failed
	wait_until 5 eval '[ "$(must_arrive standing)" = "$expected" ]'
	wait_until 5 eval '[ "$(must_arrive standing2)" = "$expected" ]'
}

test_server_that_is_full()
{
	trap stop_all EXIT
	make_tree
	start_redis
	start_publisher --redis "unix://$WORK/redis"
	sleep 0.3
	redis CONFIG SET maxmemory 1 >/dev/null
	copy full
	wait_until 5 grep -q 'redis: OOM' "$WORK/publisher.err"
	redis CONFIG SET maxmemory 0 >/dev/null
	wait_until 10 has_state full failed
	wait_until 5 eval '[ "$(must_arrive full)" = "$expected" ]'
}

# What docs/publishing.md tells to grant is enough, and no more than that is used.
test_least_privilege()
{
	trap stop_all EXIT
	make_tree
	start_redis
	local acl
	acl=$(sed -n 's/^    ACL SETUSER haul //p' "$ROOT/docs/publishing.md")
	[ -n "$acl" ] || fail "the manual has no ACL"
	# shellcheck disable=SC2086 # words, as a person would type them
	redis ACL SETUSER haul ${acl//SECRET/p@ss} >"$WORK/acl"
	expect_match OK "$WORK/acl"
	start_publisher --redis "unix://haul:p%40ss@$WORK/redis"
	sleep 0.3
	copy least
	wait_until 5 has_state least failed
	wait_until 5 eval '[ "$(must_arrive least)" = "$expected" ]'
	expect_equal "messages for people" "" "$(cat "$WORK/publisher.err")"
	expect_equal "refusals" "" "$(redis ACL LOG)"
}

test_wrong_password()
{
	trap stop_all EXIT
	start_redis --requirepass right
	start_publisher --redis "unix://:wrong@$WORK/redis"
	wait_until 5 grep -q 'redis: WRONGPASS' "$WORK/publisher.err"
	sleep 1
	expect_equal "messages for people" 1 "$(wc -l <"$WORK/publisher.err")"
	! grep -q wrong@ "$WORK/publisher.err" || fail "it tells the password"
}

test_tcp_and_database()
{
	trap stop_all EXIT
	make_tree
	start_redis --port 16399 --bind 127.0.0.1
	start_publisher --redis "redis://127.0.0.1:16399/3"
	sleep 0.3
	copy tcp
	wait_until 5 eval '[ "$(redis -n 3 HGET haul:job:tcp state)" = failed ]'
	expect_equal "database 0" "" "$(redis HGET haul:job:tcp state)"
}

test_bad_addresses()
{
	for url in nonsense redis:// "redis://[::1" unix://relative "redis://127.0.0.1:6379/x" \
		rediss://127.0.0.1 redis://%zz@127.0.0.1; do
		expect_status 1 "$HAUL" publish --redis "$url"
		expect_equal "lines for $url" 1 "$(wc -l <"$WORK/err")"
		expect_match '^haul: publisher: --redis: ' "$WORK/err"
	done
}

# A job's own publisher ends with the job, when everything is delivered.
test_one_job()
{
	trap stop_all EXIT
	make_tree
	start_redis
	expect_status 1 "$HAUL" cp -a --job own --redis "unix://$WORK/redis" "$WORK/tree" "$WORK/copy"
	has_state own failed || fail "the state is missing"
	expect_equal "stream" "$expected" "$(must_arrive own)"
}

test_one_job_without_a_server()
{
	mkdir "$WORK/tree"
	expect_status 0 "$HAUL" cp -a --redis "unix://$WORK/nothing" "$WORK/tree" "$WORK/copy"
	expect_match 'redis: .*No such file' "$WORK/err"
}

test_stops_with_sigterm()
{
	trap stop_all EXIT
	start_redis
	start_publisher --redis "unix://$WORK/redis"
	sleep 0.3
	kill -TERM "$PUBLISHER_PID"
	local status=0
	wait "$PUBLISHER_PID" || status=$?
	expect_equal "status" 0 "$status"
}

run_tests
