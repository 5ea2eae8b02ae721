#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What can't be done is said once, as GNU cp says it, and everything else is copied.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# as_cp ARGUMENT...: `haul cp` and `cp`, each in a copy of $WORK/input, say the same lines, end the
# same way, and leave the same behind.
as_cp()
{
	local expected=0 status=0
	cp -a "$WORK/input" "$WORK/expected"
	cp -a "$WORK/input" "$WORK/found"
	(cd "$WORK/expected" && LC_ALL=C cp "$@") >"$WORK/expected.out" 2>&1 || expected=$?
	(cd "$WORK/found" && LC_ALL=C "$HAUL" cp "$@") >"$WORK/found.out" 2>&1 || status=$?
	sed -i 's/^cp: /haul cp: /; s/^Try .cp /Try '\''haul cp /' "$WORK/expected.out"
	expect_equal "status of cp $*" "$expected" "$status"
	# Later versions of cp name the source, too.
	sed -i "s/\(with non-directory\) '.*'\$/\1/" "$WORK/expected.out"
	diff <(sort "$WORK/expected.out") <(sort "$WORK/found.out") ||
		fail "cp $*: other words than cp"
	# What was written now has the time of now.
	find "$WORK/expected" "$WORK/found" -exec touch -h -d @0 {} +
	same_tree "$WORK/expected" "$WORK/found"
	rm -r "$WORK/expected" "$WORK/found"
}

make_input()
{
	mkdir -p "$WORK"/input/{tree/below,other,to}
	echo one >"$WORK/input/one"
	echo two >"$WORK/input/tree/two"
	echo three >"$WORK/input/tree/below/three"
	echo another >"$WORK/input/other/one"
}

test_missing_source()
{
	make_input
	as_cp -a missing to/new
	as_cp -a missing-1 one missing-2 tree to
	as_cp -a missing to
}

test_missing_destination()
{
	make_input
	as_cp -a one missing/new
	as_cp -a one tree missing
	as_cp -a one tree missing/
	as_cp -a tree missing/new
}

test_source_is_a_directory_without_recursion()
{
	make_input
	as_cp tree to
	as_cp tree one to
}

test_destination_inside_source()
{
	local destination
	for destination in tree/new tree/below/new tree/below; do
		make_input
		(cd "$WORK/input" && expect_status 1 "$HAUL" cp -a tree one "$destination")
		[ -z "$(find "$WORK/input" -path '*/below/*/below/*/below')" ] || fail "an endless copy"
		rm -r "$WORK/input"
	done
	make_input
	(cd "$WORK/input" && expect_status 1 "$HAUL" cp -a tree tree/new)
	expect_equal "what it says" "haul cp: cannot copy a directory, 'tree', into itself, 'tree/new'" \
		"$(cat "$WORK/err")"
	expect_equal two two "$(cat "$WORK/input/tree/two")"
}

test_same_file()
{
	make_input
	as_cp -a one one
	as_cp -a one tree/../one
	as_cp -a tree/two tree
}

test_two_sources_with_one_name()
{
	make_input
	as_cp -a one other/one to
	as_cp -a one one to
}

test_directory_over_file()
{
	make_input
	echo file >"$WORK/input/to/tree"
	as_cp -a tree one to
	mkdir -p "$WORK/input/deep/tree" && echo file >"$WORK/input/deep/tree/below"
	as_cp -a tree one deep
}

test_file_over_directory()
{
	make_input
	mkdir -p "$WORK/input/to/one" "$WORK/input/deep/tree/two"
	as_cp -a one tree to
	as_cp -a tree one deep
}

test_wrong_command_line()
{
	make_input
	as_cp
	as_cp one
	as_cp --no-such-option one two
	as_cp -t
	as_cp -a one tree other/one
}

test_odd_names_are_quoted()
{
	make_input
	as_cp -a $'new\nline' to
	as_cp -a "it's" to
	as_cp -a $'\xff\xfe' to
}

test_a_large_file_is_told_of_once()
{
	make_filesystem small tmpfs 8M
	head -c 100M /dev/zero >"$WORK/large"
	expect_status 1 "$HAUL" cp "$WORK/large" "$WORK/small"
	expect_equal lines 1 "$(wc -l <"$WORK/err")"
}

test_full_destination()
{
	make_input
	make_filesystem small tmpfs 1M
	head -c 3M /dev/urandom >"$WORK/input/tree/too-big"
	expect_status 1 "$HAUL" cp -a "$WORK/input/tree" "$WORK/small/tree"
	expect_equal lines 1 "$(wc -l <"$WORK/err")"
	expect_match "^haul cp: error writing '.*/small/tree/too-big': No space left on device$" \
		"$WORK/err"
	cmp "$WORK/input/tree/two" "$WORK/small/tree/two"
	cmp "$WORK/input/tree/below/three" "$WORK/small/tree/below/three"
	expect_equal "left of what didn't fit" "" "$(find "$WORK/small" -size +100k)"
}

test_out_of_inodes()
{
	make_filesystem small ext4 8M -N 64
	mkdir "$WORK/tree"
	touch "$WORK"/tree/{001..100}
	expect_status 1 "$HAUL" cp -a "$WORK/tree" "$WORK/small/tree"
	local arrived
	arrived=$(find "$WORK/small/tree" -type f | wc -l)
	[ "$arrived" -gt 30 ] || fail "only $arrived of 100 arrived"
	expect_equal "lines, one per missing file" $((100 - arrived)) "$(wc -l <"$WORK/err")"
	expect_match "^haul cp: cannot create regular file '.*': No space left on device$" "$WORK/err"
}

test_read_only_destination()
{
	make_input
	make_filesystem locked tmpfs 1M
	mount -o remount,ro "$WORK/locked"
	expect_status 1 "$HAUL" cp -a "$WORK/input/one" "$WORK/locked/one"
	expect_equal "what it says" \
		"haul cp: cannot create regular file '$WORK/locked/one': Read-only file system" \
		"$(cat "$WORK/err")"
}

# A file that grows, shrinks or is rewritten meanwhile ends the copy neither in silence nor in a
# crash: each either arrives as it was at some moment, or is named.
test_source_that_changes()
{
	mkdir "$WORK/tree"
	head -c 40M /dev/urandom >"$WORK/tree/steady"
	head -c 40M /dev/urandom >"$WORK/tree/shrinks"
	head -c 10M /dev/urandom >"$WORK/tree/grows"
	(while :; do
		truncate -s 20M "$WORK/tree/shrinks"
		echo more >>"$WORK/tree/grows"
		truncate -s 40M "$WORK/tree/shrinks"
	done) &
	local changer=$! status=0
	"$HAUL" cp -a "$WORK/tree" "$WORK/copy" 2>"$WORK/err" || status=$?
	kill "$changer" && wait "$changer" || true
	cmp "$WORK/tree/steady" "$WORK/copy/steady"
	case $status in
	0) [ ! -s "$WORK/err" ] || fail "a complaint, yet success" ;;
	1) [ -s "$WORK/err" ] || fail "failed without a word" ;;
	*) fail "ended with $status" ;;
	esac
}

# Nothing is copied for somebody who would wait in vain for events.
test_where_nothing_can_be_published()
{
	local option
	make_input
	for option in --http=nonsense --http=127.0.0.1:99999 --http=0.0.0.0:80 --redis=nonsense \
		--redis=redis://127.0.0.1:port --redis=rediss://127.0.0.1 --socketio=nonsense; do
		expect_status 1 "$HAUL" cp "$option" "$WORK/input/one" "$WORK/input/new"
		expect_equal "lines about $option" 1 "$(wc -l <"$WORK/err")"
		expect_match "^haul cp: cannot publish to ${option%%=*}='${option#*=}': " "$WORK/err"
		[ ! -e "$WORK/input/new" ] || fail "it was copied with $option"
	done
	expect_status 1 "$HAUL" rm --redis=nonsense "$WORK/input/one"
	expect_status 1 "$HAUL" mv --http=nonsense "$WORK/input/one" "$WORK/input/new"
	[ -e "$WORK/input/one" ] || fail "it is gone"
}

run_tests
