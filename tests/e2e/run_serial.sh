#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Serial transfers as lines of a job file, beside copies, moves and deletions, against lrzsz's programs.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serial.sh"
. "$(dirname "$0")/../processes.sh"
private_mounts "$@"

need_program rb lrzsz
need_program jq

PLUGGED=()

# plug NAME COMMAND...: as `device` in serial.sh, but the port is $WORK/NAME, and there may be many.
plug()
{
	local name=$1
	shift
	device "$@"
	mv "$WORK/port" "$WORK/$name"
	PLUGGED+=("$CABLE")
	trap unplug_all EXIT
}

unplug_all()
{
	kill "${PLUGGED[@]}" 2>/dev/null || true
	wait
}

has_bytes()
{
	[ "$(stat -c %s "$2")" -ge "$1" ]
}

test_transfers_beside_all_else()
{
	mkdir "$WORK"/{tree,got,back}
	seq 5000 >"$WORK/tree/numbers"
	head -c 20000 /dev/urandom >"$WORK/firmware"
	head -c 3000 /dev/urandom >"$WORK/log.bin"
	echo old | tee "$WORK/to-move" >"$WORK/to-remove"
	cd "$WORK/got"
	plug sink rb -q
	plug source sb -q "$WORK/log.bin"
	cd "$WORK"
	printf '%s\n' 'cp -a tree copy' "serial send $WORK/sink firmware" \
		"haul serial receive $WORK/source back" "serial send -p raw $WORK/late firmware" \
		'mv to-move moved' 'rm to-remove' >mixed.jobs
	expect_status 1 timeout 60 "$HAUL" run mixed.jobs
	cmp firmware got/firmware
	cmp log.bin back/log.bin
	same_tree tree copy
	[ -e moved ] && [ ! -e to-move ] && [ ! -e to-remove ] || fail "not moved, or not removed"
	expect_match "^haul serial send: cannot open port '.*late': no such port" err
	expect_match '^haul run: mixed.jobs:4: mixed-4 failed$' err
	expect_match '^haul run: 5 of 6 jobs done, 1 failed; 5 files, 1 could not be done' err

	# After a new boot the copy is done again, but what a device has been sent is not sent again.
	sed -i '1s/[^ ]*$/another-boot/' "$XDG_STATE_HOME/haul/mixed.run"
	rm -r copy got/firmware
	plug late dd of=arrived status=none
	expect_status 0 timeout 60 "$HAUL" run --resume mixed.jobs
	wait_until 5 cmp -s firmware arrived
	[ ! -e got/firmware ] || fail "it was sent twice"
	same_tree tree copy
	expect_match '^haul run: 6 of 6 jobs done, 4 of them earlier; 2 files' err
}

# Whatever it is called in each line.
test_one_port_has_one_transfer_at_a_time()
{
	cable
	cd "$WORK"
	head -c 4000 /dev/zero | tr '\0' a >a
	head -c 4000 /dev/zero | tr '\0' b >b
	ln -s "$(readlink port)" other
	cat device >got &
	printf '%s\n' "serial send -p raw --pace 10000 $WORK/port a" "serial send -p raw $WORK/other b" \
		>two.jobs
	expect_status 0 "$HAUL" run --json two.jobs
	wait_until 5 has_bytes 8000 got
	cat a b | cmp - got
	expect_equal "openings and closings" \
		"two-1 opened two-1 closed two-2 opened two-2 closed" \
		"$(jq -rs 'map(select(.event == "serial" and .state != "progress")) | sort_by(.time)[] |
			.job, .state' out | paste -sd' ')"
	expect_status 0 "$HAUL" run --dry-run two.jobs
	expect_match "^1: haul serial send --job two-1 .* # one at a time on [0-9]+:[0-9]+$" out
	echo "serial send usb:ffff:ffff a" >two.jobs
	expect_status 0 "$HAUL" run --dry-run two.jobs
	expect_match "^1: haul serial send --job two-1 usb:ffff:ffff a # one at a time on any port$" out
}

test_a_stopped_transfer_begins_anew()
{
	local status=0
	cable
	cd "$WORK"
	head -c 20000 /dev/urandom >file
	cat device >got &
	echo "serial send -p raw --pace 20000 $WORK/port file" >stopped.jobs
	start_haul run stopped.jobs
	wait_until 5 test -s got
	kill -INT "$HAUL_PROCESS"
	wait_for_haul || status=$?
	expect_equal "status" 3 "$status"
	expect_match '^haul run: stopped.jobs:1: stopped-1 was stopped$' err
	wait_until 5 port_free port
	sed -i 's/--pace 20000/--pace 20M/' stopped.jobs
	expect_status 1 "$HAUL" run --resume stopped.jobs
	expect_match "it had another job file" err
	sed -i 's/--pace 20M/--pace 20000/' stopped.jobs
	expect_status 0 "$HAUL" run --resume stopped.jobs
	wait_until 5 ends_with file got
}

# ends_with FILE WHOLE
ends_with()
{
	tail -c "$(stat -c %s "$1")" "$2" | cmp -s - "$1"
}

run_tests
