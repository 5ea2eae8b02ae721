#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What chattr(1) has set, and project ids, as far as the destination can hold them.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"
trap 'clear_flags' EXIT

# Nothing immutable may be left behind.
clear_flags()
{
	[ -z "${WORK:-}" ] || chattr -R -f -i -a "$WORK" 2>/dev/null || true
}

# flags_of PATH: its project, and those of the flags that are to be kept.
flags_of()
{
	lsattr -dp "$1" | awk '{gsub("[^iadASP]", "", $2); print $1, $2}'
}

# make_tree DIRECTORY [PROJECT]
make_tree()
{
	local tree=$1
	mkdir -p "$tree/directory" "$tree/kept"
	echo content | tee "$tree/plain" "$tree/append" "$tree/nodump" "$tree/directory/fixed" \
		"$tree/noatime" "$tree/kept/in" >/dev/null
	head -c 20M /dev/zero | tr '\0' x >"$tree/large"
	echo content >"$tree/named"
	ln "$tree/named" "$tree/other-name"
	[ -z "${2:-}" ] || chattr -p "$2" "$tree/plain" "$tree/append" "$tree/large" "$tree/kept"
	[ -z "${2:-}" ] || chattr +P "$tree/kept"
	chattr +a "$tree/append"
	chattr +d "$tree/nodump"
	chattr +A "$tree/noatime"
	chattr +i "$tree/large" "$tree/directory/fixed" "$tree/directory"
	touch -d 2001-02-03 "$tree/plain"
}

# expect_same_flags ONE OTHER
expect_same_flags()
{
	local path
	while read -r path; do
		expect_equal "flags of $path" "$(flags_of "$1/$path")" "$(flags_of "$2/$path")"
	done < <(cd "$1" && find . -type f -o -type d)
}

# keeps TYPE PROJECT [mkfs option...]
keeps()
{
	local type=$1 project=$2
	shift 2
	need_program chattr e2fsprogs
	make_filesystem from "$type" 400M "$@"
	make_filesystem to "$type" 400M "$@"
	make_tree "$WORK/from/tree" "$project"
	expect_status 0 "$HAUL" cp -a "$WORK/from/tree" "$WORK/to/tree"
	expect_equal "what it says" "" "$(cat "$WORK/err")"
	expect_same_flags "$WORK/from/tree" "$WORK/to/tree"
	same_tree "$WORK/from/tree" "$WORK/to/tree"
	expect_equal "something is immutable" 3 "$(lsattr -R "$WORK/to/tree" | grep -c '^----i')"
	clear_flags
}

test_ext4() { keeps ext4 ""; }
test_xfs() { keeps xfs 77; }
test_btrfs() { keeps btrfs ""; }

test_only_when_all_is_kept()
{
	make_filesystem from ext4 100M
	make_tree "$WORK/from/tree"
	expect_status 0 "$HAUL" cp -rp "$WORK/from/tree" "$WORK/from/times"
	expect_equal "flags" 0 "$(lsattr -R "$WORK/from/times" | grep -c '^----[ia]')"
	expect_status 0 "$HAUL" cp -a --no-preserve=flags "$WORK/from/tree" "$WORK/from/without"
	expect_equal "flags" 0 "$(lsattr -R "$WORK/from/without" | grep -c '^----[ia]')"
	clear_flags
}

# One line for all files, and the rest is kept.
test_a_filesystem_without_projects()
{
	make_filesystem from xfs 400M
	make_filesystem to btrfs 400M
	make_tree "$WORK/from/tree" 77
	expect_status 0 "$HAUL" cp -a --workers=1 "$WORK/from/tree" "$WORK/to/tree"
	expect_equal "lines" 1 "$(grep -c "not kept" "$WORK/err")"
	expect_equal "immutable" "$(cd "$WORK/from" && lsattr -R tree | grep -c '^----i')" \
		"$(cd "$WORK/to" && lsattr -R tree | grep -c '^----i')"
	clear_flags
}

# A file that can't be linked any more would lose its other names.
test_names_come_before_flags()
{
	make_filesystem from ext4 100M
	mkdir "$WORK/from/tree"
	echo content >"$WORK/from/tree/one"
	ln "$WORK/from/tree/one" "$WORK/from/tree/two"
	chattr +i "$WORK/from/tree/one"
	"$HAUL" cp -a "$WORK/from/tree" "$WORK/from/copy" 2>"$WORK/err" || true
	grep -q "setting inode flags for '.*/copy/.*': Too many links" "$WORK/err" ||
		fail "what is lost is not told: $(cat "$WORK/err")"
	chattr -i "$WORK/from/tree/one"
	same_tree "$WORK/from/tree" "$WORK/from/copy"
}

run_tests "$@"
