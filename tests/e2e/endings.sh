#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The last steps of a job whose destination may be pulled out: accepted, being written, durable,
# released. Each is told when it is true, and not before.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../disk.sh"
private_mounts "$@"

# make_tree KILOBYTES: small files, which the page cache takes at once.
make_tree()
{
	mkdir "$WORK/tree"
	head -c "$1K" /dev/urandom | split -b 16000 -a 4 - "$WORK/tree/small."
}

# expect_events FILTER WHAT: of all events, in their order.
expect_events()
{
	jq --slurp --exit-status "$1" "$WORK/out" >/dev/null || fail "$2: $(cat "$WORK/out")"
}

# The disk takes two seconds for what the kernel accepts in an instant.
test_what_is_being_written_is_told()
{
	local waits='map(select(.unwritten_bytes))'
	make_tree 24000
	FUSE_DISK_RATE=12000000 attach_disk stick 100M ext4
	expect_status 0 "$HAUL" cp -a --eject --json --progress=always "$WORK/tree" "$WORK/stick"
	expect_events "$waits | length > 3" "not told that it is being written"
	expect_events "$waits | .[:-1] | all(.bytes.accepted == .bytes.planned and .bytes.durable < .bytes.planned)" \
		"told at the wrong time"
	expect_events "$waits | map(.unwritten_bytes) | .[0] > .[-1] and .[0] <= 24576000" "it does not shrink"
	expect_events "$waits | any(.eta_s != null and .eta_s < 20 and .rate_bytes_per_s > 0)" "no time left"
	expect_events 'map(select(.event == "progress"))[-1] |
		.bytes.durable == .bytes.planned and (has("unwritten_bytes") | not)' "not durable at the end"
	expect_match '^ 99%.*writing: [0-9.]+ MB left .*[0-9] .?B/s' "$WORK/err"
	! grep -q '100%' "$WORK/err" || fail "all was said to be there: $(cat "$WORK/err")"
	expect_match '^copied .*, durable$' "$WORK/err"
	expect_match "'$WORK/stick' is unmounted: /dev/loop[0-9]+ may be pulled out$" "$WORK/err"
	expect_events '[.[] | select(.event == "device" and .action == "released").seq][0] >
		[.[] | select(.event == "progress" and .bytes.durable == .bytes.planned).seq][0]' "released too soon"
}

# make_stick NAME: its disk says that its medium can be taken out.
make_stick()
{
	local device
	make_filesystem "$1" ext4 40M
	device=$(findmnt --noheadings --output SOURCE "$WORK/$1")
	echo 1 >"$WORK/one"
	mount --bind "$WORK/one" "/sys/block/${device#/dev/}/removable"
	trap 'umount -R /sys/block/*/removable 2>/dev/null || true' EXIT
}

durable_bytes()
{
	jq --slurp 'map(select(.event == "progress"))[-1].bytes.durable' "$WORK/out"
}

test_a_removable_disk_is_durable_at_the_end()
{
	make_tree 200
	make_stick stick
	expect_status 0 "$HAUL" cp -a --json "$WORK/tree" "$WORK/stick"
	expect_equal "durable" $((200 << 10)) "$(durable_bytes)"
	# Who wants no syncs gets none.
	expect_status 0 "$HAUL" cp -a --json --checkpoint=0 "$WORK/tree" "$WORK/stick/other"
	expect_equal "durable" 0 "$(durable_bytes)"
	mkdir "$WORK/fixed"
	expect_status 0 "$HAUL" cp -a --json "$WORK/tree" "$WORK/fixed"
	expect_equal "durable" 0 "$(durable_bytes)"
}

is_ejected()
{
	expect_match "^haul $1: '$WORK/$2' is unmounted: /dev/loop[0-9]+ may be pulled out$" "$WORK/err"
	! mountpoint -q "$WORK/$2" || fail "$2 is still mounted"
	mount -o loop "$WORK/$2.image" "$WORK/$2"
}

test_eject_after_a_move()
{
	make_tree 200
	cp -a "$WORK/tree" "$WORK/before"
	make_filesystem stick ext4 40M
	expect_status 0 "$HAUL" mv --eject "$WORK/tree" "$WORK/stick"
	is_ejected mv stick
	same_tree "$WORK/before" "$WORK/stick/tree"
	[ ! -e "$WORK/tree" ] || fail "the source is still there"
}

test_eject_of_several_targets()
{
	local stick
	make_tree 200
	make_filesystem one ext4 40M
	make_filesystem other ext4 40M
	expect_status 0 "$HAUL" cp -a --eject "$WORK/tree" --to "$WORK/one" --to "$WORK/other"
	for stick in one other; do
		is_ejected cp "$stick"
		same_tree "$WORK/tree" "$WORK/$stick/tree"
	done
	mkdir "$WORK/one/else"
	expect_status 1 "$HAUL" cp -a --eject "$WORK/tree" --to "$WORK/one" --to "$WORK/one/else"
	expect_match '^haul cp: cannot combine --to with --eject, as two targets' "$WORK/err"
	mountpoint -q "$WORK/one" || fail "it was unmounted all the same"
}

# Neither a copy nor a journal: there is nothing to wait for.
test_nothing_to_make_durable()
{
	echo >"$WORK/file"
	expect_status 1 env XDG_STATE_HOME="$WORK/file" timeout 20 "$HAUL" cp --durable "$WORK/none" "$WORK/copy"
	expect_match 'cannot stat' "$WORK/err"
}

run_tests "$@"
