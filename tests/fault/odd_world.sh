#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A world that is short of things, does things by halves, or changes while it is copied.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../disk.sh"
private_mounts "$@"

FEATURES=ordinary,sizes,wide,hard-links,large,sparse

# build_preload NAME: $WORK/NAME.so
build_preload()
{
	! ldd "$HAUL" | grep -q 'lib[at]san' || skip "a sanitizer must be loaded first"
	cc -shared -fPIC -o "$WORK/$1.so" "$(dirname "$0")/$1.c"
}

make_tree()
{
	"$ROOT/tests/trees/nasty" "$WORK/tree" --only "$FEATURES"
}

test_reads_and_writes_that_are_cut_short()
{
	local strategy
	build_preload short_calls
	make_tree
	for strategy in plain range; do
		LD_PRELOAD=$WORK/short_calls.so expect_status 0 \
			"$HAUL" cp -a --strategy "$strategy" "$WORK/tree" "$WORK/$strategy"
		same_tree "$WORK/tree" "$WORK/$strategy"
	done
}

# Here the kernel cuts them short, so that those through a ring are, too.
test_a_source_that_gives_little_at_a_time()
{
	local strategy
	mkdir "$WORK/slot"
	head -c 3000001 /dev/urandom >"$WORK/image"
	FUSE_DISK_MOST=5000 "$ROOT/tests/fault/fuse_disk" "$WORK/image" "$WORK/slot" &
	DISK_PROCESS=$!
	trap detach_disk EXIT
	wait_until 5 test -e "$WORK/slot/disk"
	for strategy in auto uring plain range; do
		expect_status 0 "$HAUL" cp --strategy "$strategy" "$WORK/slot/disk" "$WORK/$strategy"
		cmp "$WORK/image" "$WORK/$strategy" || fail "$strategy: the copy differs"
	done
}

# The clock is no witness: whatever it says, a resume ends with the same tree.
test_a_clock_that_is_set()
{
	local status=0
	build_preload clock_jumps
	make_tree
	export LD_PRELOAD=$WORK/clock_jumps.so
	start_haul cp -a --json --checkpoint 0.02 --job jumps "$WORK/tree" "$WORK/copy"
	wait_until 5 "$HAUL" pause jumps
	kill -KILL "$(coordinator_process)"
	wait_for_haul || status=$?
	expect_equal status 3 "$status"
	expect_status 0 "$HAUL" resume jumps
	unset LD_PRELOAD
	same_tree "$WORK/tree" "$WORK/copy"
}

# What is written to a filesystem that the coordinator can't open is not synced: nothing is promised.
test_a_filesystem_that_can_not_be_watched()
{
	build_preload open_fails
	mkdir -p "$WORK/tree/disk" "$WORK/to/tree"
	seq 10 | tee "$WORK/tree/disk/file" >"$WORK/tree/file"
	make_filesystem to tmpfs 8M
	mkdir -p "$WORK/to/tree/disk"
	WORK=$WORK/to/tree make_filesystem disk tmpfs 8M
	export OPEN_FAILS_AT=disk
	LD_PRELOAD=$WORK/open_fails.so expect_status 1 "$HAUL" cp -a --durable "$WORK/tree" "$WORK/to"
	expect_match "cannot make the copy durable: Too many open files" "$WORK/err"
	LD_PRELOAD=$WORK/open_fails.so expect_status 1 \
		"$HAUL" mv --exclude=none "$WORK/tree" "$WORK/to"
	diff -r "$WORK/tree" "$WORK/to/tree" || fail "the source is not kept"
	expect_status 0 "$HAUL" mv --exclude=none "$WORK/tree" "$WORK/to"
	[ ! -e "$WORK/tree/disk/file" ] || fail "not moved"
}

# That of a symlink to a directory is watched, too.
test_a_filesystem_behind_a_symlink()
{
	mkdir -p "$WORK/tree/disk" "$WORK/to/tree"
	seq 10 >"$WORK/tree/disk/file"
	make_filesystem elsewhere tmpfs 8M
	ln -s "$WORK/elsewhere" "$WORK/to/tree/disk"
	expect_status 0 "$HAUL" cp -r --keep-directory-symlink --durable "$WORK/tree" "$WORK/to"
	cmp "$WORK/tree/disk/file" "$WORK/elsewhere/file"
}

test_no_room_for_the_progress_region()
{
	make_tree
	mount -t tmpfs -o size=16k,mode=1777 haul-test /dev/shm
	expect_status 0 "$HAUL" cp -a --json "$WORK/tree" "$WORK/copy"
	umount /dev/shm
	same_tree "$WORK/tree" "$WORK/copy"
	expect_match '"state":"done".*"exit":0' <(tail -n 1 "$WORK/out")
}

# memory_group BYTES: $GROUP is a group of processes that may use so much.
memory_group()
{
	if [ -d /sys/fs/cgroup/memory ]; then
		GROUP=/sys/fs/cgroup/memory/haul-test-$$
		mkdir "$GROUP"
		echo "$1" >"$GROUP/memory.limit_in_bytes"
	elif grep -qsw memory /sys/fs/cgroup/cgroup.controllers; then
		GROUP=/sys/fs/cgroup/haul-test-$$
		echo +memory >/sys/fs/cgroup/cgroup.subtree_control
		mkdir "$GROUP"
		echo "$1" >"$GROUP/memory.max"
	else
		skip "this kernel can't limit memory"
	fi
	trap 'rmdir "$GROUP"' EXIT
}

# What is cached counts, too, and has to give way.
test_little_memory()
{
	make_tree
	make_filesystem disk ext4 400M
	cp -a "$WORK/tree" "$WORK/disk/tree"
	memory_group $((64 << 20))
	(
		echo "$BASHPID" >"$GROUP/cgroup.procs"
		exec "$HAUL" cp -a "$WORK/disk/tree" "$WORK/disk/copy" 2>"$WORK/err"
	) || fail "status $?: $(cat "$WORK/err")"
	same_tree "$WORK/tree" "$WORK/disk/copy"
}

test_a_state_directory_that_is_read_only()
{
	make_tree
	mkdir "$WORK/state"
	mount -t tmpfs -o ro haul-test "$WORK/state"
	XDG_STATE_HOME=$WORK/state expect_status 0 "$HAUL" cp -a "$WORK/tree" "$WORK/copy"
	same_tree "$WORK/tree" "$WORK/copy"
}

# change_all_the_time DIRECTORY: its files go, come back, and become something else.
change_all_the_time()
{
	local file
	while :; do
		for file in "$1"/*; do
			case $((RANDOM % 4)) in
			0) rm -rf "$file" ;;
			1) rm -rf "$file" && mkdir "$file" ;;
			2) rm -rf "$file" && ln -s /etc/passwd "$file" ;;
			3) rm -rf "$file" && mkfifo "$file" ;;
			esac
			rm -rf "$1/again" && echo again >"$1/again"
		done
	done 2>/dev/null
}

test_a_source_that_is_replaced_meanwhile()
{
	local round changer status
	mkdir -p "$WORK/tree/steady" "$WORK/tree/restless"
	head -c 3M /dev/urandom | split -b 3000 -a 4 - "$WORK/tree/steady/"
	cp -a "$WORK/tree/steady" "$WORK/steady"
	RANDOM=6
	for round in 1 2 3; do
		head -c 1M /dev/urandom | split -b 3000 -a 4 - "$WORK/tree/restless/x$round"
		change_all_the_time "$WORK/tree/restless" &
		changer=$!
		status=0
		timeout 20 "$HAUL" cp -a "$WORK/tree" "$WORK/copy" 2>"$WORK/err" || status=$?
		kill "$changer" && wait "$changer" || true
		case $status in
		0) [ ! -s "$WORK/err" ] || fail "a complaint, yet success: $(cat "$WORK/err")" ;;
		1) [ -s "$WORK/err" ] || fail "failed without a word" ;;
		*) fail "ended with $status" ;;
		esac
		diff -r "$WORK/steady" "$WORK/copy/steady" || fail "what was steady differs"
		[ -z "$(find "$WORK/copy/restless" -type f -exec grep -l "^root:" {} +)" ] ||
			fail "a link was followed"
		rm -rf "$WORK/copy" "$WORK/tree/restless/"*
	done
}

run_tests "$@"
