#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Random trees with random options arrive as they are, on and across filesystems. Every run has new
# seeds, which are told; `make property` does many rounds.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

ROUNDS=${ROUNDS:-2}

# copies FROM-TYPE [TO-TYPE]
copies()
{
	local to=from
	make_filesystem from "$1" 600M
	if [ -n "${2:-}" ]; then
		make_filesystem to "$2" 600M
		to=to
	fi
	"$ROOT/tests/trees/random_copy" "$HAUL" "$WORK/from" "$WORK/$to" "$ROUNDS"
}

test_within_ext4() { copies ext4; }
test_within_xfs() { copies xfs; }
test_within_btrfs() { copies btrfs; }
test_within_tmpfs() { copies tmpfs; }
test_ext4_to_btrfs() { copies ext4 btrfs; }
test_btrfs_to_xfs() { copies btrfs xfs; }
test_xfs_to_ext4() { copies xfs ext4; }
test_tmpfs_to_ext4() { copies tmpfs ext4; }

run_tests "$@"
