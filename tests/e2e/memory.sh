#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Memory is bounded, however large the tree: a million files, under 64 MB in all processes together.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

LIMIT_KIB=65536
FILES=${FILES:-1000000}

test_a_million_files()
{
	local peak
	make_filesystem room tmpfs 90% # its inodes are counted apart:
	mount -o remount,nr_inodes=0 "$WORK/room"
	"$ROOT/tests/trees/many" "$WORK/room/tree" "$FILES"
	expect_status 0 "$ROOT/tests/e2e/peak_memory" "$WORK/peak" \
		"$HAUL" cp -a "$WORK/room/tree" "$WORK/room/copy"
	peak=$(cat "$WORK/peak")
	echo "peak: $((peak / 1024)) MiB"
	[ "$peak" -lt "$LIMIT_KIB" ] || fail "$peak KiB"
	expect_equal "files" "$FILES" "$(find "$WORK/room/copy" -type f -printf . | wc -c)"
}

# One directory, so that a listing can't be kept whole.
test_one_flat_directory()
{
	local peak
	make_filesystem room tmpfs 90%
	mount -o remount,nr_inodes=0 "$WORK/room"
	"$ROOT/tests/trees/many" "$WORK/room/tree" $((FILES / 4)) "$FILES"
	expect_status 0 "$ROOT/tests/e2e/peak_memory" "$WORK/peak" \
		"$HAUL" cp -a "$WORK/room/tree" "$WORK/room/copy"
	peak=$(cat "$WORK/peak")
	echo "peak: $((peak / 1024)) MiB"
	[ "$peak" -lt "$LIMIT_KIB" ] || fail "$peak KiB"
	expect_equal "files" $((FILES / 4)) "$(find "$WORK/room/copy" -type f -printf . | wc -c)"
}

run_tests
