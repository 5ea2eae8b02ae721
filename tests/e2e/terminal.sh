#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The progress bar: on a terminal alone, as wide as that is, and with a true last line.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../throttle.sh"
private_mounts "$@"

BYTES=8000000

make_tree()
{
	mkdir "$WORK/tree"
	head -c "$BYTES" /dev/urandom >"$WORK/tree/large"
	echo text >"$WORK/tree/small"
}

# slow_copy ON-TERMINAL-OPTION...: a copy of two seconds on a terminal; what it paints is in
# $WORK/painted.
slow_copy()
{
	make_filesystem slow ext4 64M
	mkdir "$WORK/slow/tree"
	head -c "$BYTES" /dev/urandom >"$WORK/slow/tree/large-file-with-a-rather-long-name"
	throttle "$WORK/slow" 4000000
	(throttled "$ROOT/tests/e2e/on_terminal" "$@" "$HAUL" cp -a "$WORK/slow/tree" "$WORK/copy") \
		>"$WORK/painted" || fail "status $?: $(cat "$WORK/painted")"
	throttle_end
	same_tree "$WORK/slow/tree" "$WORK/copy"
}

test_bar_on_a_terminal()
{
	slow_copy --check-width
	expect_match '[1-9][0-9]?%' "$WORK/painted"
	expect_match '[kMG]i?B/s' "$WORK/painted"
	expect_match 'long-name' "$WORK/painted"
	[ "$(sort -u "$WORK/painted" | wc -l)" -ge 5 ] || fail "it hardly moved"
}

test_last_line_has_totals_and_time()
{
	slow_copy
	tail -n 1 "$WORK/painted" >"$WORK/last"
	expect_match '1 file' "$WORK/last"
	expect_match '8\.0 MB|7\.6 MiB' "$WORK/last"
	expect_match '[0-9] ?s' "$WORK/last"
}

test_narrow_terminals()
{
	make_tree
	local columns
	for columns in 60 40 25 12 5 1; do
		"$ROOT/tests/e2e/on_terminal" --columns "$columns" --check-width \
			"$HAUL" cp -a "$WORK/tree" "$WORK/copy-$columns" >"$WORK/painted" ||
			fail "$columns columns: $(cat "$WORK/painted")"
	done
}

test_narrow_terminal_of_a_slow_copy()
{
	slow_copy --check-width --columns 30
	expect_match '%' "$WORK/painted"
}

test_no_bar_without_a_terminal()
{
	make_tree
	expect_status 0 "$HAUL" cp -a "$WORK/tree" "$WORK/copy"
	expect_equal "output" "" "$(cat "$WORK/out" "$WORK/err")"
}

test_never_means_never()
{
	make_tree
	"$ROOT/tests/e2e/on_terminal" "$HAUL" cp -a --progress=never "$WORK/tree" "$WORK/copy" \
		>"$WORK/painted"
	expect_equal "output" "" "$(cat "$WORK/painted")"
}

test_always_without_a_terminal_has_no_colour()
{
	make_tree
	expect_status 0 "$HAUL" cp -a --progress=always "$WORK/tree" "$WORK/copy"
	expect_equal "standard output" "" "$(cat "$WORK/out")"
	expect_match "2 files" "$WORK/err"
	! grep -q $'\x1b\\[[0-9;]*m' "$WORK/err" || fail "colour in a file"
}

test_no_color_is_honoured()
{
	make_tree
	NO_COLOR=1 "$ROOT/tests/e2e/on_terminal" --raw \
		"$HAUL" cp -a "$WORK/tree" "$WORK/copy" >"$WORK/painted"
	! grep -q $'\x1b\\[[0-9;]*m' "$WORK/painted" || fail "colour although NO_COLOR is set"
}

# Names from the tree can't command the terminal.
test_escape_sequences_in_names()
{
	mkdir "$WORK/tree"
	head -c 30M /dev/urandom >"$WORK/tree/"$'name\e[31m\e]0;title\a\rend'
	"$ROOT/tests/e2e/on_terminal" --raw "$HAUL" cp -a "$WORK/tree" "$WORK/copy" >"$WORK/painted"
	! grep -q $'\x1b\\]0;title' "$WORK/painted" || fail "the name reached the terminal"
	mkdir -p "$WORK/other/tree/"$'name\e[31m\e]0;title\a\rend'
	"$ROOT/tests/e2e/on_terminal" --raw "$HAUL" cp -a "$WORK/tree" "$WORK/other" \
		>"$WORK/painted" && fail "a file replaced a directory"
	! grep -q $'\x1b\\]0;title' "$WORK/painted" || fail "the name reached the terminal"
}

run_tests
