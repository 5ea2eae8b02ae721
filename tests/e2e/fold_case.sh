#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A destination that takes two names for one, as most cards and sticks do, loses no file.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

MERGED=": another name in the source is the same at the destination"

# make_trees TYPE: $WORK/from has names that are one in $WORK/to.
make_trees()
{
	make_filesystem to exfat 64M
	mkdir -p "$WORK/from/Dir" "$WORK/from/dir" "$WORK/from/plain"
	echo upper >"$WORK/from/A"
	echo lower >"$WORK/from/a"
	echo upper >"$WORK/from/Dir/x"
	echo lower >"$WORK/from/dir/x"
	echo upper >"$WORK/from/plain/Ä"
	echo lower >"$WORK/from/plain/ä"
	seq 300 | sed "s|.*|$WORK/from/plain/&|" | xargs touch
}

# Each file is at the destination, or named.
expect_none_lost()
{
	local file found told
	for file in A a Dir/x dir/x plain/Ä plain/ä; do
		found=$(find "$WORK/to/from" -path "$WORK/to/from/$file" | wc -l)
		told=$(grep -cF -e "'$WORK/from/$file'$MERGED" -e "'$WORK/from/${file%/*}'$MERGED" \
			"$WORK/err" || true)
		expect_equal "$file is there, or it is told" 1 $((found + told))
		[ "$found" = 0 ] || cmp "$WORK/from/$file" "$WORK/to/from/$file"
	done
	expect_equal "failures" 3 "$(grep -cF "$MERGED" "$WORK/err")"
	expect_equal "all others" 300 "$(find "$WORK/to/from/plain" -name '[0-9]*' | wc -l)"
}

test_merges_nothing()
{
	make_trees
	expect_status 1 "$HAUL" cp -r "$WORK/from" "$WORK/to"
	expect_none_lost
}

test_merges_nothing_a_second_time()
{
	make_trees
	expect_status 1 "$HAUL" cp -r "$WORK/from" "$WORK/to"
	expect_status 1 "$HAUL" cp -r "$WORK/from" "$WORK/to"
	expect_none_lost
}

test_a_move_keeps_what_would_merge()
{
	make_trees
	expect_status 1 "$HAUL" mv "$WORK/from/A" "$WORK/from/a" "$WORK/to"
	expect_equal "what went" 1 "$(find "$WORK/to" -iname a | wc -l)"
	expect_equal "what stayed" 1 "$(find "$WORK/from" -maxdepth 1 -iname a | wc -l)"
	expect_equal "both" "lower upper" \
		"$(cat "$WORK"/to/[aA] "$WORK"/from/[aA] 2>/dev/null | sort | xargs)"
}

# The name in the source may have changed its case since the last copy.
# Of a whole tree, with names that are the same size and age as what has their place.
test_a_move_of_a_tree_keeps_what_would_merge()
{
	local file
	make_trees
	find "$WORK/from" -exec touch -d 2026-01-02 {} +
	cp -a "$WORK/from" "$WORK/kept"
	expect_status 1 "$HAUL" mv "$WORK/from" "$WORK/to"
	for file in A a Dir/x dir/x plain/Ä plain/ä; do
		cmp -s "$WORK/kept/$file" "$WORK/from/$file" ||
			[ "$(find "$WORK/to/from" -path "$WORK/to/from/$file" \
				-exec cmp {} "$WORK/kept/$file" \; -print)" ] ||
			fail "$file is lost"
	done
	expect_equal "what went" 300 "$(find "$WORK/to/from/plain" -name '[0-9]*' | wc -l)"
}

test_overwrites_another_spelling()
{
	make_filesystem to exfat 64M
	mkdir "$WORK/from"
	echo old >"$WORK/to/README"
	echo new >"$WORK/from/Readme"
	expect_status 0 "$HAUL" cp -r "$WORK/from/." "$WORK/to"
	expect_equal "content" new "$(cat "$WORK/to/readme")"
}

# Where case counts, such names are two.
test_keeps_both_where_case_counts()
{
	mkdir -p "$WORK/from" "$WORK/to"
	echo upper >"$WORK/from/A"
	echo lower >"$WORK/from/a"
	expect_status 0 "$HAUL" cp -a "$WORK/from" "$WORK/to"
	expect_status 0 "$HAUL" cp -a "$WORK/from" "$WORK/to"
	same_tree "$WORK/from" "$WORK/to/from"
}

run_tests "$@"
