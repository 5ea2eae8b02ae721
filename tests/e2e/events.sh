#!/bin/bash
# SPDX-License-Identifier: MIT
#
# --json: the job's events as JSON lines on standard output, and nothing else there.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../throttle.sh"
private_mounts "$@"
need_program jq

check_events()
{
	"$ROOT/tests/e2e/check_events" <"$WORK/out"
}

make_tree()
{
	mkdir -p "$WORK"/tree/{a,b}
	head -c 3M /dev/urandom >"$WORK/tree/a/large"
	for number in {1..300}; do
		echo "$number" >"$WORK/tree/b/$number"
	done
}

test_events_of_a_copy()
{
	make_tree
	expect_status 0 "$HAUL" cp -a --json "$WORK/tree" "$WORK/copy"
	expect_equal "outcome" "done 0" "$(check_events)"
	expect_equal "standard error" "" "$(cat "$WORK/err")"
	expect_equal "op" cp "$(jq -r 'select(.state == "started").op' "$WORK/out")"
	expect_equal "sources" "[\"$WORK/tree\"]" \
		"$(jq -c 'select(.state == "started").sources' "$WORK/out")"
	expect_equal "dest" "$WORK/copy" "$(jq -r 'select(.state == "started").dest' "$WORK/out")"
	same_tree "$WORK/tree" "$WORK/copy"
}

# What is told besides, line by line, has no place there.
test_lines_beside_events()
{
	make_tree
	expect_status 0 "$HAUL" cp -a -v --debug --json "$WORK/tree" "$WORK/copy"
	expect_equal "outcome" "done 0" "$(check_events)"
	expect_equal "lines" 304 "$(grep -c ' -> ' "$WORK/err")"
	(cd "$WORK" && mkdir new && expect_status 0 "$HAUL" cp -v --parents --json tree/b/1 new)
	expect_equal "outcome" "done 0" "$(check_events)"
	expect_equal "standard error" "tree -> new/tree
tree/b -> new/tree/b
'tree/b/1' -> 'new/tree/b/1'" "$(cat "$WORK/err")"
	expect_status 0 "$HAUL" mv -v --json "$WORK/copy" "$WORK/moved"
	expect_equal "outcome" "done 0" "$(check_events)"
	expect_match "^renamed '$WORK/copy' -> '$WORK/moved'$" "$WORK/err"
	expect_status 0 "$HAUL" rm -r -v --json "$WORK/moved"
	expect_equal "last event" "done 0" "$(jq -r '"\(.state) \(.exit)"' "$WORK/out" | tail -n 1)"
	expect_equal "lines" 304 "$(grep -c '^removed ' "$WORK/err")"
}

# The last progress event has the whole truth.
test_last_progress_is_complete()
{
	make_tree
	expect_status 0 "$HAUL" cp -a --json "$WORK/tree" "$WORK/copy"
	local bytes
	bytes=$(find "$WORK/tree" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
	jq -c 'select(.event == "progress")' "$WORK/out" | tail -n 1 >"$WORK/last"
	expect_equal "files" '{"planned":301,"done":301,"failed":0,"skipped":0}' \
		"$(jq -c '.files' "$WORK/last")"
	expect_equal "bytes" "$bytes $bytes $bytes true" \
		"$(jq -r '"\(.bytes.planned) \(.bytes.read) \(.bytes.accepted) \(.planning_done)"' \
			"$WORK/last")"
}

test_failures_are_events()
{
	make_tree
	mkdir -p "$WORK/copy/tree/b/7" "$WORK/copy/tree/b/9"
	expect_status 1 "$HAUL" cp -a --json "$WORK/tree" "$WORK/copy"
	expect_equal "outcome" "failed 1
$WORK/tree/b/7
$WORK/tree/b/9" "$(check_events)"
	expect_equal "errno" EISDIR \
		"$(jq -r 'select(.event == "file" and .state == "failed").errno' "$WORK/out" | uniq)"
	expect_equal "lines for people" 2 "$(wc -l <"$WORK/err")"
}

test_path_that_is_not_utf8()
{
	mkdir "$WORK/tree" "$WORK/copy"
	local name=$'bad\xff\nname'
	echo text >"$WORK/tree/$name"
	mkdir -p "$WORK/copy/tree/$name"
	expect_status 1 "$HAUL" cp -a --json "$WORK/tree" "$WORK/copy"
	check_events >/dev/null
	expect_equal "exact path" "$WORK/tree/$name" \
		"$(jq -r 'select(.event == "file").path_base64' "$WORK/out" | base64 -d)"
}

# While a copy runs, news keep coming and counts only grow.
test_events_are_live()
{
	make_filesystem from ext4 64M
	head -c 12M /dev/urandom >"$WORK/from/large"
	throttle "$WORK/from" 8000000
	(throttled "$HAUL" cp -a --json "$WORK/from/large" "$WORK/copy") >"$WORK/out"
	throttle_end
	expect_equal "outcome" "done 0" "$(check_events)"
	jq -r 'select(.event == "progress").bytes.read' "$WORK/out" >"$WORK/read"
	sort -nc "$WORK/read" || fail "bytes shrank"
	[ "$(sort -nu "$WORK/read" | wc -l)" -ge 4 ] || fail "too little news: $(cat "$WORK/out")"
	jq -r 'select(.event == "progress").current[]' "$WORK/out" >"$WORK/current"
	expect_equal "what is being copied" "$WORK/from/large" "$(uniq "$WORK/current")"
}

test_named_job()
{
	make_tree
	expect_status 0 "$HAUL" cp -a --json --job monday "$WORK/tree" "$WORK/copy"
	expect_equal "job" monday "$(jq -r .job "$WORK/out" | uniq)"
}

# A reader that goes away costs the copy nothing.
test_reader_that_leaves()
{
	make_tree
	"$HAUL" cp -a --json "$WORK/tree" "$WORK/copy" 2>"$WORK/err" | head -n 1 >"$WORK/out"
	expect_equal "status" "0" "${PIPESTATUS[0]}"
	same_tree "$WORK/tree" "$WORK/copy"
}

run_tests
