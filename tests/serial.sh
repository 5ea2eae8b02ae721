# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For tests of serial ports: two pseudo-terminals joined like a null-modem cable. Source it after
# tests/lib.sh.

# cable: joins $WORK/port, haul's side, and $WORK/device, and sets CABLE to what joins them.
cable()
{
	need_program socat
	socat "PTY,link=$WORK/port,raw,echo=0" "PTY,link=$WORK/device,raw,echo=0" 2>"$WORK/socat" &
	CABLE=$!
	trap unplug EXIT
	wait_until 5 test -e "$WORK/port" -a -e "$WORK/device"
}

# unplug: ends the cable, and with it both terminals. Also done when a test ends.
unplug()
{
	kill "$CABLE" 2>/dev/null || true
	wait "$CABLE" 2>/dev/null || true
}

# device COMMAND...: makes $WORK/port, whose other end is the command's standard input and output. It
# starts when the port is opened. Its process is $CABLE.
device()
{
	need_program socat
	rm -f "$WORK/port"
	socat "PTY,link=$WORK/port,raw,echo=0,wait-slave" "EXEC:$*" 2>"$WORK/socat" &
	CABLE=$!
	trap unplug EXIT
	wait_until 5 test -e "$WORK/port"
}

# opened EVENTS: haul has opened its port, as its events in that file tell. (Trying its lock could
# keep haul out.)
opened()
{
	grep -q '"state":"opened"' "$1"
}

port_free()
{
	flock --nonblock "$1" true
}

# microcontroller: starts an emulated device (tests/firmware/device.c) and makes its serial line
# $WORK/port. Its process is $CABLE.
microcontroller()
{
	need_program qemu-system-arm
	need_program clang
	need_program ld.lld lld
	"$ROOT/tests/firmware/run" "$WORK" >"$WORK/qemu" 2>&1 &
	CABLE=$!
	trap unplug EXIT
	wait_until 10 grep -q '/dev/pts/' "$WORK/qemu"
	ln -s "$(grep -o '/dev/pts/[0-9]*' "$WORK/qemu")" "$WORK/port"
}
