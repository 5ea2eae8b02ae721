#!/bin/bash
# SPDX-License-Identifier: MIT
#
# While root copies, moves or removes a tree, its owner swaps names in it for symlinks that lead
# outside: nothing outside is read, written or removed.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
private_mounts "$@"

SECONDS_EACH=${SECONDS_EACH:-4}
SWAPS_WANTED=${SWAPS_WANTED:-1000}

make_outside()
{
	mkdir -p "$WORK/outside/directory/sub"
	echo 'must not be read' >"$WORK/outside/directory/file"
	echo 'must not be read' >"$WORK/outside/directory/sub/file"
	for number in $(seq 20); do
		echo 'must not be read' >"$WORK/outside/directory/f$number"
	done
	(cd "$WORK/outside" && find . -printf '%p %m %u %s %T@ %C@\n' | sort) >"$WORK/before"
}

make_victim()
{
	local directory
	for directory in a a/b a/b/c d d/e; do
		mkdir -p "$1/$directory/sub"
		for number in $(seq 20); do
			echo "ordinary $number" >"$1/$directory/f$number"
			echo "ordinary $number" >"$1/$directory/sub/file$number"
		done
	done
}

# A fresh tree, made where nobody swaps anything, in the place of one that is gone.
renew_tree()
{
	[ ! -e "$WORK/tree" ] || return 0
	make_victim "$WORK/fresh"
	mv -T "$WORK/fresh" "$WORK/tree"
}

start_swapper()
{
	rm -f "$WORK/stop"
	"$ROOT/tests/fault/swapper" "$1" "$WORK/outside" "$WORK/stop" >>"$WORK/swaps" &
	SWAPPERS+=($!)
}

stop_swappers()
{
	touch "$WORK/stop"
	wait "${SWAPPERS[@]}"
	SWAPPERS=()
}

expect_outside_untouched()
{
	(cd "$WORK/outside" && find . -printf '%p %m %u %s %T@ %C@\n' | sort) |
		diff "$WORK/before" - >&2 || fail "something outside was touched"
}

expect_enough_swaps()
{
	local swaps
	swaps=$(awk '{ sum += $1 } END { print sum + 0 }' "$WORK/swaps")
	[ "$swaps" -ge "$SWAPS_WANTED" ] || fail "only $swaps swaps"
	echo "note: $swaps swaps"
}

# repeat FUNCTION: again and again for a while.
repeat()
{
	local end=$(($(now_us) + SECONDS_EACH * 1000000))
	while [ "$(now_us)" -lt "$end" ]; do "$1"; done
}

SWAPPERS=()

copy_once()
{
	"$HAUL" cp -a "$WORK/tree" "$WORK/copy" >/dev/null 2>&1 || true
	# What was swapped is an error or a copy of a symlink, never its content.
	if grep -rqs --devices=skip 'must not be read' "$WORK/copy"; then
		fail "read what lies outside"
	fi
}

# The source is attacked first, then the destination, which is copied over again and again.
test_copies_neither_read_nor_write_outside()
{
	make_outside
	make_victim "$WORK/tree"
	start_swapper "$WORK/tree"
	repeat copy_once
	stop_swappers
	expect_outside_untouched
	start_swapper "$WORK/copy"
	repeat copy_once
	stop_swappers
	expect_outside_untouched
	expect_enough_swaps
}

remove_once()
{
	renew_tree
	"$HAUL" rm -rf "$WORK/tree" >/dev/null 2>&1 || true
}

test_removals_stay_inside()
{
	make_outside
	make_victim "$WORK/tree"
	start_swapper "$WORK/tree"
	repeat remove_once
	stop_swappers
	expect_outside_untouched
	expect_enough_swaps
}

move_once()
{
	renew_tree
	rm -rf --one-file-system "$WORK/other/tree"
	"$HAUL" mv "$WORK/tree" "$WORK/other" >/dev/null 2>&1 || true
	if grep -rqs --devices=skip 'must not be read' "$WORK/other"; then
		fail "read what lies outside"
	fi
}

test_moves_stay_inside()
{
	make_outside
	make_filesystem other tmpfs 64M
	make_victim "$WORK/tree"
	start_swapper "$WORK/tree"
	repeat move_once
	stop_swappers
	expect_outside_untouched
	expect_enough_swaps
}

# swap_temporary COMMAND...: begins to copy a large file and runs the command on its temporary file's
# name as soon as that is there.
swap_temporary()
{
	local temporary
	head -c 40M /dev/urandom >"$WORK/large"
	mkdir "$WORK/to"
	start_haul cp --limit 40M "$WORK/large" "$WORK/to/copy"
	wait_until 10 has_temporary "$WORK/to"
	temporary=$(echo "$WORK"/to/.haul.*)
	rm "$temporary"
	"$@" "$temporary"
	STATUS=0
	wait_for_haul || STATUS=$?
	expect_equal "the status" 1 "$STATUS"
	[ ! -e "$WORK/to/copy" ] || fail "something has the copy's name"
}

has_temporary()
{
	compgen -G "$1/.haul.*" >/dev/null
}

test_a_large_copy_does_not_wait_for_a_fifo()
{
	swap_temporary mkfifo
}

test_a_large_copy_does_not_write_into_a_link()
{
	echo mine >"$WORK/mine"
	swap_temporary ln "$WORK/mine"
	expect_equal "the file elsewhere" mine "$(cat "$WORK/mine")"
}

test_a_large_copy_is_not_another_file()
{
	swap_temporary cp "$WORK/large"
}

run_tests "$@"
