#!/bin/bash
# SPDX-License-Identifier: MIT
#
# --verify finds what the medium did to a copy, and lists of checksums find it later.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../throttle.sh"
. "$(dirname "$0")/../medium.sh"
private_mounts "$@"

# Names that xxhsum of Debian 12 can't read back.
check_with_xxhsum()
{
	need_program xxhsum xxhash
	grep -av '^\\' "$1" >"$WORK/plain"
	xxhsum --check --quiet "$WORK/plain" >&2 || fail "xxhsum does not accept $1"
}

test_good_copies_are_verified()
{
	local strategy
	make_filesystem target xfs 500M
	"$ROOT/tests/trees/nasty" "$WORK/tree"
	head -c 70M /dev/urandom >"$WORK/tree/very-large"
	for strategy in auto plain direct range; do
		if [ "$strategy" = plain ]; then
			rm -r "$WORK/tree"
			"$ROOT/tests/trees/nasty" "$WORK/tree" --only ordinary,sizes,sparse,hard-links,large
		fi
		rm -rf "$WORK/target/tree"
		expect_status 0 "$HAUL" cp -a --verify --checksums "$WORK/sums" \
			--strategy "$strategy" "$WORK/tree" "$WORK/target/"
		expect_equal "$strategy says" "" "$(cat "$WORK/err")"
		same_tree "$WORK/tree" "$WORK/target/tree"
		expect_equal "files in the list" \
			"$(find "$WORK/tree" -type f -printf x | wc -c)" "$(wc -l <"$WORK/sums")"
		check_with_xxhsum "$WORK/sums"
		expect_status 0 "$HAUL" verify "$WORK/sums"
		expect_equal "the list differs" "" "$(cat "$WORK/out" "$WORK/err")"
	done
}

# What is read back is planned from the beginning: nothing is told to be done before it is verified.
test_progress_tells_of_what_is_to_be_read_back()
{
	cd "$WORK"
	mkdir tree
	head -c 20M /dev/urandom >tree/large
	seq 1000 >tree/small
	expect_status 0 "$HAUL" cp -a --verify --json tree copy
	expect_equal "planned, accepted and durable at the end" \
		"$(printf '[%s,%s,%s]' "$((2 * $(cat tree/* | wc -c)))"{,,})" "$(jq -c \
			'select(.event == "progress").bytes | [.planned, .accepted, .durable]' out | tail -n 1)"
	jq -se '[.[] | select(.event == "progress" and .planning_done).bytes.planned] | unique |
		length == 1' out >/dev/null || fail "the plan changed: $(grep progress out)"
	expect_status 0 "$HAUL" cp -an --verify --checksums sums --json tree/. copy
	expect_equal "planned of what is left alone" 0 "$(jq -c \
		'select(.event == "progress").bytes.planned' out | tail -n 1)"
	expect_status 0 "$HAUL" cp -a --verify --progress=always tree twice
	expect_match 'copied 2 files, 21.0 MB in' err
}

test_shared_copies_are_compared_with_their_source()
{
	make_filesystem disk btrfs 300M
	cd "$WORK/disk"
	mkdir a
	seq 100000 >a/small
	head -c 20M /dev/urandom >a/large
	expect_status 0 "$HAUL" cp -a --reflink=always --verify --checksums "$WORK/sums" a b
	check_with_xxhsum "$WORK/sums"
	expect_equal "lines" 2 "$(wc -l <"$WORK/sums")"
}

# damage_during COMMAND...: the device reads slowly, so that a byte at the end of what is read back
# is changed before it is read.
damage_during()
{
	local status=0
	make_filesystem target ext4 300M
	mkdir -p "$WORK/tree/sub"
	seq 100000 >"$WORK/tree/sub/small"
	{
		head -c 40000000 /dev/zero
		echo "the end of the file"
	} >"$WORK/tree/sub/large"
	throttle "$WORK/target" 10000000
	(throttled "$@" >"$WORK/out" 2>"$WORK/err") &
	wait_until 20 grep -q "the end of the file" "$WORK/target.image"
	flip_without_sync "$WORK/target.image" "the end of the file"
	wait $! || status=$?
	throttle_end
	expect_equal "status ($(cat "$WORK/err"))" 4 "$status"
	expect_match "differ: '$WORK/target/tree/sub/large': content from byte 1 to 40000020$" \
		"$WORK/err"
}

test_damage_is_found_when_a_copy_is_read_back()
{
	damage_during "$HAUL" cp -a --verify "$WORK/tree" "$WORK/target/"
	expect_equal "lines" 1 "$(wc -l <"$WORK/err")"
}

test_a_move_removes_nothing_that_is_damaged()
{
	damage_during "$HAUL" mv --verify "$WORK/tree" "$WORK/target/"
	expect_match "not removing '$WORK/tree', as not all of its copy could be verified" "$WORK/err"
	expect_equal "the end of the source" "the end of the file" \
		"$(tail -n 1 "$WORK/tree/sub/large" | tr -d '\0')"
	expect_equal "the other file" "$(seq 100000 | cksum)" "$(cksum <"$WORK/tree/sub/small")"
	rm -r "$WORK/target/tree"
	expect_status 0 "$HAUL" mv --verify "$WORK/tree" "$WORK/target/"
	[ ! -e "$WORK/tree" ] || fail "a good move left its source"
}

test_lists_find_damage_and_what_is_missing()
{
	make_filesystem disk ext4 300M
	cd "$WORK/disk"
	mkdir -p tree/sub
	{
		seq 5000
		echo "the marker"
	} >tree/sub/marked
	echo 1 >tree/$'new\nline'
	echo 2 >tree/$'\377\\'
	seq 300000 >tree/long
	ln tree/long tree/sub/linked
	expect_status 0 "$HAUL" cp -a --checksums "$WORK/sums" tree copy
	rm -r tree
	expect_equal "lines" 5 "$(wc -l <"$WORK/sums")"
	expect_status 0 "$HAUL" verify "$WORK/sums"
	flip_on_medium "$WORK/disk.image" "the marker"
	echo 3 >copy/$'new\nline'
	rm copy/$'\377\\'
	expect_status 4 "$HAUL" verify "$WORK/sums"
	expect_match "^differ: 'copy/sub/marked': checksum [0-9a-f]{32} and [0-9a-f]{32}$" "$WORK/out"
	expect_match "^differ: 'copy/new'.*'line': checksum [0-9a-f]{32} and" "$WORK/out"
	expect_match "^missing: 'copy/'.*377" "$WORK/out"
	expect_equal "lines" 3 "$(wc -l <"$WORK/out")"
	expect_status 4 "$HAUL" verify --checksums - copy/.. <"$WORK/sums"
	expect_status 4 "$HAUL" verify --checksums "$WORK/sums" copy
	expect_equal "missing" 5 "$(grep -c '^missing: ' "$WORK/out")"
	sed "s,  ,  $PWD/," "$WORK/sums" >"$WORK/absolute"
	expect_status 4 "$HAUL" verify "$WORK/absolute"
	expect_equal "lines" 3 "$(wc -l <"$WORK/out")"
}

test_lists_on_standard_output()
{
	cd "$WORK"
	mkdir tree
	seq 10 >tree/file
	ln tree/file tree/name
	"$HAUL" cp -a --checksums=- tree copy | xxhsum --check --quiet - >&2 ||
		fail "what was written to standard output is not right"
	expect_status 1 "$HAUL" cp -a --checksums=- --json tree other
	expect_match "cannot combine --checksums=- with --json" err
	expect_status 1 "$HAUL" cp -av --checksums=- tree other
	[ ! -e other ] || fail "copied nonetheless"
}

test_lists_that_are_none()
{
	cd "$WORK"
	seq 3 >text
	expect_status 1 "$HAUL" verify text
	expect_equal "said of a list of another kind" \
		"haul verify: text: line 1 is no XXH128 checksum with a name" "$(cat err)"
	xxh128sum text | cat - text >mixed
	expect_status 1 "$HAUL" verify mixed
	expect_equal "bad lines" 3 "$(grep -c '^haul verify: mixed: line [234] is no XXH128' err)"
	: >empty
	expect_status 1 "$HAUL" verify empty
	expect_match "^haul verify: empty: no checksums$" err
	expect_status 1 "$HAUL" verify --checksums nowhere
	expect_match "cannot open 'nowhere': No such file or directory" err
	expect_status 1 "$HAUL" cp --checksums nowhere/sums text copy
	expect_match "cannot write 'nowhere/sums': No such file or directory" err
	[ ! -e copy ] || fail "copied although the list can't be written"
}

# Neither at once, nor for what comes after the list is lost, nor for files that are named.
test_a_move_without_its_list_keeps_the_sources()
{
	make_filesystem target ext4 50M
	cd "$WORK"
	mkdir first second
	seq 10 >first/file
	seq 20 >second/file
	seq 30 >third
	expect_status 1 "$HAUL" mv --checksums=/dev/full first second third target
	expect_equal "times that it says so" 1 "$(grep -c "cannot write '/dev/full': No space left" err)"
	diff -r first target/first && diff -r second target/second && diff third target/third ||
		fail "not at both ends"
	expect_match "not removing 'first', as the list of checksums is not complete" err
	rm -r target/*
	expect_status 0 "$HAUL" mv --checksums=sums first second third target
	expect_equal "files in the list" 3 "$(wc -l <sums)"
	[ ! -e first ] && [ ! -e second ] && [ ! -e third ] || fail "not moved"
}

# What is moved already is nowhere to be read again.
test_a_move_that_goes_on_keeps_its_list()
{
	make_filesystem target ext4 200M
	cd "$WORK"
	local coordinator
	mkdir first
	seq -f 'file %g' 200 | split -l 1 -a 3 - first/file-
	head -c 16M /dev/urandom >second
	start_haul mv --job moves --limit 4M --checksums sums first second target
	wait_until 20 test ! -e first
	coordinator=$(coordinator_process)
	kill -KILL "$HAUL_PROCESS"
	wait_for_haul || true
	# shellcheck disable=SC2086
	wait_until 5 is_gone $coordinator
	printf '1234' >>sums
	[ -e second ] || fail "all was moved before it was stopped"
	# It says that what it has moved is not there.
	"$HAUL" resume moves 2>err || expect_match "cannot stat 'first'" err
	expect_equal "files" 201 "$(find target/first target/second -type f | wc -l)"
	expect_equal "files in the list" 201 "$(cut -c 35- sums | sort -u | wc -l)"
	expect_status 0 "$HAUL" verify sums
}

test_workers_that_are_killed()
{
	local round workers
	make_filesystem target ext4 400M
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only ordinary,sizes,wide,hard-links,large,sparse
	for round in 1 2; do
		start_haul cp -a --verify --checksums "$WORK/sums" "$WORK/tree" "$WORK/target/tree"
		for _ in 1 2 3 4 5; do
			mapfile -t workers < <(role_processes worker)
			[ ${#workers[@]} = 0 ] || kill -KILL "${workers[0]}" 2>/dev/null || true
			sleep_us 30000
		done
		wait_for_haul || fail "round $round: $(cat "$WORK/err")"
		expect_equal "round $round says" "" "$(cat "$WORK/err")"
		same_tree "$WORK/tree" "$WORK/target/tree"
		check_with_xxhsum "$WORK/sums"
		expect_equal "files in the list" \
			"$(find "$WORK/tree" -type f -printf x | wc -c)" "$(wc -l <"$WORK/sums")"
		rm -r "$WORK/target/tree"
	done
}

run_tests "$@"
