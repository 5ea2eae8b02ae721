#!/bin/bash
# SPDX-License-Identifier: MIT
#
# --explain tells how each kind of file was copied, and why.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# make_files DIRECTORY: a file of each kind, and of some two.
make_files()
{
	mkdir "$1"
	printf small | tee "$1/small-1" >"$1/small-2"
	head -c 700000 /dev/urandom | tee "$1/medium-1" >"$1/medium-2"
	head -c 9M /dev/urandom | tee "$1/large-1" >"$1/large-2"
	truncate -s 3M "$1/holes"
	truncate -s 30M "$1/large-holes"
}

# explains PATTERN: one line does, in these words.
explains()
{
	expect_equal "lines that match '$1'" 1 "$(grep -Ec "^haul (cp|mv): explain: $1" "$WORK/err")"
}

test_each_kind_once()
{
	make_filesystem from ext4 100M
	make_filesystem to xfs 400M
	make_files "$WORK/from/tree"
	drop_caches
	expect_status 0 "$HAUL" cp -a --explain "$WORK/from/tree" "$WORK/to/tree"
	expect_equal "what it says else" "" "$(grep -v '^haul cp: explain: ' "$WORK/err" || true)"
	expect_equal "lines that come twice" "" "$(sort "$WORK/err" | uniq -d)"
	explains 'small files, ext4 on /dev/loop[0-9]+ to xfs on /dev/loop[0-9]+: .*, because '
	explains 'medium files, ext4 on .*, because '
	explains 'medium files with holes, ext4 on .*, because '
	explains 'large files with holes, ext4 on .*, because '
	explains 'large files, ext4 on .*: direct reads and writes, .*, because the page cache'
	same_tree "$WORK/from/tree" "$WORK/to/tree"
}

test_what_is_cached_is_not_read_again()
{
	make_filesystem from ext4 100M
	make_filesystem to xfs 400M
	make_files "$WORK/from/tree"
	cat "$WORK/from/tree/"large-? >"$WORK/all"
	expect_status 0 "$HAUL" cp --explain "$WORK/from/tree/"large-? "$WORK/to"
	explains 'large files that are in memory, .*: reads through the page cache'
}

test_reflinks()
{
	make_filesystem both xfs 400M -m reflink=1
	make_files "$WORK/both/tree"
	expect_status 0 "$HAUL" cp -a --explain "$WORK/both/tree" "$WORK/both/copy"
	explains 'medium files, xfs on .*: reflinks, because '
	explains 'large files, xfs on .*: reflinks, because '
}

test_a_rename()
{
	mkdir "$WORK/directory"
	expect_status 0 "$HAUL" mv --explain "$WORK/directory" "$WORK/other"
	explains 'moves inside one filesystem: renamed, because'
}

test_what_was_asked_for()
{
	make_filesystem to tmpfs 100M
	make_files "$WORK/tree"
	expect_status 0 "$HAUL" cp --explain --strategy plain "$WORK/tree/large-1" "$WORK/to"
	explains 'large files.* to tmpfs: plain reads and writes of .*, because as asked'
}

# Nobody asked.
test_silence()
{
	make_files "$WORK/tree"
	expect_status 0 "$HAUL" cp -a "$WORK/tree" "$WORK/copy"
	expect_equal "what it says" "" "$(cat "$WORK/out" "$WORK/err")"
}

run_tests
