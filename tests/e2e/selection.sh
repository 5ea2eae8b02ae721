#!/bin/bash
# SPDX-License-Identifier: MIT
#
# --exclude and --include choose what rsync would choose.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

make_tree()
{
	mkdir -p "$WORK"/src/{a/b/c,sub,x/sub,x/a}
	touch "$WORK"/src/{a.o,sub/a.o,a/b/c/f,x/a/b,k1,b1,d1,foo,keep.c,sub/keep.c,sub/z.h}
}

# as_rsync SOURCE OPTION...
as_rsync()
{
	need_program rsync
	rm -rf "$WORK/ours" "$WORK/theirs"
	mkdir "$WORK/ours" "$WORK/theirs"
	expect_status 0 "$HAUL" cp -a "${@:2}" "$1" "$WORK/ours"
	rsync -a "${@:2}" "${1%/.}${1:+$([ "${1%/.}" = "$1" ] || echo /)}" "$WORK/theirs"
	diff <(cd "$WORK/theirs" && find . | sort) <(cd "$WORK/ours" && find . | sort) >&2 ||
		fail "other files than rsync's with ${*:2}"
}

test_patterns_choose_what_rsync_chooses()
{
	make_tree
	for pattern in '*.o' '/src/a.o' '/a.o' 'sub/' 'a/b' 'a/**' 'a/***' '[a-c]1' '[!a-c]1' 'f?o' \
		'/src/x/**' 'src' '**/c' 'x/*/b' 'keep.?'; do
		as_rsync "$WORK/src" "--exclude=$pattern"
	done
	as_rsync "$WORK/src" '--include=*.c' '--include=*/' '--exclude=*'
	as_rsync "$WORK/src" '--include=/src/sub/***' '--include=/src' '--exclude=*'
	as_rsync "$WORK/src/." '--exclude=/a.o'
	as_rsync "$WORK/src/." '--exclude=/x/**'
}

test_removals_keep_what_is_excluded()
{
	make_tree
	expect_status 0 "$HAUL" rm -r '--exclude=*.c' "$WORK/src"
	[ "$(cd "$WORK" && find src | sort | tr '\n' ' ')" = \
		"src src/keep.c src/sub src/sub/keep.c " ] || fail "$(find "$WORK/src")"
}

run_tests
