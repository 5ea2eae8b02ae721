#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A file of more parts than are kept in memory at a time.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# same_at MEGABYTES: one megabyte there.
same_at()
{
	cmp <(dd if="$WORK/huge" bs=1M skip="$1" count=1 status=none) \
		<(dd if="$WORK/copy" bs=1M skip="$1" count=1 status=none) || fail "differs at $1 MB"
}

test_all_parts_are_copied_in_turn()
{
	local place
	truncate -s 40G "$WORK/huge"
	for place in 0 16383 16384 16385 40959; do
		dd if=/dev/urandom of="$WORK/huge" bs=1M seek="$place" count=1 conv=notrunc status=none
	done
	expect_status 0 "$HAUL" cp -a --json "$WORK/huge" "$WORK/copy"
	expect_equal size $((40 << 30)) "$(stat -c %s "$WORK/copy")"
	for place in 0 1 16383 16384 16385 32000 40959; do
		same_at "$place"
	done
	[ "$(stat -c %b "$WORK/copy")" -lt 100000 ] || fail "its holes are filled"
	jq -se '[.[] | select(.event == "progress").bytes] | last |
		.accepted == .planned' "$WORK/out" >/dev/null || fail "$(tail -n 2 "$WORK/out")"
}

run_tests
