# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A slow disk, for tests that must meet a copy half-way. Source it after lib.sh.

THROTTLE_GROUP=

# throttle DIRECTORY BYTES-PER-SECOND: from now on, throttled programs read from the block device
# that is mounted there no faster, and write directly no faster. It starts with cold caches.
throttle()
{
	local numbers
	forget_dead_groups
	drop_caches
	numbers=$(mountpoint -d "$1")
	if [ -d /sys/fs/cgroup/blkio ]; then
		THROTTLE_GROUP=/sys/fs/cgroup/blkio/haul-test-$$
		mkdir -p "$THROTTLE_GROUP"
		echo "$numbers $2" >"$THROTTLE_GROUP/blkio.throttle.read_bps_device"
		echo "$numbers $2" >"$THROTTLE_GROUP/blkio.throttle.write_bps_device"
	elif grep -qsw io /sys/fs/cgroup/cgroup.controllers; then
		THROTTLE_GROUP=/sys/fs/cgroup/haul-test-$$
		echo +io >/sys/fs/cgroup/cgroup.subtree_control
		mkdir -p "$THROTTLE_GROUP"
		echo "$numbers rbps=$2 wbps=$2" >"$THROTTLE_GROUP/io.max"
	else
		skip "this kernel can't throttle a disk"
	fi
}

# Groups of tests that failed half-way: they end with the number of the script's process.
forget_dead_groups()
{
	local group
	for group in /sys/fs/cgroup{,/blkio}/haul-test-*; do
		[ ! -d "$group" ] || [ -d "/proc/${group##*-}" ] || rmdir "$group" 2>/dev/null || true
	done
}

# throttled COMMAND...: becomes the command, so use it in a subshell or in the background.
throttled()
{
	echo "$BASHPID" >"$THROTTLE_GROUP/cgroup.procs"
	exec "$@"
}

# sectors_read DIRECTORY: from the device that is mounted there, of 512 bytes.
sectors_read()
{
	local device
	device=$(findmnt --noheadings --first-only --output SOURCE --mountpoint "$1")
	awk '{ print $3 }' "/sys/block/${device#/dev/}/stat"
}

# is_quiet DIRECTORY: nothing is read from that device. Requests of a program that has gone may still
# wait for their turn in the throttle, and are counted later.
is_quiet()
{
	local before
	before=$(sectors_read "$1")
	sleep 0.3
	[ "$(sectors_read "$1")" = "$before" ]
}

# When the throttled programs have ended.
throttle_end()
{
	wait_until 2 rmdir "$THROTTLE_GROUP"
	THROTTLE_GROUP=
}
