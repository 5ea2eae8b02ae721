#!/bin/bash
# SPDX-License-Identifier: MIT
#
# --limit is a promise: never faster, whatever is copied and however, and in no bursts.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
private_mounts "$@"

# limited BYTES RATE OPERAND...: copies that many bytes, and takes no less time than they may. What
# a worker moves last isn't waited for: a twentieth of a second's worth.
limited()
{
	local bytes=$1 rate=$2 begin took least
	shift 2
	begin=$(now_us)
	expect_status 0 "$HAUL" cp -a --limit "$rate" "$@"
	took=$(($(now_us) - begin))
	least=$((bytes * 100 / 102 * 1000 / (rate / 1000) - 50000))
	[ "$took" -ge "$least" ] || fail "$bytes bytes took $took us, not $least: $*"
}

test_each_way_of_copying()
{
	local strategy
	head -c 3000000 /dev/urandom >"$WORK/large"
	for strategy in plain uring direct range; do
		limited 3000000 3000000 --reflink=never --strategy="$strategy" \
			"$WORK/large" "$WORK/$strategy"
		cmp "$WORK/large" "$WORK/$strategy"
	done
}

test_small_files()
{
	mkdir "$WORK/tree"
	head -c 3000000 /dev/urandom | split -b 5000 -a 4 - "$WORK/tree/file-"
	limited 3000000 1500000 "$WORK/tree" "$WORK/copy"
	same_tree "$WORK/tree" "$WORK/copy"
}

test_pipe()
{
	head -c 1500000 /dev/urandom >"$WORK/large"
	mkfifo "$WORK/pipe"
	cat "$WORK/large" >"$WORK/pipe" &
	limited 1500000 1000000 --copy-contents "$WORK/pipe" "$WORK/copy"
	cmp "$WORK/large" "$WORK/copy"
}

# What moves no data isn't slowed.
test_empty_files_and_holes_cost_nothing()
{
	mkdir "$WORK/tree"
	(cd "$WORK/tree" && seq 300 | xargs touch)
	truncate -s 4G "$WORK/tree/hole"
	expect_status 0 timeout 30 "$HAUL" cp -a --limit 1K "$WORK/tree" "$WORK/copy"
	expect_equal "size" "$((4 << 30))" "$(stat -c %s "$WORK/copy/hole")"
	expect_equal "files" 301 "$(find "$WORK/copy" -type f | wc -l)"
}

# Between any two moments no more than is due, and what 200 ms allow: readings come late.
test_no_bursts()
{
	mkdir "$WORK/tree"
	head -c 2000000 /dev/urandom >"$WORK/tree/large"
	head -c 1000000 /dev/urandom | split -b 9000 -a 4 - "$WORK/tree/file-"
	expect_status 0 "$HAUL" cp -a --json --limit 1500000 "$WORK/tree" "$WORK/copy"
	jq -es '[.[] | select(.event == "progress") | {bytes: .bytes.accepted,
			seconds: ((.time[0:19] + "Z" | fromdate) + (.time[19:26] | "0" + . | tonumber))}]
		as $seen | ($seen | length) > 10 and
		all(range($seen | length) as $i | range($i) as $j |
			[$seen[$j], $seen[$i]]; .[1].bytes - .[0].bytes <=
			1.02 * 1500000 * (.[1].seconds - .[0].seconds + 0.2))' "$WORK/out" >/dev/null ||
		fail "bursts: $(jq -c 'select(.event == "progress") | [.time, .bytes.accepted]' "$WORK/out")"
}

# After a pause nothing is made up for, and a worker that waits for its turn hears a stop.
test_pause_and_stop()
{
	local begin status=0
	head -c 20000000 /dev/urandom >"$WORK/large"
	start_haul cp --job limited --limit 2000000 "$WORK/large" "$WORK/copy"
	wait_until 10 "$HAUL" pause limited
	sleep 2
	"$HAUL" resume limited
	begin=$(now_us)
	sleep 0.5
	kill -INT "$HAUL_PROCESS"
	wait_for_haul || status=$?
	expect_equal "status" 3 "$status"
	[ $(($(now_us) - begin)) -lt 9000000 ] || fail "it was copied to the end"
}

test_what_is_no_rate()
{
	local rate
	for rate in 0 -1 5 1.K fast 1.5 9999999999999E; do
		expect_status 1 "$HAUL" cp --limit "$rate" none none2
		expect_match "^haul cp: invalid argument '$rate' for '--limit'" "$WORK/err"
	done
}

# nice and ionice hold for every process of a job.
test_priorities_are_inherited()
{
	local process status=0
	head -c 20000000 /dev/urandom >"$WORK/large"
	nice -n 7 ionice -c 3 env --default-signal=INT "$HAUL" cp --limit 1M "$WORK/large" \
		"$WORK/copy" 2>"$WORK/err" &
	HAUL_PROCESS=$!
	wait_until 10 has_descendants 2
	for process in $(descendants "$HAUL_PROCESS"); do
		expect_equal "nice of $process" 7 "$(ps -o ni= -p "$process" | tr -d ' ')"
		expect_match idle <(ionice -p "$process")
	done
	kill -INT "$HAUL_PROCESS"
	wait_for_haul || status=$?
	expect_equal "status" 3 "$status"
}

has_descendants()
{
	[ "$(descendants "$HAUL_PROCESS" | wc -l)" -gt "$1" ]
}

descendants()
{
	local child
	echo "$1"
	for child in $(pgrep --parent "$1" || true); do
		descendants "$child"
	done
}

run_tests
