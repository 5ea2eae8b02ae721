#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul serial and an emulated microcontroller, which is somebody else's code at every level below its
# own firmware: a UART with interrupts, and a YMODEM receiver as bootloaders have them.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serial.sh"

need_program python3

run_exec()
{
	timeout 20 "$HAUL" serial exec -t 5s "$@"
}

test_requests_are_answered()
{
	microcontroller
	expect_status 0 run_exec -e '^PONG' "$WORK/port" PING
	expect_status 0 run_exec -e '^(.*) again$' "$WORK/port" 'ECHO words again'
	expect_equal "the answer" words "$(cat "$WORK/out")"
	for _ in $(seq 200); do echo PING; done >"$WORK/script"
	expect_status 0 run_exec -e '^(PONG)' -i "$WORK/script" "$WORK/port"
	expect_equal "how many answers" 200 "$(grep -c PONG "$WORK/out")"
}

test_bulk_arrives_whole()
{
	microcontroller
	"$HAUL" serial receive --json -p raw --bytes 200000 "$WORK/port" "$WORK/got" \
		>"$WORK/events" &
	wait_until 5 opened "$WORK/events"
	# The port is haul's; the test speaks past its lock.
	echo 'SEND 200000' >"$WORK/port"
	wait $!
	python3 -c 'import sys
data = open(sys.argv[1], "rb").read()
assert data == (bytes(range(65, 91)) * 7693)[:200000]' "$WORK/got"
}

test_files_are_loaded()
{
	local file
	microcontroller
	for file in 'boot.bin 1' 'image.bin 30000' 'tail.bin 1025'; do
		head -c "${file#* }" /dev/urandom >"$WORK/${file% *}"
	done
	# A device whose serial line nobody has open may miss the first bytes.
	expect_status 0 run_exec -e WHAT "$WORK/port" ready
	echo LOAD >"$WORK/port"
	expect_status 0 timeout 60 "$HAUL" serial send "$WORK/port" "$WORK/boot.bin" \
		"$WORK/image.bin" "$WORK/tail.bin"
	expect_status 0 run_exec -e '^END' "$WORK/port" REPORT
	for file in boot.bin image.bin tail.bin; do
		expect_match "^LOADED $file $(crc_line "$WORK/$file")" "$WORK/out"
	done
}

crc_line()
{
	python3 -c 'import sys, zlib
data = open(sys.argv[1], "rb").read()
print(len(data), "%x" % zlib.crc32(data))' "$1"
}

test_a_device_that_hangs_is_told()
{
	microcontroller
	expect_status 1 run_exec -t 300ms -e PONG "$WORK/port" HANG
	expect_match 'nothing came in time' "$WORK/err"
	expect_status 1 timeout 20 "$HAUL" serial send --start 1 "$WORK/port" /etc/hostname
	expect_match 'the other side does not answer' "$WORK/err"
}

test_a_device_that_dies_is_told()
{
	microcontroller
	(sleep 0.5 && kill -KILL "$CABLE") &
	expect_status 1 run_exec -t 10s -e never "$WORK/port" PING
	expect_match 'the port is gone' "$WORK/err"
}

run_tests "$@"
