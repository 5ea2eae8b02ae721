#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real USB serial drivers, in a virtual machine: tests/vm/serial_port.guest tells the story of an adapter
# (ttyUSB), serial_acm.guest that of a microcontroller with a USB port of its own (ttyACM). Runs with
# `make vm-check`; fetching the kernel takes a while.

. "$(dirname "$0")/../lib.sh"

# guest NAME
guest()
{
	[ -n "${HAUL_VM_CHECK:-}" ] || skip "make vm-check runs it"
	need_program qemu-system-x86_64 qemu-system-x86
	need_program busybox busybox-static
	need_program cpio
	need_program depmod kmod
	need_program python3
	"$ROOT/tests/vm/prepare" "$BUILD/vm"
	truncate -s 1M "$WORK/stick"
	timeout 300 python3 "$ROOT/tests/vm/machine.py" "$BUILD/vm" "$1" "$WORK/stick" \
		>"$WORK/console" 2>&1 || fail "$(cat "$WORK/console")"
	cat "$WORK/console"
	grep -q "all is well" "$WORK/console" || fail "the guest ended early"
}

test_an_adapter_is_pulled_out_and_found_again()
{
	guest serial_port
}

test_a_microcontroller_is_pulled_out_and_found_again()
{
	guest serial_acm
}

run_tests "$@"
