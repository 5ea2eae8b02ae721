#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A real USB stick, in a virtual machine: tests/vm/usb_stick.guest tells its story. Runs with
# `make vm-check`; fetching the kernel takes a while.

. "$(dirname "$0")/../lib.sh"

test_a_stick_is_pulled_out_in_the_middle()
{
	[ -n "${HAUL_VM_CHECK:-}" ] || skip "make vm-check runs it"
	need_program qemu-system-x86_64 qemu-system-x86
	need_program busybox busybox-static
	need_program cpio
	need_program depmod kmod
	need_program python3
	"$ROOT/tests/vm/prepare" "$BUILD/vm"
	truncate -s 128M "$WORK/stick"
	run_mkfs ext4 "$WORK/stick" -L CAM_01
	timeout 300 python3 "$ROOT/tests/vm/machine.py" "$BUILD/vm" usb_stick "$WORK/stick" \
		>"$WORK/console" 2>&1 || fail "$(cat "$WORK/console")"
	cat "$WORK/console"
	grep -q "all is well" "$WORK/console" || fail "the guest ended early"
}

run_tests "$@"
