#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul verify: what is the same is said to be the same, and each difference has its line.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../throttle.sh"
. "$(dirname "$0")/../medium.sh"
private_mounts "$@"

# expect_lines LINE...: just these on standard output, in any order.
expect_lines()
{
	expect_equal "lines" "$(printf '%s\n' "$@" | sort)" "$(sort "$WORK/out")"
}

# Two trees that are the same, but for what is done to the second.
make_pair()
{
	mkdir -p "$WORK/a/sub/deep"
	printf 'some content\n' >"$WORK/a/file"
	seq 100000 >"$WORK/a/sub/long"
	ln "$WORK/a/file" "$WORK/a/sub/linked"
	ln -s file "$WORK/a/link"
	mkfifo "$WORK/a/fifo"
	cp -a "$WORK/a" "$WORK/b"
}

test_copies_of_anything_are_the_same()
{
	make_filesystem source btrfs 300M
	make_filesystem target xfs 400M
	"$ROOT/tests/trees/nasty" "$WORK/source/tree"
	"$HAUL" cp -a "$WORK/source/tree" "$WORK/target/"
	expect_status 0 "$HAUL" verify "$WORK/source/tree" "$WORK/target/tree"
	expect_equal "what it says" "" "$(cat "$WORK/out" "$WORK/err")"
	expect_status 0 "$HAUL" verify --workers 1 "$WORK/source/tree" "$WORK/target/tree"
	expect_status 0 "$ROOT/tests/e2e/without_ring" "$HAUL" verify "$WORK/source/tree" "$WORK/target/tree"
}

test_each_difference_has_its_line()
{
	local time
	make_pair
	cd "$WORK"
	touch b/new
	mkdir b/sub/more
	rm b/fifo
	printf 'X' | dd of=b/sub/long bs=1 seek=300000 conv=notrunc status=none
	chmod 600 b/sub/long
	chown 3:4 b/sub/deep
	ln -sfn elsewhere b/link
	setfattr -n user.one -v 1 a/sub
	setfattr -n user.two -v 2 b/sub
	setfattr -n user.three -v 3 a/sub/deep
	setfattr -n user.three -v 4 b/sub/deep
	rm b/sub/linked
	cp -p b/file b/sub/linked
	expect_status 4 "$HAUL" verify --ignore timestamps a b
	expect_equal "standard error" "" "$(cat err)"
	expect_lines "only in destination: 'new'" "only in destination: 'sub/more'" \
		"only in source: 'fifo'" "differ: 'sub/long': content at byte 300001" \
		"differ: 'sub/long': mode 0644 and 0600" "differ: 'sub/deep': owner 0:0 and 3:4" \
		"differ: 'link': points to 'file' and 'elsewhere'" \
		"differ: 'sub': attribute 'user.one' only in source" \
		"differ: 'sub': attribute 'user.two' only in destination" \
		"differ: 'sub/deep': attribute 'user.three' differs" \
		"$(grep 'hard link' out)"
	expect_match "^differ: '(file|sub/linked)': hard link to '(file|sub/linked)' only in source$" out
	touch -d '2020-02-02 02:02:02.5 UTC' a/sub/long
	touch -d '2020-02-02 02:02:02.25 UTC' b/sub/long
	time='2020-02-02 02:02:02'
	expect_status 4 "$HAUL" verify a/sub/long b/sub/
	expect_lines "differ: 'a/sub/long': mode 0644 and 0600" \
		"differ: 'a/sub/long': modified $time.500000000 UTC and $time.250000000 UTC" \
		"differ: 'a/sub/long': content at byte 300001"
}

test_types_sizes_and_devices()
{
	make_pair
	cd "$WORK"
	rm b/link
	mkdir b/link
	rm -r b/sub
	ln -s ../a/sub b/sub
	echo more >>b/file
	mknod a/node c 1 3
	mknod b/node c 1 5
	expect_status 4 "$HAUL" verify --content-only a b
	expect_lines "differ: 'link': symbolic link and directory" \
		"differ: 'sub': directory and symbolic link" "differ: 'file': size 13 and 18" \
		"differ: 'node': device 1:3 and 1:5"
}

test_parts_can_be_left_out()
{
	make_pair
	cd "$WORK"
	chmod 600 b/file
	touch b/sub/deep b/sub b
	printf X | dd of=b/sub/long conv=notrunc status=none
	touch -r a/sub/long b/sub/long
	touch b/new.tmp
	expect_status 4 "$HAUL" verify --ignore timestamps,mode --exclude '*.tmp' a b
	expect_lines "differ: 'sub/long': content at byte 1"
	expect_status 4 "$HAUL" verify --ignore timestamps,content --exclude '*.tmp' a b
	expect_match "^differ: '(file|sub/linked)': mode 0644 and 0600$" out
	expect_status 0 "$HAUL" verify --ignore content,metadata --exclude '*.tmp' a b
	expect_status 1 "$HAUL" verify --ignore everything a b
	expect_match "invalid argument 'everything' for '--ignore'" err
}

test_the_first_difference_of_a_large_file()
{
	make_filesystem disk ext4 600M
	cd "$WORK/disk"
	head -c 200M /dev/zero >a
	cp -p a b
	expect_status 0 "$HAUL" verify a b
	printf X | dd of=b bs=1 seek=199999999 conv=notrunc status=none
	printf X | dd of=b bs=1 seek=100000000 conv=notrunc status=none
	printf X | dd of=b bs=1 seek=150000000 conv=notrunc status=none
	expect_status 4 "$HAUL" verify --content-only a b
	expect_lines "differ: 'a': content at byte 100000001"
}

test_holes_are_zeros()
{
	make_filesystem disk xfs 300M
	cd "$WORK/disk"
	truncate -s 1T a b
	printf x | dd of=a bs=1 seek=500G conv=notrunc status=none
	expect_status 4 "$HAUL" verify --content-only a b
	expect_lines "differ: 'a': content at byte $((500 << 30 | 1))"
	dd if=/dev/zero of=b bs=1M count=8 seek=512000 conv=notrunc status=none
	printf x | dd of=b bs=1 seek=500G conv=notrunc status=none
	expect_status 0 "$HAUL" verify --content-only a b
}

# The page cache still has what was written: who reads that finds nothing.
reads_medium_of()
{
	local type=$1
	shift
	{
		seq 5000
		echo "the marker of $type"
	} >"$WORK/expected"
	make_filesystem "$type" "$type" 300M
	# Somebody else may drop the caches just then.
	for _ in 1 2 3 4; do
		cp -p "$WORK/expected" "$WORK/$type/small"
		flip_on_medium "$WORK/$type.image" "the marker of $type"
		! cmp "$WORK/expected" "$WORK/$type/small" || break
		# Its next copy may lie elsewhere: then the old one must not be found.
		dd if=/dev/zero of="$WORK/$type/small" bs=4096 count=6 conv=notrunc,fsync status=none
		rm "$WORK/$type/small"
	done
	cmp "$WORK/expected" "$WORK/$type/small" || fail "the cache of $type has the damage"
	expect_status "$1" "$HAUL" verify "$WORK/expected" "$WORK/$type/small"
	umount "$WORK/$type"
}

test_reads_the_medium()
{
	reads_medium_of ext4 4
	expect_lines "differ: '$WORK/expected': content at byte 23894"
	reads_medium_of xfs 4
	expect_lines "differ: '$WORK/expected': content at byte 23894"
	# It has checksums of its own, and gives out nothing that is damaged.
	reads_medium_of btrfs 1
	expect_match "error reading '$WORK/btrfs/small': Input/output error" "$WORK/err"
}

test_events_tell_the_same()
{
	make_pair
	cd "$WORK"
	printf X | dd of=b/sub/long conv=notrunc status=none
	expect_status 4 "$HAUL" verify --json --content-only a b
	expect_match "differ: 'sub/long': content at byte 1" err
	expect_equal "the event" '{"path":"a/sub/long","state":"failed"}' "$(jq -c \
		'select(.event == "file" and .state == "failed") | {path, state}' out)"
	expect_equal "the end" '{"state":"failed","op":"verify","exit":4}' "$(tail -n 1 out |
		jq -c '{state, op, exit}')"
	expect_equal "done, failed, planned" '[4,1,5]' "$(jq -c \
		'select(.event == "progress").files | [.done, .failed, .planned]' out | tail -n 1)"
}

test_a_file_counts_once()
{
	cd "$WORK"
	mkdir a b
	for name in $(seq 200); do
		echo "one $name" >"a/$name"
		echo "two $name" >"b/$name"
	done
	touch -d 2001-01-01 b/*
	expect_status 4 "$HAUL" verify --json a b
	expect_equal "done, failed, planned" '[0,200,200]' "$(jq -c \
		'select(.event == "progress").files | [.done, .failed, .planned]' out | tail -n 1)"
}

# Its first part is not told to be the same, or to be gone, by itself.
test_a_large_file_has_one_line()
{
	cd "$WORK"
	mkdir a b
	truncate -s 500M a/cut a/gone a/other
	truncate -s 300M b/cut
	mkdir b/other
	expect_status 4 "$HAUL" verify --content-only a b
	expect_lines "differ: 'cut': size 524288000 and 314572800" "only in source: 'gone'" \
		"differ: 'other': regular file and directory"
}

# Parts that are compared later see what is there then.
test_a_large_copy_that_changes_meanwhile()
{
	local change
	cd "$WORK"
	for change in "truncate -s 1M b" "rm b"; do
		truncate -s 0 a b
		truncate -s 3T a b
		start_haul verify --json --content-only a b
		wait_until 10 grep -q '"durable":[1-9]' out
		$change
		status=0
		wait_for_haul || status=$?
		expect_equal "$change: status" 4 "$status"
		expect_match "^haul verify: (only in source: 'a'|differ: 'a': size 3298534883328 and 1048576)$" err
		expect_equal "$change: lines" 1 "$(wc -l <err)"
	done
}

test_what_cannot_be_read()
{
	make_pair
	cd "$WORK"
	chmod 755 .
	chmod 000 b/sub/long
	expect_status 1 setpriv --reuid=nobody --regid=nogroup --clear-groups \
		"$HAUL" verify --content-only a b
	expect_match "cannot open 'b/sub/long' for reading: Permission denied" err
	expect_status 1 "$HAUL" verify a nowhere
	expect_match "^haul verify: cannot stat 'nowhere': No such file or directory$" err
	expect_status 1 "$HAUL" verify a
	expect_match "missing operand after 'a'" err
	expect_status 1 "$HAUL" verify a b c
	expect_match "extra operand 'c'" err
	expect_status 1 "$HAUL" verify a b/file
	expect_match "cannot compare 'b/file': Not a directory" err
}

test_names_of_any_bytes()
{
	mkdir "$WORK/a" "$WORK/b"
	cd "$WORK"
	echo 1 >a/$'new\nline'
	echo 2 >b/$'new\nline'
	touch a/$'\377\376'
	expect_status 4 "$HAUL" verify --content-only a b
	expect_lines "differ: 'new'\$'\\n''line': content at byte 1" "only in source: ''\$'\\377\\376'"
}

test_workers_that_are_killed()
{
	local round workers
	make_filesystem disk ext4 400M
	cd "$WORK/disk"
	"$ROOT/tests/trees/nasty" a --only ordinary,sizes,wide,large
	cp -a a b
	find b -type f -size -10k | sort | sed -n 1,30p | while read -r file; do
		echo more >>"$file"
	done
	expect_status 4 "$HAUL" verify a b
	sort "$WORK/out" >"$WORK/expected"
	for round in 1 2 3; do
		start_haul verify a b
		for _ in 1 2 3 4; do
			mapfile -t workers < <(role_processes worker)
			[ ${#workers[@]} = 0 ] || kill -KILL "${workers[0]}" 2>/dev/null || true
			sleep_us 20000
		done
		status=0
		wait_for_haul || status=$?
		expect_equal "status" 4 "$status"
		expect_equal "standard error" "" "$(cat "$WORK/err")"
		sort "$WORK/out" | diff "$WORK/expected" - >&2 || fail "other differences, round $round"
	done
}

test_pause_and_cancel()
{
	make_filesystem disk ext4 500M
	cd "$WORK/disk"
	head -c 200M /dev/urandom >a
	cp a b
	throttle "$WORK/disk" 20000000
	(
		throttled env --default-signal=INT "$HAUL" verify --job "v$$" a b >"$WORK/out" 2>"$WORK/err"
	) &
	wait_until 5 "$HAUL" pause "v$$"
	wait_until 5 "$HAUL" resume "v$$"
	"$HAUL" cancel "v$$"
	status=0
	wait $! || status=$?
	throttle_end
	expect_equal "status" 3 "$status"
	expect_match "stopped before everything was done" "$WORK/err"
}

run_tests "$@"
