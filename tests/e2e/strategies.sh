#!/bin/bash
# SPDX-License-Identifier: MIT
#
# However data is copied, it arrives: each strategy, on each filesystem, at sizes around every
# boundary, with holes, and beyond 4 GiB.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# Reflinks need one filesystem, and one that has them.
STRATEGIES="auto range direct uring plain"

RANGE=$((64 * 1024 * 1024))

# make_large DIRECTORY BYTES...: files that are so much longer than where large ones begin.
make_large()
{
	local more
	mkdir "$1"
	for more in "${@:2}"; do
		head -c $((8 * 1024 * 1024 + more)) /dev/urandom >"$1/$more"
	done
}

# make_ragged FILE: a large file whose holes begin and end in the middle of blocks, also the last.
make_ragged()
{
	local offset
	for offset in 1 70000 1048575 9437185; do
		head -c 5000 /dev/urandom |
			dd of="$1" conv=notrunc oflag=seek_bytes seek="$offset" status=none
	done
	truncate -s 20000001 "$1"
}

make_tree()
{
	"$ROOT/tests/trees/nasty" "$1" --only sizes,sparse,large,hard-links
	make_large "$1/ranges" -1 0 1 4095 4097
	make_ragged "$1/ranges/ragged"
	truncate -s $((4096 * 1024 * 1024 + 5)) "$1/beyond-4g"
	printf 'across the boundary' |
		dd of="$1/beyond-4g" conv=notrunc oflag=seek_bytes seek=$((4096 * 1024 * 1024 - 10)) \
			status=none
}

# same_beyond A B: the last piece of the file beyond 4 GiB, without reading all of its hole.
same_beyond()
{
	cmp <(tail -c 70000 "$1/beyond-4g") <(tail -c 70000 "$2/beyond-4g")
	expect_equal "size" "$(stat -c %s "$1/beyond-4g")" "$(stat -c %s "$2/beyond-4g")"
	[ "$(stat -c %b "$2/beyond-4g")" -lt 10000 ] || fail "a hole was filled"
}

# each_strategy FROM-DIRECTORY TO-DIRECTORY STRATEGY...
each_strategy()
{
	local strategy
	make_tree "$1/tree"
	for strategy in "${@:3}"; do
		expect_status 0 "$HAUL" cp -a --strategy "$strategy" "$1/tree" "$2/copy"
		expect_equal "$strategy: what it says" "" "$(cat "$WORK/out" "$WORK/err")"
		same_beyond "$1/tree" "$2/copy"
		mv "$1/tree/beyond-4g" "$1/beyond-4g"
		rm "$2/copy/beyond-4g"
		touch -r "$2/copy" "$1/tree"
		same_tree "$1/tree" "$2/copy"
		mv "$1/beyond-4g" "$1/tree/beyond-4g"
		rm -r "$2/copy"
	done
}

# across FROM-TYPE TO-TYPE
across()
{
	make_filesystem from "$1" 600M
	make_filesystem to "$2" 600M
	# shellcheck disable=SC2086
	each_strategy "$WORK/from" "$WORK/to" $STRATEGIES
}

test_ext4_to_xfs() { across ext4 xfs; }
test_btrfs_to_ext4() { across btrfs ext4; }
test_tmpfs_to_tmpfs() { across tmpfs tmpfs; }

# inside TYPE: source and destination on one filesystem.
inside()
{
	make_filesystem both "$1" 900M
	# shellcheck disable=SC2086
	each_strategy "$WORK/both" "$WORK/both" reflink $STRATEGIES
}

test_inside_xfs() { inside xfs; }
test_inside_btrfs() { inside btrfs; }

# Who asks for reflinks wants no copies: it says so, and leaves no empty files behind.
test_refused_reflink()
{
	make_filesystem from tmpfs 10M
	make_filesystem to ext4 64M
	mkdir "$WORK/from/tree"
	echo text >"$WORK/from/tree/file"
	expect_status 1 "$HAUL" cp -a --strategy reflink "$WORK/from/tree" "$WORK/to/tree"
	expect_equal "lines" 1 "$(wc -l <"$WORK/err")"
	expect_equal "files" "" "$(find "$WORK/to/tree" -type f)"
}

# Where one range ends and the next begins, from the device and from the cache.
test_range_boundaries()
{
	local size strategy
	make_filesystem from ext4 300M
	make_filesystem to xfs 600M
	for size in $((RANGE - 1)) "$RANGE" $((RANGE + 1)); do
		head -c "$size" /dev/urandom >"$WORK/from/$size"
	done
	drop_caches
	for strategy in auto auto direct; do
		expect_status 0 "$HAUL" cp --strategy "$strategy" "$WORK/from/"[0-9]* "$WORK/to"
		for size in $((RANGE - 1)) "$RANGE" $((RANGE + 1)); do
			cmp "$WORK/from/$size" "$WORK/to/$size"
		done
		rm "$WORK/to/"*
	done
}

# Over files that are there already, longer and shorter ones.
test_over_other_files()
{
	local strategy
	make_filesystem from ext4 600M
	make_filesystem to ext4 600M
	"$ROOT/tests/trees/nasty" "$WORK/from/tree" --only sizes
	for strategy in $STRATEGIES; do
		cp -a "$WORK/from/tree" "$WORK/to/copy"
		find "$WORK/to/copy" -type f -exec truncate -s 300000 {} +
		expect_status 0 "$HAUL" cp -a --strategy "$strategy" "$WORK/from/tree/." "$WORK/to/copy"
		same_tree "$WORK/from/tree" "$WORK/to/copy"
		rm -r "$WORK/to/copy"
	done
}

run_tests
