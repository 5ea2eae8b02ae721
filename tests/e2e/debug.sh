#!/bin/bash
# SPDX-License-Identifier: MIT
#
# --debug tells how each file was copied, in GNU's words, and that is how it was copied.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# expect_manner WORDS ARGUMENT...: what --debug tells of the one file that is copied to "copy".
expect_manner()
{
	local words=$1
	shift
	rm -f copy
	expect_status 0 "$HAUL" cp --debug "$@" copy
	expect_equal "haul cp $*" "$words" "$(tail -n +2 "$WORK/out")"
}

make_files()
{
	cd "$WORK/$1"
	echo small >small
	head -c 9M /dev/urandom >large
	truncate -s 20M hole
	{ cat small && head -c 1M /dev/zero; } >zeros
	sync
}

expect_allocated()
{
	[ $(($(stat -c %b copy) * 512)) -ge "$(stat -c %s copy)" ] || fail "$1: there are holes"
}

test_where_nothing_is_shared()
{
	local none='copy offload: avoided, reflink: no, sparse detection:'
	make_filesystem ext4 ext4 200M
	make_files ext4
	expect_manner "$none no" --reflink=never small
	expect_manner "$none no" --reflink=never large
	expect_manner "$none SEEK_HOLE" --reflink=never hole
	expect_manner "$none SEEK_HOLE + zeros" --reflink=never --sparse=always zeros
	expect_manner "$none no" --sparse=never hole
	expect_allocated "of --sparse=never"
	expect_manner "${none/no,/unsupported,} no" large
	expect_manner "copy offload: yes, reflink: no, sparse detection: no" --strategy=range large
}

test_what_has_no_content_of_its_own()
{
	make_files .
	expect_manner "" --attributes-only large
	expect_manner "" --link large
	expect_manner "" --symbolic-link small
	cp large copy
	expect_status 0 "$HAUL" cp --debug --update=none large copy
	expect_equal "what is left out" "skipped 'copy'" "$(cat "$WORK/out")"
}

# Files that share blocks share holes, so there is no reflink where none may be.
test_where_blocks_are_shared()
{
	make_filesystem xfs xfs 400M
	make_files xfs
	expect_manner "copy offload: unknown, reflink: yes, sparse detection: unknown" large
	expect_manner "copy offload: avoided, reflink: no, sparse detection: no" --sparse=never hole
	expect_allocated "of --sparse=never"
}

run_tests
