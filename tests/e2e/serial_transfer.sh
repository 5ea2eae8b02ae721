#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul serial send and receive against lrzsz's programs, over a cable of pseudo-terminals.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serial.sh"

need_program rb lrzsz

# rb and sb spend two seconds on each file. All sizes around the blocks' are in a unit test.
SIZES='0 129 10000'

make_files()
{
	local size
	mkdir "$WORK/from" "$WORK/to"
	for size in $SIZES; do
		head -c "$size" /dev/urandom >"$WORK/from/file.$size"
		touch -d '2021-03-04 05:06:07' "$WORK/from/file.$size"
	done
}

test_ymodem_sends_a_batch_to_rb()
{
	make_files
	cd "$WORK/to"
	device rb -q
	expect_status 0 timeout 60 "$HAUL" serial send "$WORK/port" "$WORK"/from/*
	wait "$CABLE"
	# rb gives no directory its time.
	touch -r "$WORK/from" "$WORK/to"
	same_tree "$WORK/from" "$WORK/to"
}

test_ymodem_receives_a_batch_from_sb()
{
	make_files
	cd "$WORK/from"
	# shellcheck disable=SC2086
	# shellcheck disable=SC2046
	device sb -q $(printf 'file.%s ' $SIZES)
	expect_status 0 timeout 60 "$HAUL" serial receive "$WORK/port" "$WORK/to"
	wait "$CABLE"
	touch -r "$WORK/from" "$WORK/to"
	same_tree "$WORK/from" "$WORK/to"
}

# XMODEM pads: what was sent is the beginning of what arrives, and its size is rounded up.
expect_padded()
{
	cmp -n "$(stat -c %s "$1")" "$1" "$2" || fail "contents differ"
	[ $(($(stat -c %s "$2") % 128)) = 0 ] || fail "$2 is not made of whole blocks"
}

test_xmodem_sends_to_rx()
{
	local row protocol option
	head -c 5000 /dev/urandom >"$WORK/file"
	for row in xmodem:-c xmodem-1k:-c xmodem-checksum:-q; do
		protocol=${row%:*} option=${row#*:}
		device rx -q "$option" "$WORK/got.$protocol"
		expect_status 0 timeout 60 \
			"$HAUL" serial send -p "$protocol" "$WORK/port" "$WORK/file"
		wait "$CABLE"
		expect_padded "$WORK/file" "$WORK/got.$protocol"
	done
}

test_xmodem_receives_from_sx()
{
	local row protocol option
	head -c 5000 /dev/urandom >"$WORK/file"
	for row in xmodem:-q xmodem-1k:-k xmodem-checksum:-q; do
		protocol=${row%:*} option=${row#*:}
		device sx -q "$option" "$WORK/file"
		expect_status 0 timeout 60 \
			"$HAUL" serial receive -p "$protocol" "$WORK/port" "$WORK/got.$protocol"
		wait "$CABLE"
		expect_padded "$WORK/file" "$WORK/got.$protocol"
	done
}

test_raw_keeps_bytes_and_pace()
{
	local begun
	head -c 3000 /dev/urandom >"$WORK/file"
	cable
	"$HAUL" serial receive --json -p raw --bytes 3000 "$WORK/device" "$WORK/got" >"$WORK/events" &
	wait_until 5 opened "$WORK/events"
	begun=$(date +%s%N)
	expect_status 0 "$HAUL" serial send -p raw --pace 10000 "$WORK/port" "$WORK/file"
	wait $!
	unplug
	cmp "$WORK/file" "$WORK/got"
	[ $((($(date +%s%N) - begun) / 1000000)) -ge 250 ] || fail "was sent too fast"
}

test_raw_receives_until_silence()
{
	cable
	"$HAUL" serial receive --json -p raw --idle 200ms "$WORK/port" "$WORK/got" >"$WORK/events" &
	wait_until 5 opened "$WORK/events"
	printf 'some words' >"$WORK/device"
	wait $!
	unplug
	expect_equal "what arrived" 'some words' "$(cat "$WORK/got")"
}

test_a_file_that_exists_is_kept()
{
	mkdir "$WORK/to"
	echo old >"$WORK/to/file"
	echo new >"$WORK/file"
	device sb -q "$WORK/file"
	expect_status 1 timeout 30 "$HAUL" serial receive "$WORK/port" "$WORK/to"
	expect_match "cannot create 'file': File exists" "$WORK/err"
	expect_equal "the old file" old "$(cat "$WORK/to/file")"
	expect_equal "what lies around" file "$(ls -A "$WORK/to")"
	unplug
	device sb -q "$WORK/file"
	expect_status 0 timeout 30 "$HAUL" serial receive --overwrite "$WORK/port" "$WORK/to"
	expect_equal "the new file" new "$(cat "$WORK/to/file")"
	unplug
}

# A YMODEM sender that names its file ../../escaped.
write_evil_sender()
{
	cat >"$WORK/sender" <<-'EOF'
		import os
		def crc(data):
		    value = 0
		    for byte in data:
		        value ^= byte << 8
		        for _ in range(8):
		            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xffff
		    return bytes([value >> 8, value & 255])
		def wait(byte):
		    while os.read(0, 1) != byte:
		        pass
		def block(number, data):
		    os.write(1, bytes([1, number, 255 - number]) + data + crc(data))
		wait(b'C'); block(0, b'../../escaped\x005 0 0'.ljust(128, b'\0'))
		wait(b'\x06'); wait(b'C'); block(1, b'evil\n'.ljust(128, b'\x1a'))
		wait(b'\x06'); os.write(1, b'\x04')
		wait(b'\x06'); wait(b'C'); block(0, bytes(128)); wait(b'\x06')
	EOF
}

test_a_name_with_a_path_stays_in_the_directory()
{
	mkdir "$WORK/to"
	write_evil_sender
	device python3 "$WORK/sender"
	expect_status 0 timeout 30 "$HAUL" serial receive "$WORK/port" "$WORK/to"
	unplug
	expect_equal "where it went" escaped "$(ls -A "$WORK/to")"
	expect_equal "what it is" evil "$(cat "$WORK/to/escaped")"
}

test_a_silent_peer_ends_the_transfer()
{
	cable
	mkdir "$WORK/to"
	echo words >"$WORK/file"
	expect_status 1 timeout 20 "$HAUL" serial send --start 1 "$WORK/port" "$WORK/file"
	expect_match 'the other side does not answer' "$WORK/err"
	expect_status 1 timeout 20 "$HAUL" serial receive --start 1 "$WORK/port" "$WORK/to"
	expect_match 'the other side does not answer' "$WORK/err"
	expect_equal "what lies around" '' "$(ls -A "$WORK/to")"
	unplug
}

test_a_peer_that_cancels_is_believed()
{
	cable
	echo words >"$WORK/file"
	(sleep 0.3 && printf '\030\030\030' >"$WORK/device") &
	expect_status 1 timeout 20 "$HAUL" serial send "$WORK/port" "$WORK/file"
	expect_match 'cancelled' "$WORK/err"
	unplug
}

test_a_lost_port_ends_the_transfer_at_once()
{
	cable
	mkdir "$WORK/to"
	timeout 20 "$HAUL" serial receive --json "$WORK/port" "$WORK/to" \
		>"$WORK/events" 2>"$WORK/err" &
	wait_until 5 opened "$WORK/events"
	unplug
	wait $! && fail "a lost port was taken for success"
	expect_match 'the port is gone' "$WORK/err"
}

# A slow peer, so that there is a middle to interrupt.
slow_transfer()
{
	head -c 200000 /dev/urandom >"$WORK/file"
	"$HAUL" serial send --job slow -p raw --pace 100000 "$WORK/port" "$WORK/file" \
		2>"$WORK/err" &
	SENDER=$!
	cat "$WORK/device" >"$WORK/got" 2>/dev/null &
	wait_until 5 test -s "$WORK/got"
}

test_pause_resume_and_cancel_are_obeyed()
{
	local before after status=0
	cable
	slow_transfer
	"$HAUL" pause slow
	sleep 0.2
	before=$(stat -c %s "$WORK/got")
	sleep 0.3
	after=$(stat -c %s "$WORK/got")
	expect_equal "bytes while paused" "$before" "$after"
	"$HAUL" resume slow
	sleep 0.3
	[ "$(stat -c %s "$WORK/got")" -gt "$after" ] || fail "did not go on"
	"$HAUL" cancel slow
	wait "$SENDER" || status=$?
	expect_equal "exit status" 3 "$status"
	unplug
}

test_an_interrupt_tells_the_peer()
{
	local receiver status=0
	cable
	mkdir "$WORK/to"
	# A background job of a shell would ignore the signal otherwise.
	env --default-signal=INT "$HAUL" serial receive --json "$WORK/port" "$WORK/to" \
		>"$WORK/events" 2>"$WORK/err" &
	receiver=$!
	wait_until 5 opened "$WORK/events"
	timeout 2 cat "$WORK/device" >"$WORK/told" &
	sleep 0.2
	kill -INT "$receiver"
	wait "$receiver" || status=$?
	expect_equal "exit status" 3 "$status"
	wait_until 3 grep -qP '\x18\x18\x18' "$WORK/told"
	unplug
}

test_the_process_that_dies_is_told()
{
	local status=0 role
	cable
	slow_transfer
	role=$(pgrep -P "$SENDER" -f -- --role=serial)
	kill -KILL "$role"
	wait "$SENDER" || status=$?
	expect_equal "exit status" 1 "$status"
	expect_match 'the process that had the port died' "$WORK/err"
	unplug
}

test_a_killed_coordinator_frees_the_port()
{
	cable
	slow_transfer
	kill -KILL "$SENDER"
	wait "$SENDER" 2>/dev/null || true
	wait_until 2 port_free "$WORK/port"
	# A killed job's region is kept for an hour, for those who want to look at it.
	rm -f "/dev/shm/haul-$(id -u)/slow".*
	unplug
}

test_bad_command_lines_are_told()
{
	cable
	expect_status 1 "$HAUL" serial send "$WORK/port"
	expect_match 'missing file operand' "$WORK/err"
	expect_status 1 "$HAUL" serial send "$WORK/port" "$WORK/nothing"
	expect_match "cannot send '.*nothing': No such file" "$WORK/err"
	expect_status 1 "$HAUL" serial send -p xmodem "$WORK/port" /etc/hosts /etc/hostname
	expect_match 'XMODEM sends one file' "$WORK/err"
	expect_status 1 "$HAUL" serial receive "$WORK/port" "$WORK/nothing"
	expect_match 'not a directory' "$WORK/err"
	expect_status 1 "$HAUL" serial send "$WORK/nowhere" /etc/hosts
	expect_match "cannot open port '.*nowhere': no such port" "$WORK/err"
	unplug
}

run_tests "$@"
