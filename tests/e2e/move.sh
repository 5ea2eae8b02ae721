#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul mv renames, and copies, syncs and removes where it can't rename.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

make_tree()
{
	mkdir -p "$1/sub/empty" "$1/many"
	(cd "$1/many" && seq 300 | xargs touch)
	head -c 3M /dev/urandom >"$1/sub/data"
	head -c 20M /dev/urandom >"$1/large"
	ln "$1/large" "$1/sub/other-name"
	ln -s nowhere "$1/link"
	mkfifo "$1/fifo"
	chmod 711 "$1/sub"
	touch -d '2001-02-03 04:05:06.789' "$1/sub/data" "$1/many"
}

expect_words()
{
	diff -u - "$WORK/err" >&2 || fail "other words than expected"
}

test_a_rename_keeps_the_inode()
{
	cd "$WORK"
	make_tree tree
	inode=$(stat -c %i tree/large)
	expect_status 0 "$HAUL" mv -v tree moved
	[ "$(cat out)" = "renamed 'tree' -> 'moved'" ] || fail "said: $(cat out)"
	[ "$(stat -c %i moved/large)" = "$inode" ] || fail "copied"
	mkdir into
	expect_status 0 "$HAUL" mv moved into
	[ ! -e moved ] && [ -f into/moved/sub/data ] || fail "not moved into the directory"
}

test_a_tree_moves_to_every_filesystem()
{
	for type in ext4 xfs btrfs tmpfs; do
		make_filesystem "$type" "$type" 600M
		make_tree "$WORK/tree"
		cp -a "$WORK/tree" "$WORK/kept"
		expect_status 0 "$HAUL" mv "$WORK/tree" "$WORK/$type/moved"
		[ ! -e "$WORK/tree" ] || fail "the source is still there"
		same_tree "$WORK/kept" "$WORK/$type/moved"
		expect_status 0 "$HAUL" mv "$WORK/$type/moved" "$WORK/back"
		same_tree "$WORK/kept" "$WORK/back"
		rm -r "$WORK/kept" "$WORK/back"
	done
}

test_files_move_to_another_filesystem()
{
	cd "$WORK"
	make_filesystem other tmpfs 100M
	echo a >a
	echo b >b
	ln -s a link
	head -c 10M /dev/urandom >c
	sum=$(sha256sum <c)
	expect_status 0 "$HAUL" mv a b link c other
	[ "$(cd other && ls | tr '\n' ' ')" = "a b c link " ] || fail "$(ls other)"
	[ ! -e a ] && [ ! -e b ] && [ ! -e c ] && [ ! -L link ] || fail "a source is still there"
	[ "$(sha256sum <other/c)" = "$sum" ] || fail "damaged"
	expect_status 0 "$HAUL" mv other/a renamed
	[ "$(cat renamed)" = a ] || fail "not renamed"
}

test_what_cannot_be_copied_stays()
{
	cd "$WORK"
	make_filesystem small tmpfs 8M
	mkdir tree
	head -c 1M /dev/urandom >tree/fits
	head -c 30M /dev/urandom >tree/large
	expect_status 1 "$HAUL" mv tree small
	[ -f tree/large ] || fail "lost what did not fit"
	[ "$(grep -c . err)" = 1 ] || fail "$(cat err)"
	[ -f small/tree/fits ] || [ -f tree/fits ] || fail "lost what fits"
}

# is_copied NAME...: of the tree that is being moved.
is_copied()
{
	local name
	for name; do
		cmp -s "$WORK/tree/$name" "$WORK/other/tree/$name" || return 1
	done
}

# One file that is too large for the destination's filesystem fails, which says nothing about these.
test_all_that_changed_meanwhile_is_named()
{
	local also
	make_filesystem other ext4 100M
	cd "$WORK"
	for also in nothing too-large; do
		rm -rf tree other/tree
		mkdir tree
		for name in 1 2 3 unchanged; do seq 1000 >"tree/$name"; done
		head -c 16M /dev/urandom >tree/slow
		[ $also = nothing ] || truncate -s 17T tree/too-large
		"$HAUL" mv --limit 16M tree other 2>err &
		wait_until 10 is_copied 1 2 3 unchanged
		for name in 1 2 3; do echo more >>"tree/$name"; done
		wait $! && fail "$also: it does not tell that something stayed"
		expect_equal "$also: named" "$(printf "haul mv: not removing 'tree/%s', as it changed since it was copied\n" 1 2 3)" \
			"$(grep 'not removing' err | sort)"
		[ $also = nothing ] || expect_match "'(other/)?tree/too-large'.*: File too large" err
		expect_equal "$also: what stayed" "$(printf '%s\n' 1 2 3 "$also" | grep -v nothing)" \
			"$(ls tree)"
	done
}

test_words_are_those_of_mv()
{
	cd "$WORK"
	mkdir -p d/e target/d/full
	touch f
	expect_status 1 "$HAUL" mv missing target
	expect_words <<<"haul mv: cannot stat 'missing': No such file or directory"
	expect_status 1 "$HAUL" mv f f
	expect_words <<<"haul mv: 'f' and 'f' are the same file"
	expect_status 1 "$HAUL" mv d d/e
	expect_words <<<"haul mv: cannot move 'd' to a subdirectory of itself, 'd/e/d'"
	expect_status 1 "$HAUL" mv d f
	expect_words <<<"haul mv: cannot overwrite non-directory 'f' with directory 'd'"
	expect_status 1 "$HAUL" mv -T f d
	expect_words <<<"haul mv: cannot overwrite directory 'd' with non-directory"
	expect_status 1 "$HAUL" mv d target
	expect_words <<<"haul mv: cannot move 'd' to 'target/d': Directory not empty"
}

# Killed at any moment, every file is at its source or complete at its destination.
test_nothing_is_lost_when_it_is_killed()
{
	cd "$WORK"
	make_filesystem other tmpfs 300M
	mkdir original
	for file in $(seq 200); do head -c $((file * 997)) /dev/urandom >"original/$file"; done
	head -c 20M /dev/urandom >original/large
	(cd original && sha256sum -- *) | sort >sums
	for round in $(seq 12); do
		rm -rf tree other/tree
		cp -a original tree
		"$HAUL" mv --job "moved-$$-$round" tree other &
		sleep "0.0$((RANDOM % 9))$((RANDOM % 10))"
		kill -9 $! 2>/dev/null || true
		wait $! 2>/dev/null || true
		sleep 0.1
		for file in original/*; do
			name=${file#original/}
			cmp -s "$file" "tree/$name" || cmp -s "$file" "other/tree/$name" ||
				fail "round $round lost $name"
		done
	done
	# What a killed job leaves is kept for an hour, for those who want to look at it.
	rm -f "/dev/shm/haul-$(id -u)/moved-$$-"*
}

test_directories_without_room_stay()
{
	mkdir -p "$WORK/tree"/{1..9}/below "$WORK/to"
	mount -t tmpfs -o nr_inodes=9 haul-test "$WORK/to"
	expect_status 1 "$HAUL" mv "$WORK/tree" "$WORK/to"
	expect_match "cannot create directory .*: No space left on device" "$WORK/err"
	expect_equal "directories on either side" "$(printf '%s\n' {1..9} {1..9}/below | sort)" \
		"$( (cd "$WORK/tree" && find . -mindepth 1; cd "$WORK/to/tree" && find . -mindepth 1) |
			sed 's/^..//' | sort -u)"
}

run_tests
