#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul publish and what it finds among the jobs' regions: its own user's, files that are none, and
# regions of other versions.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../redis.sh"
need_program jq
private_mounts "$@"

USER_ID=12345

# An ordinary user's own directory, with the program in it, and no regions of anybody's: /mnt.
open_room()
{
	mount -t tmpfs -o mode=1777 haul-test /dev/shm
	mount -t tmpfs haul-test /mnt
	mkdir -p /mnt/tree
	cp "$HAUL" /mnt/haul
	head -c 3M /dev/urandom >/mnt/tree/large
	chown -R "$USER_ID:$USER_ID" /mnt
}

close_room()
{
	stop_all
	umount /mnt /dev/shm
}

# By exec, so that in the background $! is the command's process.
as_user()
{
	cd /mnt
	exec env -u XDG_RUNTIME_DIR -u XDG_STATE_HOME HOME=/mnt TMPDIR=/mnt \
		setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups "$@"
}

# start_user_publisher: its events go to $WORK/lines.
start_user_publisher()
{
	as_user ./haul publish --json >"$WORK/lines" 2>"$WORK/publisher.err" &
	PUBLISHER_PID=$!
	wait_until 5 test -d "$REGIONS"
}

told_of()
{
	jq -r 'select(.event == "job") | "\(.job) \(.state)"' "$WORK/lines" | grep -qx "$1"
}

# The job "mine", which takes five seconds.
start_job()
{
	(as_user ./haul cp --job mine --limit 600k tree/large mine) &
	COPY_PID=$!
	wait_until 5 told_of "mine started"
}

finish_job()
{
	wait "$COPY_PID"
	wait_until 5 told_of "mine done"
}

REGIONS=/dev/shm/haul-$USER_ID

maps_region()
{
	grep -q "$REGIONS/mine.progress" "/proc/$PUBLISHER_PID/maps"
}

test_an_ordinary_user_sees_what_is_ones_own()
{
	open_room
	trap close_room EXIT
	start_user_publisher
	"$HAUL" cp --job theirs /mnt/tree/large "$WORK/theirs"
	start_job
	wait_until 5 maps_region
	expect_equal "how it maps them" "r--s" "$(awk -v region="$REGIONS/mine.progress" \
		'$6 == region { print $2 }' "/proc/$PUBLISHER_PID/maps" | sort -u)"
	finish_job
	expect_equal "jobs" mine "$(jq -r .job "$WORK/lines" | sort -u)"
}

# in_version VERSION NAME: a copy of the running job's region, as if made by such a haul.
in_version()
{
	python3 - "$REGIONS/mine.progress" "$REGIONS/$2.progress" "$1" <<-'PYTHON'
		import os, struct, sys
		region = bytearray(open(sys.argv[1], "rb").read())
		struct.pack_into("<II", region, 8, int(sys.argv[3]), int(sys.argv[3]))
		with open(sys.argv[2], "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as copy:
		    copy.write(region)
		os.chown(sys.argv[2], 12345, 12345)
	PYTHON
}

# Made elsewhere and moved in, so that it is seen whole.
plant()
{
	chown "$USER_ID:$USER_ID" "$WORK/evil"
	chmod 600 "$WORK/evil"
	cp -p "$WORK/evil" "/dev/shm/evil"
	mv "/dev/shm/evil" "$REGIONS/$1.progress"
}

test_what_is_no_region_is_refused_and_named()
{
	open_room
	trap close_room EXIT
	start_user_publisher
	start_job
	local name
	: >"$WORK/evil"
	plant empty
	head -c 100000 /dev/urandom >"$WORK/evil"
	plant noise
	head -c 5000 "$REGIONS/mine.progress" >"$WORK/evil"
	plant short
	in_version 4000000000 future
	for name in empty noise short future; do
		wait_until 5 grep -q "^haul: publisher: job $name: its progress can't be read: " \
			"$WORK/publisher.err"
	done
	finish_job
	expect_equal "jobs" mine "$(jq -r .job "$WORK/lines" | sort -u)"
	expect_equal "messages" 4 "$(wc -l <"$WORK/publisher.err")"
}

run_tests
