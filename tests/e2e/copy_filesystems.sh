#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A tree with everything in it arrives whole on and across real filesystems.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# nasty DIRECTORY [OPTION...]: makes the tree; without attributes where the filesystem has none.
nasty()
{
	local directory=$1
	shift
	if ! setfattr -n user.haul-test "$(dirname "$directory")" 2>/dev/null; then
		set -- "$@" --without xattrs
	fi
	"$ROOT/tests/trees/nasty" "$directory" "$@"
}

# copies_whole SOURCE-TYPE DESTINATION-TYPE
copies_whole()
{
	make_filesystem from "$1" 600M
	make_filesystem to "$2" 600M
	nasty "$WORK/from/tree" --seed "${#1}${#2}"
	expect_status 0 "$HAUL" cp -a "$WORK/from/tree" "$WORK/to/tree"
	expect_equal "what it says" "" "$(cat "$WORK/out" "$WORK/err")"
	same_tree "$WORK/from/tree" "$WORK/to/tree"
	expect_equal "left beside the copy" "$WORK/to/tree" \
		"$(find "$WORK/to" -mindepth 1 -maxdepth 1 ! -name lost+found)"
}

test_ext4_to_xfs() { copies_whole ext4 xfs; }
test_xfs_to_btrfs() { copies_whole xfs btrfs; }
test_btrfs_to_tmpfs() { copies_whole btrfs tmpfs; }
test_tmpfs_to_ext4() { copies_whole tmpfs ext4; }

# copies_inside TYPE: source and destination on one filesystem, where extents may be shared.
copies_inside()
{
	make_filesystem both "$1" 900M
	nasty "$WORK/both/tree"
	expect_status 0 "$HAUL" cp -a "$WORK/both/tree" "$WORK/both/copy"
	same_tree "$WORK/both/tree" "$WORK/both/copy"
}

test_inside_ext4() { copies_inside ext4; }
test_inside_xfs() { copies_inside xfs; }
test_inside_btrfs() { copies_inside btrfs; }
test_inside_tmpfs() { copies_inside tmpfs; }

# The second copy meets everything that the first has made.
test_copies_over_a_copy()
{
	make_filesystem from ext4 600M
	make_filesystem to xfs 600M
	nasty "$WORK/from/tree" --without sockets,devices,types,hard-links
	cp -a "$WORK/from/tree" "$WORK/to/tree"
	find "$WORK/to/tree" -type f -size -2k -exec truncate -s 77 {} +
	expect_status 0 "$HAUL" cp -a "$WORK/from/tree/." "$WORK/to/tree"
	same_tree "$WORK/from/tree" "$WORK/to/tree"
}

# Holes stay holes: a file of 3 TiB fits.
test_holes_take_no_room()
{
	make_filesystem from xfs 400M
	make_filesystem to ext4 400M -b 4096
	mkdir "$WORK/from/tree"
	truncate -s 3T "$WORK/from/tree/huge"
	printf 'begin' | dd of="$WORK/from/tree/huge" conv=notrunc status=none
	printf 'end' | dd of="$WORK/from/tree/huge" conv=notrunc seek=2T oflag=seek_bytes status=none
	expect_status 0 "$HAUL" cp -a "$WORK/from/tree" "$WORK/to/tree"
	expect_equal size $((3 << 40)) "$(stat -c %s "$WORK/to/tree/huge")"
	expect_equal begin begin "$(head -c 5 "$WORK/to/tree/huge")"
	expect_equal end end \
		"$(dd if="$WORK/to/tree/huge" skip=2T iflag=skip_bytes,count_bytes count=3 status=none)"
	[ "$(stat -c %b "$WORK/to/tree/huge")" -lt 1000 ] || fail "holes were filled"
}

run_tests
