#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul publish --socketio, with a real Redis, a stock Socket.IO server and stock clients.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../node.sh"
. "$(dirname "$0")/../redis.sh"
. "$(dirname "$0")/../serial.sh"
need_node
need_program redis-server
need_program redis-cli redis-tools
need_program jq
need_program curl
private_mounts "$@"

# start_node OUTPUT SCRIPT ARGUMENT...
start_node()
{
	local output=$WORK/$1
	shift
	(in_node "$@") >"$output" 2>&1 &
	HELPER_PIDS+=($!)
	wait_until 10 grep -qx ready "$output"
}

make_tree()
{
	local odd=$'o\xffdd "ä😀\t'
	mkdir -p "$WORK/tree/sub" "$WORK/copy/tree/fails" "$WORK/copy/tree/$odd"
	head -c 3M /dev/urandom >"$WORK/tree/sub/large"
	echo text >"$WORK/tree/fails"
	echo odd >"$WORK/tree/$odd"
}

copy()
{
	"$HAUL" cp -a --job "$1" "$WORK/tree" "$WORK/copy" 2>/dev/null || true
}

# heard CLIENT JOB: the names of the events, each once.
heard()
{
	sed -n "s/^$1 //p" "$WORK/heard" | grep "\"job\":\"$2\"" | cut -d' ' -f1 | sort -u | xargs
}

has_ended()
{
	grep -q "^$1 job .*\"job\":\"$2\".*\"state\":\"failed\"" "$WORK/heard"
}

test_clients_hear_of_jobs()
{
	trap stop_all EXIT
	make_tree
	start_redis
	start_node heard socketio.js "$WORK/redis" mine
	start_publisher --socketio "unix://$WORK/redis"
	sleep 0.3
	copy mine
	copy other
	wait_until 5 has_ended room mine
	wait_until 5 has_ended all other
	expect_equal "in no room, of one" "file job progress" "$(heard all other)"
	expect_equal "in no room, of another" "file job progress" "$(heard all mine)"
	expect_equal "in a job's room, of that" "file job progress" "$(heard room mine)"
	expect_equal "in a job's room, of another" "" "$(heard room other)"
	expect_equal "twice" "" "$(sort "$WORK/heard" | uniq -d)"
	expect_equal "order" "" "$(sed -n 's/^room [a-z]* //p' "$WORK/heard" | jq .seq | sort -nc 2>&1)"
	expect_match '^all file .*"path":"[^"]*/o�dd \\"ä😀\\t","path_base64"' "$WORK/heard"
}

test_bytes_are_the_emitters()
{
	trap stop_all EXIT
	make_tree
	start_redis
	start_node compared golden.js "$WORK/redis"
	start_publisher --socketio "unix://$WORK/redis"
	sleep 0.3
	copy one
	copy two
	wait_until 5 eval '[ "$(wc -l <"$WORK/compared")" -ge 20 ]'
	sleep 0.2
	expect_equal "messages" "ready same" "$(uniq "$WORK/compared" | xargs)"
}

# The example's server, and a client that comes when the job is over.
test_example()
{
	trap stop_all EXIT
	make_tree
	start_redis
	start_publisher --redis "unix://$WORK/redis" --socketio "unix://$WORK/redis"
	sleep 0.3
	copy one
	wait_until 5 eval '[ "$(redis HGET haul:job:one state)" = failed ]'
	(REDIS_SOCKET=$WORK/redis PORT=0 in_node ../../docs/examples/socketio/server.js) >"$WORK/url" &
	HELPER_PIDS+=($!)
	wait_until 5 grep -q ^http "$WORK/url"
	(in_node client.js "$(cat "$WORK/url")") >"$WORK/heard" 2>&1 &
	HELPER_PIDS+=($!)
	wait_until 5 grep -q '^progress .*"job":"one"' "$WORK/heard"
	wait_until 5 grep -q '^job .*"job":"one".*"state":"failed"' "$WORK/heard"
	copy two
	wait_until 5 grep -q '^job .*"job":"two".*"state":"failed"' "$WORK/heard"
	curl -s "$(cat "$WORK/url")" | grep -q '<script src="/app.js"' || fail "no page"
}

# start_example: by its one command, and waits for its address in $WORK/url. What it needs from npm
# is there already.
start_example()
{
	cp -r "$ROOT/docs/examples/socketio" "$WORK/example"
	ln -s "$NODE_DIRECTORY/node_modules" "$WORK/example/node_modules"
	HAUL=$HAUL PORT=0 "$WORK/example/start" >"$WORK/url" 2>"$WORK/start.err" &
	EXAMPLE_PID=$!
	HELPER_PIDS+=("$EXAMPLE_PID")
	wait_until 10 grep -q ^http "$WORK/url"
}

# Everything that the example's page shows.
give_it_something_to_show()
{
	copy one
	mkdir "$WORK/again"
	echo same >"$WORK/again/file"
	"$HAUL" cp -a "$WORK/again" "$WORK/copy"
	"$HAUL" cp -an "$WORK/again/." "$WORK/copy/again"
	make_filesystem stick ext4 16M
	"$HAUL" serial stream --json --no-reconnect "$WORK/port" >"$WORK/lines" 2>"$WORK/serial.err" &
	HELPER_PIDS+=($!)
	wait_until 5 opened "$WORK/lines"
	# Again and again: lines are volatile, so one alone may be left out.
	(while sleep 0.2; do echo T=21.5; done >"$WORK/device") &
	HELPER_PIDS+=($!)
}

test_example_by_its_one_command()
{
	need_program chromium
	cable
	HELPER_PIDS+=("$CABLE")
	trap stop_all EXIT
	make_tree
	mount -t tmpfs haul-test /mnt # a home for the browser, with a short path
	start_example
	(HOME=/mnt TMPDIR=/mnt in_node example.js "$(cat "$WORK/url")") >"$WORK/seen" 2>&1 &
	local browser=$!
	HELPER_PIDS+=("$browser")
	wait_until 30 grep -qx ready "$WORK/seen"
	give_it_something_to_show
	wait "$browser" || fail "the browser saw something else: $(cat "$WORK/seen")"
	expect_equal "the browser" good "$(tail -n 1 "$WORK/seen")"
	kill "$EXAMPLE_PID"
	wait "$EXAMPLE_PID" || true
	umount /mnt
}

run_tests
