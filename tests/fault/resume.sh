#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A job that was killed, stopped or lost its power goes on where it was durable, and nowhere else.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../processes.sh"
. "$(dirname "$0")/../throttle.sh"
private_mounts "$@"

ROUNDS=${ROUNDS:-5}
FEATURES=ordinary,sizes,wide,hard-links,sparse
SIMPLE= # two trees that several tests copy
NASTY=
SIMPLE_BYTES=$((176 * 1024 * 1024))
export HAUL_TEST_JOB=resume-$$
OFTEN=(--checkpoint 0.02)

# Files that were changed just before a job begins are never spared.
let_settle()
{
	sleep 2.1
}

# kill_after MICROSECONDS: the coordinator, whose workers go with it.
kill_after()
{
	sleep_us "$1"
	kill -KILL "$HAUL_PROCESS" 2>/dev/null || true
	wait_for_haul || true
	wait_until 5 all_are_gone
}

all_are_gone()
{
	local left
	left=$(marked_by "$HAUL_TEST_JOB") || return 0
	# shellcheck disable=SC2086
	is_gone $left
}

journal_of()
{
	echo "$XDG_STATE_HOME/haul/$1.journal"
}

# resume JOB: it must succeed. READ is what it takes from the slow disk, in bytes.
resume()
{
	local before
	drop_caches
	wait_until 10 is_quiet "$LIB_DIR/slow"
	before=$(sectors_read "$LIB_DIR/slow")
	"$HAUL" resume "$1" >"$WORK/resumed" 2>"$WORK/err" ||
		fail "haul resume ended with $?: $(cat "$WORK/err")"
	READ=$((($(sectors_read "$LIB_DIR/slow") - before) * 512))
	[ ! -e "$(journal_of "$1")" ] || fail "a journal is left"
}

# Was something of the simple tree not read again? With what the kernel reads ahead.
is_spared()
{
	[ "$READ" -lt $((SIMPLE_BYTES - 4 * 1024 * 1024)) ]
}

nothing_is_left_in()
{
	expect_equal "temporary files" "" "$(find "$1" -name '.haul.*')"
}

# forget JOB: a killed coordinator can't remove its progress region.
forget()
{
	rm -f "/dev/shm/haul-$(id -u)/$1".*
}

test_killed_at_any_moment()
{
	local round job resumed=0
	RANDOM=4
	measure_us "$HAUL" cp -a "${OFTEN[@]}" "$NASTY" "$WORK/copy"
	rm -rf "$WORK/copy"
	for ((round = 1; round <= ROUNDS; round++)); do
		job=moment-$round
		start_haul cp -a --json "${OFTEN[@]}" --job "$job" "$NASTY" "$WORK/copy"
		kill_after "$(random_below "$TOOK_US")"
		# On a busy machine it may not even have begun.
		[ -e "$WORK/copy" ] || { forget "$job" && continue; }
		if [ -e "$(journal_of "$job")" ]; then
			resumed=$((resumed + 1))
			resume "$job"
		fi
		same_tree "$NASTY" "$WORK/copy"
		nothing_is_left_in "$WORK/copy"
		forget "$job"
		rm -rf "$WORK/copy"
	done
	echo "$resumed of $ROUNDS were resumed"
	[ "$resumed" -ge $((ROUNDS / 3)) ] || fail "only $resumed kills met the copy"
}

# Twice in one job, and then once more.
test_killed_again_and_again()
{
	local round
	RANDOM=5
	measure_us "$HAUL" cp -a "${OFTEN[@]}" "$NASTY" "$WORK/copy"
	rm -rf "$WORK/copy"
	start_haul cp -a --json "${OFTEN[@]}" --job again "$NASTY" "$WORK/copy"
	kill_after $((TOOK_US / 2))
	for ((round = 1; round <= 4; round++)); do
		[ -e "$(journal_of again)" ] || break
		start_haul resume again
		kill_after "$(random_below "$TOOK_US")"
	done
	[ ! -e "$(journal_of again)" ] || resume again
	same_tree "$NASTY" "$WORK/copy"
	nothing_is_left_in "$WORK/copy"
	forget again
}

# start_slowly ARGUMENT...: in the background, from a disk that takes seconds to read.
start_slowly()
{
	drop_caches
	throttled env --default-signal=INT,TERM "$HAUL" "$@" >"$WORK/out" 2>"$WORK/err" &
	HAUL_PROCESS=$!
}

# has_grown JOB BYTES: the journal has so much behind what it begins with, BEGIN (1) and FOOTING (7).
# That is written at checkpoints, and most of it is durable then.
has_grown()
{
	local journal bytes type at=0
	journal=$(journal_of "$1")
	while read -r bytes type < <(od -An -tu4 -j"$at" -N8 "$journal" 2>/dev/null) &&
		[[ $type =~ ^[17]$ ]]; do
		at=$((at + (bytes + 7) / 8 * 8))
	done
	[ "$(stat -c %s "$journal")" -ge $((at + $2)) ]
}

# kill_half_way JOB SOURCE: a copy that is killed when something is durable, and something is not.
kill_half_way()
{
	start_slowly cp -a --json "${OFTEN[@]}" --job "$1" "$2" "$WORK/copy"
	wait_until 30 has_grown "$1" 40000
	kill_after 0
	[ -e "$(journal_of "$1")" ] || fail "the copy was too quick to be killed"
	forget "$1"
}

# make_simple_tree DIRECTORY: small files, and a large one.
make_simple_tree()
{
	mkdir -p "$1/small"
	head -c 16M /dev/urandom | split -b 4000 -a 4 - "$1/small/"
	head -c 160M /dev/urandom >"$1/large"
}

# What was durable keeps its inode and its time of change.
test_spares_what_is_durable()
{
	local before after
	kill_half_way spare "$SIMPLE"
	before=$(find "$WORK/copy/small" -type f -printf '%f %i %C@\n' | sort)
	resume spare
	after=$(find "$WORK/copy/small" -type f -printf '%f %i %C@\n' | sort)
	same_tree "$SIMPLE" "$WORK/copy"
	is_spared || fail "all was read again: $READ"
	[ "$(comm -12 <(echo "$before") <(echo "$after") | wc -l)" -ge 50 ] ||
		fail "durable files were written again"
}

# The same size, and the same time of modification: at the source here, at the copy there.
test_copies_again_what_changed()
{
	local file
	cp -a "$SIMPLE" "$LIB_DIR/slow/tree"
	let_settle
	kill_half_way changed "$LIB_DIR/slow/tree"
	for file in $(find "$WORK/copy/small" -type f -printf '%f\n' | sort | head -n 20); do
		head -c 4000 /dev/urandom >"$LIB_DIR/slow/tree/small/$file"
		touch -r "$SIMPLE/small/$file" "$LIB_DIR/slow/tree/small/$file"
	done
	for file in $(find "$WORK/copy/small" -type f -printf '%f\n' | sort | tail -n 20); do
		head -c 4000 /dev/urandom >"$WORK/copy/small/$file"
		touch -r "$SIMPLE/small/$file" "$WORK/copy/small/$file"
	done
	resume changed
	same_tree "$LIB_DIR/slow/tree" "$WORK/copy"
	rm -rf "$LIB_DIR/slow/tree"
}

# One huge file goes on in the same temporary file.
test_goes_on_inside_a_huge_file()
{
	local inode
	start_slowly cp --json "${OFTEN[@]}" --job huge "$SIMPLE/large" "$WORK/copy"
	wait_until 30 has_grown huge 88
	kill_after 0
	forget huge
	inode=$(find "$WORK" -maxdepth 1 -name '.haul.*' -printf %i)
	resume huge
	# 64 of its 160 MiB are durable.
	[ "$READ" -lt $((97 * 1024 * 1024)) ] || fail "what is durable was read again: $READ"
	expect_equal inode "$inode" "$(stat -c %i "$WORK/copy")"
	cmp "$SIMPLE/large" "$WORK/copy" || fail "the copy differs"
	nothing_is_left_in "$WORK"
}

# A journal that is torn at its end tells less, and is never wrong.
test_a_torn_journal()
{
	local bytes
	kill_half_way torn "$SIMPLE"
	bytes=$(stat -c %s "$(journal_of torn)")
	cp "$(journal_of torn)" "$WORK/journal"
	truncate -s $((bytes / 2 + 3)) "$(journal_of torn)"
	resume torn
	same_tree "$SIMPLE" "$WORK/copy"
	cp "$WORK/journal" "$(journal_of torn)"
	printf x | dd of="$(journal_of torn)" bs=1 seek=100 conv=notrunc status=none
	expect_status 1 "$HAUL" resume torn
	expect_match "damaged" "$WORK/err"
	expect_equal lines 1 "$(wc -l <"$WORK/err")"
	rm "$(journal_of torn)"
}

# The disk as it is in a moment, with the journal of a moment before, as after a loss of power.
# loses_power TYPE
loses_power()
{
	local type=$1 job round spared=0
	RANDOM=7
	make_filesystem outer xfs 2G -m reflink=1
	mkdir "$WORK/inner"
	for round in 1 2; do
		job=power-$type-$round
		rm -f "$WORK/outer/"*
		truncate -s 600M "$WORK/outer/disk"
		run_mkfs "$type" "$WORK/outer/disk"
		mount -o loop "$WORK/outer/disk" "$WORK/inner"
		start_slowly cp -a --json "${OFTEN[@]}" --job "$job" "$SIMPLE" "$WORK/inner/copy"
		wait_until 30 has_grown "$job" $((20000 + $(random_below 30000)))
		cp "$(journal_of "$job")" "$WORK/journal"
		cp --reflink=always "$WORK/outer/disk" "$WORK/outer/snapshot"
		kill_after 0
		wait_until 5 umount "$WORK/inner"
		mount -o loop "$WORK/outer/snapshot" "$WORK/inner"
		cp "$WORK/journal" "$(journal_of "$job")"
		resume "$job"
		! is_spared || spared=$((spared + 1))
		same_tree "$SIMPLE" "$WORK/inner/copy"
		nothing_is_left_in "$WORK/inner"
		forget "$job"
		umount "$WORK/inner"
	done
	echo "$type: $spared of 2 spared something"
	[ "$spared" -ge 1 ] || fail "nothing was ever spared"
}

test_power_loss_on_ext4() { loses_power ext4; }
test_power_loss_on_xfs() { loses_power xfs; }
test_power_loss_on_btrfs() { loses_power btrfs; }

# Ctrl-C says how to go on, and a list tells, too.
test_interrupted()
{
	start_slowly cp -a --json "${OFTEN[@]}" --job stopped "$SIMPLE" "$WORK/copy"
	wait_until 30 has_grown stopped 40000
	kill -INT "$HAUL_PROCESS"
	local status=0
	wait_for_haul || status=$?
	expect_equal status 3 "$status"
	expect_match "haul resume stopped$" "$WORK/err"
	expect_equal lines 1 "$(wc -l <"$WORK/err")"
	"$HAUL" jobs >"$WORK/jobs"
	expect_match "^stopped +resumable .* cp .*'$WORK/copy'" "$WORK/jobs"
	resume stopped
	is_spared || fail "all was read again: $READ"
	same_tree "$SIMPLE" "$WORK/copy"
	nothing_is_left_in "$WORK/copy"
}

# A directory that the job has made is opened to others when it is finished, also after a resume. One
# that was there, for its owner only, stays so.
test_modes_of_directories()
{
	local directory
	make_filesystem to ext4 50M
	mkdir -p "$WORK/from/theirs" "$WORK/from/ours"
	head -c 3M /dev/urandom | tee "$WORK/from/theirs/file" "$WORK/from/file" >"$WORK/from/ours/file"
	mkdir -m 700 "$WORK/to/copy" "$WORK/to/copy/theirs"
	sleep 0.1
	start_haul cp -r -T --job modes --limit 6M "$WORK/from" "$WORK/to/copy"
	wait_until 5 test -e "$WORK/to/copy/ours"
	kill_after 0
	expect_equal "the mode of one that is not finished" 700 "$(stat -c %a "$WORK/to/copy/ours")"
	expect_status 0 "$HAUL" resume modes
	expect_equal "modes" "700 700 755" \
		"$(cd "$WORK/to/copy" && stat -c %a . theirs ours | paste -sd ' ')"
	diff -r "$WORK/from" "$WORK/to/copy"
}

test_a_move_that_was_killed()
{
	local round
	RANDOM=8
	make_filesystem other ext4 1G
	cp -a "$SIMPLE" "$WORK/tree"
	let_settle
	for round in 1 2; do
		start_haul mv --json "${OFTEN[@]}" --job "move-$round" "$WORK/tree" "$WORK/other/tree"
		kill_after $((50000 + $(random_below 500000)))
		forget "move-$round"
		[ ! -e "$(journal_of "move-$round")" ] || resume "move-$round"
		[ ! -e "$WORK/tree" ] || fail "the source is still there"
		same_tree "$SIMPLE" "$WORK/other/tree"
		nothing_is_left_in "$WORK/other"
		cp -a "$WORK/other/tree" "$WORK/tree"
		rm -rf "$WORK/other/tree"
		let_settle
	done
}

# A file that changed after it was copied is copied again, and if that fails, it stays.
test_a_move_keeps_what_it_cannot_copy_again()
{
	mkdir "$WORK/to" "$WORK/tree"
	mount -t tmpfs -o size=40M haul-test "$WORK/to"
	head -c 10M /dev/urandom >"$WORK/tree/a"
	head -c 20M /dev/urandom >"$WORK/tree/b"
	let_settle
	start_haul mv "${OFTEN[@]}" --limit 20M --job again "$WORK/tree" "$WORK/to"
	wait_until 10 is_done "$WORK/tree/a" "$WORK/to/tree/a"
	sleep 0.2
	"$HAUL" cancel again
	wait_for_haul || true
	printf CHANGED | dd of="$WORK/tree/a" conv=notrunc status=none
	cp "$WORK/tree/a" "$WORK/kept"
	head -c 40M /dev/zero >"$WORK/to/filler" 2>/dev/null || true
	expect_status 1 "$HAUL" resume again
	cmp "$WORK/kept" "$WORK/tree/a"
}

is_done()
{
	cmp -s "$1" "$2"
}

# A move that could remove only some of a file's names has changed the file by that. The copy of
# those that are left stays one with that of the others.
test_a_move_that_removed_some_names()
{
	local size tree=$WORK/from/tree
	make_filesystem from ext4 400M
	make_filesystem to ext4 400M
	mkdir -p "$tree/free" "$tree/held"
	for size in 20K 3M 70M; do
		head -c "$size" /dev/urandom >"$tree/free/$size"
		ln "$tree/free/$size" "$tree/held/$size-first"
		ln "$tree/free/$size" "$tree/held/$size-second"
	done
	cp -a "$tree" "$WORK/kept"
	let_settle
	chattr +a "$tree/held"
	# Slow enough for a checkpoint.
	expect_status 1 "$HAUL" mv "${OFTEN[@]}" --limit 100M --job names "$tree" "$WORK/to"
	expect_equal "what is left" "held" "$(ls "$tree")"
	chattr -a "$tree/held" "$WORK/to/tree/held"
	expect_status 0 "$HAUL" resume names
	[ ! -e "$tree" ] || fail "the source is still there"
	same_tree "$WORK/kept" "$WORK/to/tree"
}

# start_asking ARGUMENT...: in the background, without an answer to what it asks.
start_asking()
{
	[ -p "$WORK/answers" ] || mkfifo "$WORK/answers"
	exec 9<>"$WORK/answers"
	HAUL_TEST_JOB=$HAUL_TEST_JOB "$HAUL" "$@" <"$WORK/answers" >"$WORK/out" 2>"$WORK/err" &
	HAUL_PROCESS=$!
}

# kill_when_gone JOB PATH...
kill_when_gone()
{
	local job=$1
	shift
	wait_until 20 is_missing "$@"
	kill_after 0
	exec 9<&-
	forget "$job"
	[ -e "$(journal_of "$job")" ] || fail "no journal is left"
	cp "$(journal_of "$job")" "$WORK/journal"
}

is_missing()
{
	local path
	for path; do
		[ ! -e "$path" ] || return 1
	done
}

# The first sources are where they should be when the move is killed, and the last one is asked
# about. What is nowhere is still missed.
test_a_move_whose_first_sources_are_gone()
{
	local from=$WORK/from to=$WORK/other/to
	make_filesystem other ext4 200M
	mkdir -p "$from/tree/deep" "$from/.hidden tree" "$to" "$WORK/other/near"
	head -c 20K /dev/urandom | tee "$from/file" "$from/tree/deep/file" >"$from/.hidden tree/file"
	echo near >"$WORK/other/near/file-near"
	echo new >"$from/last"
	cp -a "$from" "$WORK/kept"
	echo old >"$to/last"
	set -- "$WORK/other/near/file-near" "$from//file" "$from/tree/" "$from/.hidden tree" "$from/last"
	start_asking mv -i "${OFTEN[@]}" --job first "$@" "$to"
	kill_when_gone first "${@:1:4}"
	resume first <<<y
	expect_equal "the one that was renamed" near "$(cat "$to/file-near")"
	rm "$to/file-near"
	touch -r "$WORK/kept" "$to"
	same_tree "$WORK/kept" "$to"
	expect_equal "what is left" "" "$(ls -A "$from")"

	cp "$WORK/journal" "$(journal_of first)"
	rm -r "$to/tree"
	echo new >"$from/last"
	echo y | expect_status 1 "$HAUL" resume first
	expect_match "cannot stat '$from/tree/': No such file" "$WORK/err"
	expect_match "cannot stat '$WORK/other/near/file-near': No such file" "$WORK/err"
	expect_equal "missing ones" 2 "$(grep -c 'cannot stat' "$WORK/err")"
	rm -f "$(journal_of first)"
}

# Done again, an exchange would be undone.
test_an_exchange_that_was_killed()
{
	local name
	mkdir "$WORK/to"
	for name in a b; do
		echo "new $name" >"$WORK/$name"
		echo "old $name" >"$WORK/to/$name"
	done
	start_asking mv -i --exchange --job exchange "$WORK/a" "$WORK/b" "$WORK/to"
	echo y >"$WORK/answers"
	wait_until 20 grep -q new "$WORK/to/a"
	kill_when_gone exchange
	resume exchange <<<y
	expect_equal "exchanged" "new a new b old a old b" \
		"$(cat "$WORK"/to/[ab] "$WORK"/[ab] | paste -sd' ')"
}

# kill_while_asking JOB ARGUMENT...: before it has done anything.
kill_while_asking()
{
	local job=$1
	shift
	start_asking "$@" --job "$job"
	wait_until 20 test -e "$(journal_of "$job")"
	kill_when_gone "$job"
}

# What is away for the moment is no reason to forget the job, even if nothing of it is done yet.
test_a_source_or_a_destination_is_away()
{
	local away
	mkdir "$WORK/from" "$WORK/to"
	echo new >"$WORK/from/file"
	for away in from to; do
		echo old >"$WORK/to/file"
		kill_while_asking away cp -i "$WORK/from/file" "$WORK/to/file"
		mv "$WORK/$away" "$WORK/elsewhere"
		expect_status 1 "$HAUL" resume away
		expect_match "cannot .* '$WORK/$away/file': No such file" "$WORK/err"
		[ -e "$(journal_of away)" ] || fail "without '$away', the job was forgotten"
		mv "$WORK/elsewhere" "$WORK/$away"
		resume away <<<y
		expect_equal "the copy" new "$(cat "$WORK/to/file")"
	done
}

# refuses_another JOB DISK: what that disk was mounted on is no substitute for it.
refuses_another()
{
	local job=$1 disk=$2 there
	there=$(ls -A "$disk")
	expect_status 1 "$HAUL" resume "$job" <<<y
	expect_match "cannot resume '$job': '$disk/.*' is not on the filesystem that it was on" "$WORK/err"
	expect_equal lines 1 "$(wc -l <"$WORK/err")"
	expect_equal "what is there" "$there" "$(ls -A "$disk")"
	cmp "$WORK/journal" "$(journal_of "$job")" || fail "the journal is not as it was"
}

# resumes_only_there JOB DISK: with nothing mounted there, with another disk, and with the right one.
resumes_only_there()
{
	wait_until 5 umount "$2"
	refuses_another "$@"
	mount -o loop "$WORK/another.image" "$2"
	refuses_another "$@"
	wait_until 5 umount "$2"
	mount -o loop "$2.image" "$2"
	resume "$1" <<<y
}

test_a_disk_that_is_not_mounted()
{
	local operation disk=$WORK/disk home=$WORK/home
	mkdir "$home"
	truncate -s 16M "$WORK/another.image"
	run_mkfs ext4 "$WORK/another.image"
	make_filesystem disk ext4 16M
	for operation in cp mv; do
		echo new >"$home/file"
		echo old >"$disk/file"
		kill_while_asking unmounted "$operation" -i "$home/file" "$disk/file"
		resumes_only_there unmounted "$disk"
		expect_equal "the copy" new "$(cat "$disk/file")"
	done
	[ ! -e "$home/file" ] || fail "the source of the move is still there"
	# An empty directory would be copied without an error.
	echo old >"$home/file"
	kill_while_asking unmounted cp -ri "$disk/." "$home"
	resumes_only_there unmounted "$disk"
	expect_equal "the copy" new "$(cat "$home/file")"
}

# Everything is durable in the end, and not before it is said.
test_durable()
{
	make_filesystem disk ext4 1G
	expect_status 0 "$HAUL" cp -a --durable --json "$SIMPLE" "$WORK/disk/copy"
	jq -se '[.[] | select(.event == "progress").bytes] | last |
		.durable == .accepted and .accepted == .planned' "$WORK/out" >/dev/null ||
		fail "not everything is durable: $(tail -n 2 "$WORK/out")"
	same_tree "$SIMPLE" "$WORK/disk/copy"
}

# A keeper that is killed costs a second try. This job can't be over without it.
test_a_killed_keeper()
{
	local keeper
	make_filesystem disk ext4 1G
	start_slowly cp -a --durable "${OFTEN[@]}" "$SIMPLE" "$WORK/disk/copy"
	wait_until 5 keeper_is_there
	keeper=$(role_processes keeper)
	# shellcheck disable=SC2086
	kill -KILL $keeper
	wait_for_haul || fail "$(cat "$WORK/err")"
	same_tree "$SIMPLE" "$WORK/disk/copy"
}

keeper_is_there()
{
	[ -n "$(role_processes keeper)" ]
}

# Without a place for its journal, a job runs all the same, and says so if it takes long.
test_without_a_state_directory()
{
	export XDG_STATE_HOME=/proc/nothing
	expect_status 0 "$HAUL" cp -r "$SIMPLE/small" "$WORK/quick"
	expect_equal "what it says" "" "$(cat "$WORK/err")"
	start_slowly cp -a "${OFTEN[@]}" "$SIMPLE" "$WORK/copy"
	wait_for_haul || fail "$(cat "$WORK/err")"
	expect_match "no journal is kept" "$WORK/err"
	expect_equal lines 1 "$(wc -l <"$WORK/err")"
	same_tree "$SIMPLE" "$WORK/copy"
}

# --journal keeps it elsewhere, and never in the place of something else.
test_a_journal_of_its_own()
{
	echo precious >"$WORK/precious"
	expect_status 1 "$HAUL" cp -a --journal "$WORK/precious" "$SIMPLE" "$WORK/copy"
	expect_match "is no journal" "$WORK/err"
	expect_equal content precious "$(cat "$WORK/precious")"
	start_slowly cp -a "${OFTEN[@]}" --journal "$WORK/journal" "$SIMPLE" "$WORK/copy"
	sleep 0.5
	kill -INT "$HAUL_PROCESS"
	wait_for_haul || true
	expect_match "haul resume '$WORK/journal'" "$WORK/err"
	expect_status 0 "$HAUL" resume "$WORK/journal"
	[ ! -e "$WORK/journal" ] || fail "a journal is left"
	same_tree "$SIMPLE" "$WORK/copy"
}

make_trees()
{
	make_lib_dir
	NASTY=$LIB_DIR/nasty
	WORK=$LIB_DIR make_filesystem slow ext4 700M
	SIMPLE=$LIB_DIR/slow/simple
	make_simple_tree "$SIMPLE"
	throttle "$LIB_DIR/slow" 60000000
	"$ROOT/tests/trees/nasty" "$NASTY" --only "$FEATURES"
	let_settle
}

make_trees
run_tests "$@"
throttle_end
