#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A filesystem that says only when a file is closed that it could not keep what was written to it.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# haul_without_room ARGUMENT...: it can keep nothing below $WORK/to.
haul_without_room()
{
	CLOSE_FAILS_BELOW=$WORK/to/ LD_PRELOAD=$WORK/close_fails.so "$HAUL" "$@"
}

prepare()
{
	! ldd "$HAUL" | grep -q 'lib[at]san' || skip "a sanitizer must be loaded first"
	cc -D_GNU_SOURCE -shared -fPIC -o "$WORK/close_fails.so" "$(dirname "$0")/close_fails.c"
	mkdir "$WORK/from" "$WORK/to"
	head -c 10M /dev/urandom >"$WORK/from/large"
	echo small >"$WORK/from/small"
}

expect_nothing_kept()
{
	expect_equal "what is there" "" "$(find "$WORK/to" -type f)"
}

test_large_file()
{
	prepare
	expect_status 1 haul_without_room cp "$WORK/from/large" "$WORK/to/large"
	expect_equal "what it says" \
		"haul cp: error writing '$WORK/to/large': Disk quota exceeded" "$(cat "$WORK/err")"
	expect_nothing_kept
}

test_tree()
{
	prepare
	make_filesystem to tmpfs 64M
	expect_status 1 haul_without_room cp -r "$WORK/from" "$WORK/to/copy"
	expect_equal "lines" 2 "$(grep -c 'error writing .*: Disk quota exceeded' "$WORK/err")"
	expect_nothing_kept
}

test_move_keeps_its_source()
{
	prepare
	make_filesystem to tmpfs 64M
	cp -a "$WORK/from" "$WORK/before"
	expect_status 1 haul_without_room mv "$WORK/from" "$WORK/to/moved"
	same_tree "$WORK/before" "$WORK/from"
	expect_nothing_kept
}

run_tests "$@"
