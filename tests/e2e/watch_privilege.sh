#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What haul watch may do, what it gives up, and what it says when it may not.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../watch.sh"
private_mounts "$@"

status_of()
{
	awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"
}

# The program where an ordinary user can run it.
copy_program()
{
	need_program setpriv util-linux
	cp "$HAUL" "$WORK/haul"
	cat >"$WORK/as-nobody" <<END
#!/bin/sh
exec setpriv --reuid 65534 --regid 65534 --clear-groups "$WORK/haul" "\$@"
END
	chmod 755 "$WORK/haul" "$WORK/as-nobody"
	HAUL=$WORK/as-nobody
}

mount_and_unmount()
{
	mkdir -p "$WORK/point"
	mount -t tmpfs "$1" "$WORK/point"
	umount "$WORK/point"
	wait_for_event ".action == \"unmounted\" and .source == \"$1\""
}

test_the_probe_has_no_privilege_and_still_sees()
{
	local name
	start_watch --all
	need_probe
	for name in Uid Gid; do
		expect_equal "$name" 65534 "$(status_of "$PROBE" "$name")"
	done
	for name in CapInh CapPrm CapEff CapBnd CapAmb; do
		expect_equal "$name" 0000000000000000 "$(status_of "$PROBE" "$name")"
	done
	expect_equal NoNewPrivs 1 "$(status_of "$PROBE" NoNewPrivs)"
	expect_equal Groups "" "$(status_of "$PROBE" Groups)"
	mount_and_unmount seen
	expect_equal "who" mount "$(event_value '.action == "mounted" and .source == "seen"' .command)"
	stop_watch
}

test_the_probe_ends_with_the_watcher()
{
	start_watch
	need_probe
	kill -KILL "$WATCH"
	wait_until 2 ended "$PROBE"
}

ended()
{
	[ ! -e "/proc/$1" ] || [ "$(status_of "$1" State)" = Z ]
}

test_without_the_probe_the_table_still_tells()
{
	start_watch --all
	need_probe
	kill -KILL "$PROBE"
	wait_for_event '.action == "watching" and .probe == "none"'
	mkdir "$WORK/point"
	mount -t tmpfs later "$WORK/point"
	wait_for_event '.action == "mounted" and .source == "later"'
	stop_watch
	expect_match "no eBPF probe: it ended" "$WORK/watch.err"
}

test_without_privilege_it_says_what_is_missing()
{
	copy_program
	start_watch --all
	mkdir "$WORK/point"
	mount -t tmpfs unseen "$WORK/point"
	wait_for_event '.action == "mounted" and .source == "unseen"'
	umount "$WORK/point"
	wait_for_event '.action == "unmounted" and .source == "unseen"'
	stop_watch
	expect_match "no eBPF probe: .*: (Operation not permitted|Permission denied)" "$WORK/watch.err"
	expect_match "setcap cap_bpf,cap_perfmon,cap_dac_read_search\+p $WORK/haul" "$WORK/watch.err"
	expect_match "haul-watch.service" "$WORK/watch.err"
	expect_equal "probe" none "$(event_value '.action == "watching"' .probe)"
}

# A user's filesystem is released without the right to open its device.
test_without_privilege_a_release_is_still_noticed()
{
	local point
	copy_program
	attach_image image 32M
	mkfs.ext4 -q -L CAM "$LOOP"
	# Others may not look below $WORK.
	point=$(mktemp -d /dev/shm/point.XXXXXX)
	chmod 755 "$point"
	start_watch
	mount "$LOOP" "$point"
	wait_for_event '.action == "mounted" and .label == "CAM"'
	exec 9>"$point/held"
	umount -l "$point"
	rmdir "$point"
	wait_for_event '.action == "unmounted"'
	sleep 0.4
	has_event '.action == "released"' && fail "released while a file is open"
	exec 9>&-
	wait_for_event '.action == "released"'
	stop_watch
	losetup -d "$LOOP"
}

test_file_capabilities_are_enough()
{
	need_program setcap libcap2-bin
	copy_program
	setcap cap_bpf,cap_perfmon,cap_dac_read_search+p "$WORK/haul" 2>/dev/null ||
		skip "this filesystem keeps no capabilities"
	[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing ||
		skip "there is no tracefs"
	start_watch --all
	has_event '.action == "watching" and .probe == "core"' ||
		skip "not on this kernel: $(cat "$WORK/watch.err")"
	expect_equal CapPrm 0000000000000000 "$(status_of "$PROBE" CapPrm)"
	mount_and_unmount granted
	expect_equal "who" mount "$(event_value '.action == "mounted" and .source == "granted"' .command)"
	stop_watch
}

run_tests "$@"
