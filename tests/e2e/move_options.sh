#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul mv's options mean what GNU's mean, within a filesystem and from one to another.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
private_mounts "$@"

# Where a user's own directory and another filesystem are: $WORK and $WORK/other.
two_filesystems()
{
	cd "$WORK"
	make_filesystem other tmpfs 100M
	chmod 777 . other
}

as_user()
{
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

# Releases of GNU mv differ in the status after a "no".
declined_status()
{
	[ "$(printf '%s\n9.2\n' "$(cp --version | sed -n '1s/.* //p')" | sort -V | head -1)" = 9.2 ] &&
		echo 1 || echo 0
}

expect_words()
{
	diff -u - "$WORK/err" >&2 || fail "other words than expected"
}

expect_content()
{
	expect_equal "content of $1" "$2" "$(cat "$1")"
}

# The directory that a case moves into, on either filesystem.
in_both()
{
	local function=$1 directory
	two_filesystems
	for directory in here other/there; do
		mkdir "$directory"
		rm -rf a b d
		"$function" "$directory"
	done
}

backups()
{
	echo new >a
	echo old >"$1/a"
	expect_status 0 "$HAUL" mv -bv a "$1"
	expect_content "$1/a" new
	expect_content "$1/a~" old
	expect_match "backup: '.*a~'" out
	echo newer >a
	expect_status 0 "$HAUL" mv --backup=numbered a "$1"
	expect_content "$1/a.~1~" new
	echo newest >a
	expect_status 0 "$HAUL" mv -b -S .old a "$1"
	expect_content "$1/a.~2~" newer
	mkdir -p d "$1/d"
	touch "$1/d/kept"
	expect_status 0 "$HAUL" mv --backup=simple d "$1"
	[ -f "$1/d~/kept" ] && [ -d "$1/d" ] && [ ! -e "$1/d/kept" ] || fail "no backup of a directory"
	echo source >"$1/b~"
	touch "$1/b"
	expect_status 1 "$HAUL" mv --backup=simple "$1/b~" "$1/b"
	expect_words <<<"haul mv: backing up '$1/b' might destroy source;  '$1/b~' not moved"
	expect_content "$1/b~" source
}

test_backups()
{
	in_both backups
}

# The sizes and times are equal, so that only what was done can tell what may go.
leaving()
{
	echo new >a
	echo old >"$1/a"
	touch -d 2001-02-03 a "$1/a"
	for options in -n --update=none -u --update=older '-fn' '--update=all -n'; do
		# shellcheck disable=SC2086
		expect_status 0 "$HAUL" mv $options a "$1" </dev/null
		expect_words </dev/null
		expect_content a new
		expect_content "$1/a" old
	done
	expect_status 0 "$HAUL" mv --debug -n a "$1"
	expect_equal "what is told" "skipped '$1/a'" "$(cat out)"
	expect_status 1 "$HAUL" mv --update=none-fail a "$1"
	expect_words <<<"haul mv: not replacing '$1/a'"
	touch a
	expect_status 0 "$HAUL" mv -u a "$1"
	expect_content "$1/a" new
	[ ! -e a ] || fail "still there"
}

test_what_is_left_stays_at_the_source()
{
	in_both leaving
}

asking()
{
	echo new >a
	echo old >"$1/a"
	expect_status "$(declined_status)" "$HAUL" mv -i a "$1" <<<n
	expect_equal question "haul mv: overwrite '$1/a'? " "$(cat err)"
	expect_content a new
	expect_content "$1/a" old
	echo other >b
	expect_status 0 "$HAUL" mv -i a b "$1" <<<y
	expect_content "$1/a" new
	expect_content "$1/b" other
	chmod 777 "$1"
	as_user touch a
	as_user sh -c "echo protected >'$1/c'; chmod 400 '$1/c'; echo c >c"
	expect_status 0 as_user "$HAUL" mv c "$1" </dev/null
	as_user sh -c "chmod 400 '$1/c'; echo more >c"
	expect_status 0 as_user "$HAUL" mv -i c "$1" <<<y
	expect_equal question "haul mv: replace '$1/c', overriding mode 0400 (r--------)? " "$(cat err)"
	rm -f "$1/c"
}

test_prompts()
{
	in_both asking
}

# Without an option, what is write-protected is asked about on a terminal only.
test_prompts_on_a_terminal()
{
	two_filesystems
	as_user sh -c 'mkdir to; echo old >to/a; chmod 400 to/a; echo new >a'
	as_user sh -c "echo n | timeout 20 script -qec '$HAUL mv a to' /dev/null" >out || true
	expect_match 'replace .*to/a.*overriding mode 0400' out
	expect_content to/a old
	as_user timeout 20 script -qec "$HAUL mv -f a to" /dev/null >out </dev/null
	expect_content to/a new
}

test_exchange()
{
	two_filesystems
	echo a >a
	mkdir d
	expect_status 0 "$HAUL" mv -vT --exchange a d
	[ -d a ] && [ -f d ] || fail "not exchanged"
	expect_equal words "exchanged 'a' <-> 'd'" "$(cat out)"
	expect_status 1 "$HAUL" mv --exchange d missing
	expect_words <<<"haul mv: cannot exchange 'd' and 'missing': No such file or directory"
	touch other/o
	expect_status 1 "$HAUL" mv -T --exchange d other/o
	expect_words <<<"haul mv: cannot exchange 'd' and 'other/o': Invalid cross-device link"
}

test_no_copy()
{
	two_filesystems
	echo a >a
	mkdir d
	expect_status 1 "$HAUL" mv --no-copy a d other
	expect_words <<-'END'
		haul mv: cannot move 'a' to 'other/a': Invalid cross-device link
		haul mv: cannot move 'd' to 'other/d': Invalid cross-device link
	END
	expect_status 0 "$HAUL" mv --no-copy a d/
	[ -f d/a ] || fail "not renamed"
}

# What could not be copied must not go because something like it is there already.
test_a_copy_that_fails_keeps_both()
{
	two_filesystems
	as_user sh -c 'echo new >a; echo old >other/a; touch -d 2001-02-03 a other/a; chmod 000 a'
	expect_status 1 as_user "$HAUL" mv a other
	expect_words <<<"haul mv: cannot open 'a' for reading: Permission denied"
	expect_content a new
	expect_content other/a old
}

inode_of()
{
	stat -c %i "$1"
}

test_hard_links_between_sources_are_kept()
{
	two_filesystems
	mkdir d e
	echo 1 >d/1
	head -c 9M /dev/urandom >d/large
	ln d/1 e/1
	ln d/large e/large
	ln d/1 f
	ln d/large g
	expect_status 0 "$HAUL" mv d f e g other
	[ ! -e d ] && [ ! -e e ] && [ ! -e f ] && [ ! -e g ] || fail "a source is still there"
	cd other
	expect_equal "names of 1" "$(inode_of d/1) $(inode_of d/1)" "$(inode_of e/1) $(inode_of f)"
	expect_equal "names of large" "$(inode_of d/large) $(inode_of d/large)" \
		"$(inode_of e/large) $(inode_of g)"
}

# It may have been at its end already, or be on its way out.
goes_on_to_its_end()
{
	"$HAUL" resume "$1" >out 2>&1 || true
	[ ! -e d ] && [ ! -e e ]
}

# Neither name goes before both copies are durable: a second try finds that they are one file.
test_hard_links_are_kept_when_it_is_killed()
{
	local name
	two_filesystems
	mkdir d e
	echo 1 >d/1
	for _ in $(seq 40); do head -c 300K /dev/urandom >"e/$RANDOM$RANDOM"; done
	ln d/1 e/1
	# Slow enough to be met in the middle.
	start_haul mv --limit 16M --job "linked-$$" d e other
	wait_until 10 test -d other/e
	kill -KILL "$HAUL_PROCESS" || fail "it was over before it could be killed"
	wait_for_haul || true
	for name in d/1 e/1; do
		[ -e "$name" ] || [ "$(inode_of other/d/1)" = "$(inode_of other/e/1)" ] ||
			fail "$name went before both were copied"
	done
	wait_until 10 goes_on_to_its_end "linked-$$"
	expect_equal "the other name" "$(inode_of other/d/1)" "$(inode_of other/e/1)"
	rm -f "/dev/shm/haul-$(id -u)/linked-$$"*
}

test_same_files()
{
	two_filesystems
	echo f >f
	ln f l
	ln -s f s
	expect_status 1 "$HAUL" mv f l
	expect_words <<<"haul mv: 'f' and 'l' are the same file"
	expect_status 1 "$HAUL" mv s f
	expect_words <<<"haul mv: 's' and 'f' are the same file"
	expect_status 0 "$HAUL" mv s l
	[ -L l ] || fail "the link is not there"
	expect_content l f
}

run_tests
