#!/bin/bash
# SPDX-License-Identifier: MIT
#
# --exclude, --include and --files-from choose what rsync would choose; --dry-run only tells.

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

# A new seed each time, which is told when it fails: choose_as_rsync HAUL ROUNDS SEED repeats it.
test_random_patterns_and_lists()
{
	need_program rsync
	mkdir "$WORK/random"
	(cd "$WORK/random" && "$ROOT/tests/e2e/choose_as_rsync" "$HAUL" "${ROUNDS:-25}")
}

test_files_of_patterns_and_names()
{
	make_tree
	printf '# objects\n\n*.o\n+ keep.c\r/sub\n' >"$WORK/patterns"
	as_rsync "$WORK/src/." "--exclude-from=$WORK/patterns"
	printf '*.c\n*/\n' >"$WORK/patterns"
	as_rsync "$WORK/src/." "--include-from=$WORK/patterns" '--exclude=*'
	printf 'sub/z.h\0/a/b/\0./k1\0x/../foo\0' >"$WORK/names"
	as_rsync "$WORK/src/." --from0 "--files-from=$WORK/names"
	as_rsync "$WORK/src/." -0 -r "--files-from=$WORK/names"
	printf 'sub\nx/a/b' >"$WORK/names"
	as_rsync "$WORK/src/." "--files-from=$WORK/names" --exclude=sub
}

test_names_that_are_not_there()
{
	make_tree
	printf 'foo\nmissing\nfoo/below\n' |
		expect_status 1 "$HAUL" cp -a --files-from=- "$WORK/src" "$WORK/ours"
	expect_equal "what it says" "haul cp: cannot stat '$WORK/src/foo/below': Not a directory
haul cp: cannot stat '$WORK/src/missing': No such file or directory" "$(cat "$WORK/err")"
	[ -e "$WORK/ours/foo" ] || fail "the other one is missing"
	expect_status 1 "$HAUL" cp -a "--files-from=$WORK/none" "$WORK/src" "$WORK/other"
	expect_equal "what it says" \
		"haul cp: cannot read the list '$WORK/none': No such file or directory" \
		"$(cat "$WORK/err")"
	expect_status 1 "$HAUL" cp -a "--files-from=$WORK/none" a b "$WORK/src"
	expect_match "^haul cp: extra operand 'b'" "$WORK/err"
}

# found DIRECTORY: what is in it, on a line.
found()
{
	(cd "$1" && find . ! -name . | sort | tr '\n' ' ')
}

test_removals_of_what_is_listed()
{
	make_tree
	printf 'a/b\nk1\nsub/z.h\n' >"$WORK/names"
	expect_status 1 "$HAUL" rm "--files-from=$WORK/names" "$WORK/src"
	expect_equal "what it says" "haul rm: cannot remove '$WORK/src/a/b': Is a directory" \
		"$(cat "$WORK/err")"
	[ ! -e "$WORK/src/k1" ] || fail "the others were not removed"
	printf 'a/b\nb1\nd1\n' >"$WORK/names"
	expect_status 0 "$HAUL" rm -r "--files-from=$WORK/names" --exclude=b1 "$WORK/src"
	expect_equal "what is left" "./a ./a.o ./b1 ./foo ./keep.c ./sub ./sub/a.o ./sub/keep.c \
./x ./x/a ./x/a/b ./x/sub " "$(found "$WORK/src")"
}

# moves_what_is_chosen DESTINATION
moves_what_is_chosen()
{
	make_tree
	ln "$WORK/src/foo" "$WORK/src/x/sub/foo"
	mkdir -p "$1/src/sub"
	echo older >"$1/src/sub/z.h"
	expect_status 0 "$HAUL" mv '--exclude=*.c' '--exclude=/src/a' "$WORK/src" "$1"
	expect_equal "at the source" "./a ./a/b ./a/b/c ./a/b/c/f ./keep.c ./sub ./sub/keep.c " \
		"$(found "$WORK/src")"
	expect_equal "at the destination" "./a.o ./b1 ./d1 ./foo ./k1 ./sub ./sub/a.o ./sub/z.h \
./x ./x/a ./x/a/b ./x/sub ./x/sub/foo " "$(found "$1/src")"
	expect_equal "names of one file" 2 "$(stat -c %h "$1/src/foo")"
	expect_equal "what was there" "" "$(cat "$1/src/sub/z.h")"
	printf 'sub\na/b/c/f\n' >"$WORK/names"
	expect_status 0 "$HAUL" mv "--files-from=$WORK/names" "$WORK/src" "$1"
	expect_equal "at the source" "./a ./a/b ./a/b/c ./keep.c " "$(found "$WORK/src")"
	[ -e "$1/sub/keep.c" ] && [ -e "$1/a/b/c/f" ] || fail "not at the destination"
}

# keeps_what_is_not_moved DESTINATION: a file of the same size and time is there already.
keeps_what_is_not_moved()
{
	mkdir -p "$WORK/src" "$1/src"
	echo ours >"$WORK/src/a"
	echo more >"$WORK/src/b"
	echo them >"$1/src/a"
	touch -r "$WORK/src/a" "$1/src/a"
	sleep 0.1
	expect_status 0 "$HAUL" mv -n --exclude=none "$WORK/src" "$1"
	expect_equal "what it says" "" "$(cat "$WORK/out" "$WORK/err")"
	expect_equal "at the source" "ours" "$(cat "$WORK"/src/*)"
	expect_equal "at the destination" "them more" "$(cat "$1"/src/* | paste -sd " ")"
}

test_moves_by_renaming_keep_what_is_not_moved()
{
	mkdir "$WORK/to"
	keeps_what_is_not_moved "$WORK/to"
}

test_moves_by_copying_keep_what_is_not_moved()
{
	make_filesystem to ext4 16M
	keeps_what_is_not_moved "$WORK/to"
}

test_moves_by_renaming()
{
	mkdir "$WORK/to"
	moves_what_is_chosen "$WORK/to"
}

test_moves_to_another_filesystem()
{
	make_filesystem to tmpfs 16M
	moves_what_is_chosen "$WORK/to"
}

# picture: everything about all files that a run could change.
picture()
{
	find "$WORK/src" "$WORK/to" -printf '%p %i %m %u %g %s %T@ %C@ %n\n' | sort
}

# tells_what_it_would COMMAND ARGUMENT...: the same lines and status as the real one, which comes
# afterwards; before that, nothing has changed.
tells_what_it_would()
{
	local before status=0
	before=$(picture)
	"$HAUL" "$1" --dry-run "${@:2}" >"$WORK/told" 2>"$WORK/told.err" || status=$?
	expect_equal "after haul $* --dry-run" "$before" "$(picture)"
	[ -z "$(journals)" ] || fail "there is a journal"
	expect_status "$status" "$HAUL" "$1" -v "${@:2}"
	diff <(sort "$WORK/out") <(sort "$WORK/told") || fail "$*: other lines"
	diff <(sort "$WORK/err") <(sort "$WORK/told.err") || fail "$*: other messages"
}

journals()
{
	find "$XDG_STATE_HOME" -name '*.journal' 2>/dev/null || true
}

make_both()
{
	rm -rf "$WORK/src" "$WORK/to"
	make_tree
	ln -s nowhere "$WORK/src/link"
	ln "$WORK/src/foo" "$WORK/src/sub/foo"
	head -c 9M /dev/zero >"$WORK/src/large"
	mkdir -p "$WORK"/to/src/{keep.c,a}
	touch "$WORK"/to/src/{x,foo,a.o}
}

test_dry_runs()
{
	local to=$WORK/to
	make_both
	tells_what_it_would cp -a "$WORK/src" "$to"
	make_both
	tells_what_it_would cp -r --update=none --exclude=sub "$WORK/src" "$to"
	make_both
	tells_what_it_would cp -a "$WORK/src" "$to/new"
	make_both
	tells_what_it_would cp "$WORK/src/foo" "$WORK/src/sub" "$WORK/none" "$to"
	make_both
	tells_what_it_would cp -al "$WORK/src" "$to/new"
	make_both
	tells_what_it_would mv "$WORK/src/foo" "$WORK/src/none" "$to"
	make_both
	tells_what_it_would mv "$WORK/src" "$to/none/src"
	make_both
	tells_what_it_would mv "$WORK/src" "$to"
	make_both
	tells_what_it_would rm -r "$WORK/src" "$WORK/none" "$to/src/x"
	make_both
	tells_what_it_would rm -d "$to/src/a" "$to/src" "$WORK/src/foo"
	make_both
	tells_what_it_would rm -r --exclude=keep.c "$WORK/src"
}

# To another filesystem, what is removed afterwards is not told.
test_dry_run_of_a_move_by_copying()
{
	make_filesystem other tmpfs 32M
	make_both
	before=$(picture)
	expect_status 0 "$HAUL" mv --dry-run "$WORK/src" "$WORK/other"
	expect_equal "afterwards" "$before" "$(picture)"
	expect_equal "at the destination" "" "$(found "$WORK/other")"
	expect_match "^copied '.*/src/sub/z.h' -> '.*/other/src/sub/z.h'$" "$WORK/out"
	expect_equal lines "$(find "$WORK/src" | wc -l)" "$(wc -l <"$WORK/out")"
}

run_tests
