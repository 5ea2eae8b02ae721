# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A Redis server and a publisher for a test. Source it after lib.sh, and begin each test with
# `trap stop_all EXIT`.

HELPER_PIDS=()

# start_redis [OPTION...]: on a unix socket in the test's directory.
start_redis()
{
	redis-server --port 0 --unixsocket "$WORK/redis" --save '' --appendonly no \
		--dir "$WORK" --daemonize no --loglevel warning "$@" >>"$WORK/redis.log" 2>&1 &
	REDIS_PID=$!
	wait_until 5 answers
}

answers()
{
	redis PING >/dev/null
}

stop_redis()
{
	kill -"${1:-TERM}" "$REDIS_PID"
	wait "$REDIS_PID" 2>/dev/null || true
}

redis()
{
	redis-cli -s "$WORK/redis" --no-auth-warning "$@"
}

# start_publisher OPTION...
start_publisher()
{
	"$HAUL" publish "$@" 2>"$WORK/publisher.err" &
	PUBLISHER_PID=$!
}

# As the test's shell ends, so do they.
stop_all()
{
	kill -CONT "${REDIS_PID:-}" 2>/dev/null || true
	kill "${PUBLISHER_PID:-}" "${REDIS_PID:-}" "${HELPER_PIDS[@]}" 2>/dev/null || true
	wait
}
