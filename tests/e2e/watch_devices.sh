#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul watch tells what happens to devices and mounts, in order, and who did it.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../watch.sh"
private_mounts "$@"

# whole_life TYPE SIZE [mkfs option...]
whole_life()
{
	local type=$1 size=$2 uuid
	shift 2
	attach_image image "$size"
	losetup -d "$LOOP"
	run_mkfs "$type" "$WORK/image" "$@"
	uuid=$(blkid -p -s UUID -o value "$WORK/image")
	mkdir "$WORK/point"
	start_watch
	LOOP=$(losetup --find --show "$WORK/image")
	wait_for_event ".action == \"attached\" and .device == \"$LOOP\""
	mount -t "$type" "$LOOP" "$WORK/point" || skip "this kernel can't mount $type"
	wait_for_event ".action == \"mounted\" and .mount_point == \"$WORK/point\""
	dd if=/dev/zero of="$WORK/point/data" bs=1M count=8 status=none
	umount "$WORK/point"
	wait_for_event ".action == \"released\" and .device == \"$LOOP\""
	losetup -d "$LOOP"
	wait_for_event ".action == \"detached\" and .device == \"$LOOP\""
	stop_watch
	# Before that, others may have used the loop device.
	expect_equal "what happened" "attached mounted unmounted released detached" \
		"$(actions_of "$LOOP" | grep -o '[^ ]* [^ ]* [^ ]* [^ ]* [^ ]*$')"
	expect_equal uuid "$uuid" "$(event_value '.action == "mounted" and (.current|not)' .uuid)"
	expect_equal label CAM "$(event_value '.action == "mounted" and (.current|not)' .label)"
	expect_equal type "$type" "$(event_value '.action == "unmounted"' .fstype)"
	[ "$(event_value '.action == "mounted" and (.current|not)' .free_bytes)" -gt 1000000 ] ||
		fail "free space is missing"
	expect_equal "sequence" "$(jq -s length "$WORK/events")" "$(jq -s '.[-1].seq' "$WORK/events")"
}

test_ext4()
{
	whole_life ext4 64M -L CAM
}

test_xfs()
{
	whole_life xfs 320M -L CAM
}

test_btrfs()
{
	whole_life btrfs 128M -L CAM
}

test_the_state_at_the_start_comes_first()
{
	make_filesystem disk ext4 32M
	start_watch
	stop_watch
	expect_equal "mounted at the start" true \
		"$(event_value ".mount_point == \"$WORK/disk\"" .current)"
	expect_equal "end of the state" watching "$(event_value true .action)"
	"$HAUL" watch --once >"$WORK/table"
	expect_match "^TIME +ACTION +DEVICE" "$WORK/table"
	expect_match "mounted .*ext4 .* free +$WORK/disk$" "$WORK/table"
}

test_who_did_it_is_known()
{
	attach_image image 32M
	mkfs.ext4 -q "$LOOP"
	mkdir "$WORK/point"
	start_watch
	need_probe
	mount "$LOOP" "$WORK/point"
	umount "$WORK/point"
	wait_for_event '.action == "unmounted"'
	stop_watch
	losetup -d "$LOOP"
	expect_equal "who mounted" mount "$(event_value '.action == "mounted"' .command)"
	expect_equal "who unmounted" umount "$(event_value '.action == "unmounted"' .command)"
	[ "$(event_value '.action == "mounted"' .pid)" -gt 1 ] || fail "no process id"
}

# Much is written before umount(2) returns, and until then the device is not released.
test_an_unmount_with_much_to_write_is_attributed_and_released_late()
{
	attach_image image 128M
	mkfs.ext4 -q "$LOOP"
	mkdir "$WORK/point"
	start_watch
	need_probe
	mount "$LOOP" "$WORK/point"
	dd if=/dev/zero of="$WORK/point/data" bs=1M count=64 status=none
	umount "$WORK/point"
	date +%s%N >"$WORK/returned"
	wait_for_event '.action == "released"'
	stop_watch
	losetup -d "$LOOP"
	expect_equal "who unmounted" umount "$(event_value '.action == "unmounted"' .command)"
}

test_failures_are_told_and_are_no_mounts()
{
	attach_image image 32M
	mkfs.ext4 -q "$LOOP"
	mkdir "$WORK/point"
	start_watch
	need_probe
	mount -t xfs "$LOOP" "$WORK/point" 2>/dev/null && fail "mounted as xfs"
	mount "$LOOP" "$WORK/point"
	(cd "$WORK/point" && ! umount "$WORK/point" 2>/dev/null)
	wait_for_event '.action == "failed" and .operation == "unmount"'
	umount "$WORK/point"
	wait_for_event '.action == "unmounted"'
	stop_watch
	losetup -d "$LOOP"
	expect_equal "why not" EBUSY "$(event_value '.operation == "unmount"' .errno)"
	expect_equal "whose unmount" umount "$(event_value '.operation == "unmount"' .command)"
	has_event '.action == "failed" and .operation == "mount"' || fail "the mount did not fail"
	expect_equal mounts 1 "$(count_events '.action == "mounted" and (.current|not)')"
}

test_a_lazy_unmount_is_released_at_the_last_close()
{
	attach_image image 32M
	mkfs.ext4 -q "$LOOP"
	mkdir "$WORK/point"
	start_watch
	mount "$LOOP" "$WORK/point"
	exec 9>"$WORK/point/held"
	umount -l "$WORK/point"
	wait_for_event '.action == "unmounted"'
	sleep 0.3
	has_event '.action == "released"' && fail "released while a file is open"
	exec 9>&-
	wait_for_event '.action == "released"'
	stop_watch
	losetup -d "$LOOP"
}

test_a_mount_that_is_held_elsewhere_is_not_released()
{
	attach_image image 32M
	mkfs.ext4 -q "$LOOP"
	mkdir "$WORK/point"
	start_watch
	mount "$LOOP" "$WORK/point"
	# The copy of the namespace keeps the mount.
	unshare --mount --propagation private sleep 60 &
	local holder=$!
	wait_until 3 other_namespace "$holder"
	umount "$WORK/point"
	wait_for_event '.action == "unmounted"'
	sleep 0.3
	has_event '.action == "released"' && fail "released while mounted elsewhere"
	kill "$holder"
	wait_for_event '.action == "released"'
	stop_watch
	losetup -d "$LOOP"
}

other_namespace()
{
	[ "$(readlink "/proc/$1/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
}

test_bind_and_move()
{
	make_filesystem disk ext4 32M
	mkdir "$WORK/bound" "$WORK/moved"
	start_watch
	mount --bind "$WORK/disk" "$WORK/bound"
	mount -n --move "$WORK/bound" "$WORK/moved"
	umount "$WORK/moved"
	wait_for_event ".action == \"unmounted\" and .mount_point == \"$WORK/moved\""
	stop_watch
	expect_equal "what happened" "mounted bound unmounted bound mounted moved unmounted moved" \
		"$(jq -r 'select(.mount_point and (.current|not)) |
			.action + " " + (.mount_point|split("/")|last)' "$WORK/events" | paste -sd ' ')"
	expect_equal "released, though still mounted" 0 "$(count_events '.action == "released"')"
}

test_the_new_mount_calls()
{
	mkdir "$WORK/point"
	start_watch --all
	python3 - "$WORK/point" <<'END' || skip "the new mount calls can't be used here"
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    result = libc.syscall(*arguments)
    if result < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    return result
context = call(430, b"tmpfs", 0)
call(431, context, 6, None, None, 0)
mount = call(432, context, 0, 0)
call(429, mount, b"", -100, sys.argv[1].encode(), 4)
END
	wait_for_event ".action == \"mounted\" and .mount_point == \"$WORK/point\""
	umount "$WORK/point"
	wait_for_event ".action == \"unmounted\" and .mount_point == \"$WORK/point\""
	stop_watch
	expect_equal mounts 1 "$(count_events ".action == \"mounted\" and .mount_point == \"$WORK/point\"")"
}

test_other_namespaces_are_shown_on_demand()
{
	mkdir "$WORK/point"
	start_watch --all
	need_probe
	unshare --mount --propagation private \
		sh -c 'mount -t tmpfs elsewhere "$1" && umount "$1"' sh "$WORK/point"
	wait_for_event '.action == "unmounted" and .visible == false'
	stop_watch
	expect_equal "seen as" false "$(event_value '.source == "elsewhere"' .visible)"
}

test_a_mount_that_is_propagated_is_attributed()
{
	make_filesystem disk ext4 32M
	mount --make-rshared "$WORK/disk"
	mkdir "$WORK/disk/point"
	start_watch --all
	need_probe
	unshare --mount --propagation unchanged mount -t tmpfs propagated "$WORK/disk/point"
	wait_for_event '.action == "mounted" and .source == "propagated"'
	umount "$WORK/disk/point"
	wait_for_event '.action == "unmounted" and .source == "propagated"'
	stop_watch
	expect_equal "who mounted" mount \
		"$(event_value '.action == "mounted" and .source == "propagated"' .command)"
	expect_equal "visible" null \
		"$(event_value '.action == "mounted" and .source == "propagated"' .visible)"
}

test_a_device_that_is_added_hot()
{
	local number
	[ -w /sys/class/zram-control/hot_add ] || [ -r /sys/class/zram-control/hot_add ] ||
		skip "this kernel has no zram"
	start_watch
	number=$(cat /sys/class/zram-control/hot_add)
	wait_for_event ".action == \"attached\" and .device == \"/dev/zram$number\""
	if echo 16M >"/sys/block/zram$number/disksize" && mkfs.ext4 -q "/dev/zram$number"; then
		mkdir "$WORK/point"
		mount "/dev/zram$number" "$WORK/point"
		umount "$WORK/point"
		wait_for_event ".action == \"released\" and .device == \"/dev/zram$number\""
	fi
	echo "$number" >/sys/class/zram-control/hot_remove
	wait_for_event ".action == \"detached\" and .device == \"/dev/zram$number\""
	stop_watch
	expect_equal "what happened" "attached mounted unmounted released detached" \
		"$(actions_of "/dev/zram$number")"
	expect_equal size 16777216 "$(event_value '.action == "unmounted"' .size_bytes)"
}

test_a_filter_chooses()
{
	mkdir "$WORK/one" "$WORK/other"
	start_watch --all --filter "fstype=tmpfs,mount=*/one"
	mount -t tmpfs haul-test "$WORK/other"
	mount -t tmpfs haul-test "$WORK/one"
	wait_for_event ".action == \"mounted\" and .mount_point == \"$WORK/one\""
	stop_watch
	expect_equal "events" 2 "$(jq -s length "$WORK/events")"
	expect_status 1 "$HAUL" watch --filter colour=red
	expect_match "invalid expression 'colour=red'" "$WORK/err"
}

run_tests "$@"
