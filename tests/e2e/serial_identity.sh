#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Ports by what they are: a /sys and a /dev of the test's own make pseudo-terminals look like USB
# adapters, which are listed, found by identity, and found again under another name.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serial.sh"

need_program jq
need_program socat
private_mounts "$@"

# A /dev with what programs need, to which names can be added.
private_dev()
{
	local node
	mkdir "$WORK/dev"
	mount --rbind /dev "$WORK/dev"
	mount -t tmpfs haul-test /dev
	mkdir /dev/pts /dev/shm
	mount --bind "$WORK/dev/pts" /dev/pts
	mount --bind "$WORK/dev/shm" /dev/shm
	for node in null zero full random urandom tty; do
		touch "/dev/$node"
		mount --bind "$WORK/dev/$node" "/dev/$node"
	done
	ln -s pts/ptmx /dev/ptmx
	ln -s /proc/self/fd /dev/fd
}

private_machine()
{
	private_dev
	mount -t tmpfs haul-test /sys/class/tty
	mkdir "$WORK/drivers" "$WORK/drivers/ftdi_sio"
}

# plug NAME PLACE VENDOR PRODUCT SERIAL: an adapter whose port is /dev/NAME; its other end is
# $WORK/NAME. PLUGGED is the process that is the adapter.
plug()
{
	local usb=$WORK/devices/usb1/$2
	local port=$usb/$2:1.0/$1
	mkdir -p "$port/tty/$1"
	echo "$3" >"$usb/idVendor"
	echo "$4" >"$usb/idProduct"
	echo 1 >"$usb/busnum"
	echo 7 >"$usb/devnum"
	echo "Example Maker" >"$usb/manufacturer"
	echo "Example Adapter" >"$usb/product"
	[ -z "$5" ] || echo "$5" >"$usb/serial"
	ln -s "$WORK/drivers/ftdi_sio" "$port/driver"
	ln -s "$port" "$port/tty/$1/device"
	socat "PTY,link=$port/pty,raw,echo=0" "PTY,link=$WORK/$1,raw,echo=0" 2>/dev/null &
	PLUGGED=$!
	wait_until 5 test -e "$port/pty" -a -e "$WORK/$1"
	# A node of that name, as a driver makes it: a link would be followed.
	touch "/dev/$1"
	mount --bind "$(readlink "$port/pty")" "/dev/$1"
	ln -s "$port/tty/$1" "/sys/class/tty/$1"
}

pull()
{
	rm "/sys/class/tty/$1"
	umount -l "/dev/$1"
	rm "/dev/$1"
	rm -rf "$WORK/devices/usb1/$2"
	kill "$PLUGGED"
	wait "$PLUGGED" || true
}

test_list_tells_what_ports_are()
{
	private_machine
	plug ttyUSB0 1-1.2 0403 6001 A50285BI
	expect_status 0 "$HAUL" serial list --json
	expect_equal "the port" '/dev/ttyUSB0 0403 6001 A50285BI 1-1.2 ftdi_sio Example Adapter' \
		"$(jq -r '[.port, .vendor, .product, .serial, .location, .driver, .product_name] |
			join(" ")' "$WORK/out")"
	expect_equal "its holder" socat "$(jq -r .holder.command "$WORK/out")"
	expect_status 0 "$HAUL" serial list
	expect_match '^/dev/ttyUSB0 +usb:0403:6001:A50285BI +ftdi_sio' "$WORK/out"
	kill "$PLUGGED"
}

test_ports_are_found_by_what_they_are()
{
	local name
	private_machine
	plug ttyUSB0 1-1.2 0403 6001 A50285BI
	first=$PLUGGED
	plug ttyACM0 1-1.3 2341 0043 ''
	for name in usb:0403:6001 usb:0403:6001:A50285BI serial=A50285BI usb:0403:6001@1-1.2; do
		(sleep 0.2 && echo ready >"$WORK/ttyUSB0") &
		expect_status 0 "$HAUL" serial exec --expect ready "$name"
		wait $!
	done
	expect_status 1 "$HAUL" serial exec -t 100ms usb:0403:6002
	expect_match "no such port" "$WORK/err"
	kill "$PLUGGED"
	plug ttyUSB1 1-1.4 0403 6001 OTHER
	expect_status 1 "$HAUL" serial exec -t 100ms usb:0403:6001
	expect_match "more than one port is called so" "$WORK/err"
	kill "$PLUGGED" "$first"
}

opened_at()
{
	grep -q "\"port\":\"$1\",\"state\":\"opened\"" "$WORK/events"
}

has_line()
{
	grep -q "\"state\":\"line\",\"data\":\"$1\"" "$WORK/events"
}

test_a_device_is_followed_to_its_new_name()
{
	private_machine
	plug ttyUSB0 1-1.2 0403 6001 A50285BI
	env --default-signal=INT "$HAUL" serial stream --json /dev/ttyUSB0 \
		>"$WORK/events" 2>"$WORK/err" &
	stream=$!
	trap 'kill "$PLUGGED" "$stream" 2>/dev/null || true' EXIT
	wait_until 5 opened "$WORK/events"
	echo before >"$WORK/ttyUSB0"
	wait_until 5 has_line before
	pull ttyUSB0 1-1.2
	wait_until 5 grep -q 'lost port' "$WORK/err"
	# Another device takes the old name: it is not ours.
	plug ttyUSB0 1-1.3 0403 6001 OTHER
	other=$PLUGGED
	sleep 0.6
	! grep -q 'port is back' "$WORK/err" || fail "took another device for the one that went"
	plug ttyUSB1 1-1.4 0403 6001 A50285BI
	wait_until 5 grep -q "port is back" "$WORK/err"
	echo after >"$WORK/ttyUSB1"
	wait_until 5 has_line after
	kill -INT "$stream"
	wait "$stream"
	kill "$PLUGGED" "$other"
}

run_tests "$@"
