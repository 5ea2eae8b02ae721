# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
#
# What test scripts share. A script begins with
#
#	. "$(dirname "$0")/../lib.sh"
#	private_mounts "$@"          # if it mounts or deletes anything
#
# defines functions named test_<what it shows> and ends with `run_tests`. Each function runs in
# its own subshell under `set -e`, with an empty directory $WORK. A script's exit status is 0, 1, or
# 77 when everything was skipped.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$(cd "$ROOT" && cd "${BUILD:-build}" && pwd)
HAUL=${HAUL:-$BUILD/haul}
LIB_DIR= # made on first use, removed at the end
WORK=

fail()
{
	echo "FAIL: $*" >&2
	exit 1
}

# Ends the script, or the test function that calls it.
skip()
{
	echo "SKIP: $*"
	exit 77
}

need_root()
{
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# need_program PROGRAM [PACKAGE]. In CI, this skip is a failure.
need_program()
{
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || skip "needs package ${2:-$1}"
}

# Runs the rest of the script in its own mount namespace, where everything but its work directory,
# /dev/shm and the kernel's own filesystems is read-only: a deletion that goes wrong can't hurt.
# All mounts vanish with the script, even when it is killed.
private_mounts()
{
	local status=0
	need_root
	make_lib_dir
	if [ -z "${HAUL_TEST_PRIVATE:-}" ]; then
		HAUL_TEST_PRIVATE=$LIB_DIR unshare --mount --propagation private bash "$0" "$@" ||
			status=$?
		exit "$status"
	fi
	mount -t tmpfs -o size=90% haul-test "$LIB_DIR"
	protect_all_but_work
}

protect_all_but_work()
{
	local point type
	while read -r _ _ _ _ point _; do
		point=$(printf '%b' "$point")
		type=$(findmnt --noheadings --first-only --output FSTYPE --mountpoint "$point") || continue
		case $point in
		/dev/shm | "$LIB_DIR") continue ;;
		esac
		case $type in
		proc | sysfs | devtmpfs | devpts | cgroup* | debugfs | tracefs | bpf | mqueue) continue ;;
		esac
		# /dev may be a tmpfs in a container: device nodes of loops appear in it.
		[ "$point" = /dev ] || mount -o remount,bind,ro "$point" 2>/dev/null ||
			echo "note: $point stays writable" >&2
	done </proc/self/mountinfo
}

make_lib_dir()
{
	[ -z "$LIB_DIR" ] || return 0
	LIB_DIR=${HAUL_TEST_PRIVATE:-$(mktemp -d "${TMPDIR:-/tmp}/haul-test.XXXXXX")}
	LIB_OWNER=$BASHPID
	export TMPDIR=$LIB_DIR XDG_STATE_HOME=$LIB_DIR/state
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

clean_up()
{
	local status=$?
	# Subshells inherit the trap in some shells' versions; only the owner may remove.
	[ "$BASHPID" = "$LIB_OWNER" ] || return 0
	if [ -n "${HAUL_TEST_PRIVATE:-}" ]; then
		unmount_below "$LIB_DIR"
		umount -l "$LIB_DIR"
	else
		rm -rf --one-file-system "$LIB_DIR"
	fi
	exit "$status"
}

# Unmounts what is mounted below a directory, the youngest first.
unmount_below()
{
	local points=() index
	mapfile -t points < <(awk -v prefix="$1/" \
		'index($5, prefix) == 1 { print $5 }' /proc/self/mountinfo)
	for ((index = ${#points[@]} - 1; index >= 0; index--)); do
		umount "${points[index]}" 2>/dev/null || umount -l "${points[index]}"
	done
}

# make_filesystem DIRECTORY ext4|xfs|btrfs|vfat|exfat|tmpfs SIZE [mkfs option...]
# Makes a fresh filesystem and mounts it on $WORK/DIRECTORY. SIZE as truncate and tmpfs take it
# (300M). The backing file lies in memory and is sparse; the loop device uses direct I/O where the
# kernel can, so that data isn't cached twice, and goes away with its mount.
make_filesystem()
{
	local point=$WORK/$1 type=$2 size=$3
	shift 3
	mkdir -p "$point"
	if [ "$type" = tmpfs ]; then
		mount -t tmpfs -o "size=$size" haul-test "$point"
		return
	fi
	truncate -s "$size" "$point.image"
	run_mkfs "$type" "$point.image" "$@"
	if [ "$type" = exfat ] && ! grep -qw exfat /proc/filesystems; then
		mount_exfat "$point.image" "$point"
		return
	fi
	mount -t "$type" -o loop "$point.image" "$point" ||
		skip "this kernel can't mount $type"
	losetup --direct-io=on "$(findmnt --noheadings --output SOURCE "$point")" 2>/dev/null || true
}

# Without help of the kernel. The loop device goes when it is unmounted.
mount_exfat()
{
	local device
	need_program mount.exfat-fuse exfat-fuse
	device=$(losetup --find --show "$1")
	mount.exfat-fuse "$device" "$2" >/dev/null 2>&1
	losetup --detach "$device"
}

run_mkfs()
{
	local type=$1 image=$2 quiet=-q
	shift 2
	case $type in
	ext4) need_program mkfs.ext4 e2fsprogs ;;
	xfs) need_program mkfs.xfs xfsprogs ;;
	btrfs) need_program mkfs.btrfs btrfs-progs ;;
	vfat) need_program mkfs.vfat dosfstools && quiet= ;;
	exfat) need_program mkfs.exfat exfatprogs && quiet= ;;
	*) fail "run_mkfs: unknown type $type" ;;
	esac
	PATH=$PATH:/usr/sbin:/sbin "mkfs.$type" ${quiet:+"$quiet"} "$@" "$image" >/dev/null
}

drop_caches()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

# same_tree ONE OTHER [rsync option...]: both hold the same names, contents and metadata, in the eyes
# of two other programs.
same_tree()
{
	need_program rsync
	local differences
	# diff says "is a fifo while ... is a fifo" of special files of one type; rsync compares those.
	differences=$(diff -r --no-dereference "$1" "$2" 2>&1 |
		grep -Ev '^File .* is a (.*) while file .* is a \1$' || true)
	[ -z "$differences" ] || fail "diff $1 $2: $differences"
	# xfs shows its ACLs a second time, as trusted attributes.
	differences=$(rsync -aHAXn --checksum --itemize-changes --delete \
		--filter='-x trusted.SGI_ACL_*' "${@:3}" "$1/" "$2/" 2>&1)
	[ -z "$differences" ] || fail "rsync $1 $2: $differences"
}

# expect_status STATUS COMMAND...: runs it with its output in $WORK/out and $WORK/err.
expect_status()
{
	local expected=$1 status=0
	shift
	"$@" >"$WORK/out" 2>"$WORK/err" || status=$?
	if [ "$status" != "$expected" ]; then
		cat "$WORK/out" "$WORK/err" >&2
		fail "$* ended with $status instead of $expected"
	fi
}

# expect_equal WHAT EXPECTED FOUND
expect_equal()
{
	[ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"
}

# expect_match EXTENDED-REGEX FILE
expect_match()
{
	grep -Eq -- "$1" "$2" || fail "no line of $2 matches '$1': $(cat "$2")"
}

# Calls a command until it succeeds: wait_until SECONDS COMMAND...
wait_until()
{
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || fail "waited too long for: $*"
		sleep 0.02
	done
}

# run_tests [NAME...]: all functions named test_*, in the order of the script, or those named.
run_tests()
{
	local name passed=0 failed=0 skipped=0 status
	make_lib_dir
	for name in $(test_names "$@"); do
		WORK=$LIB_DIR/$name
		mkdir "$WORK"
		set +e
		(
			set -e
			"$name"
		)
		status=$?
		set -e
		unmount_below "$WORK"
		case $status in
		0) passed=$((passed + 1)) && echo "ok $name" ;;
		77) skipped=$((skipped + 1)) && echo "skipped $name" ;;
		*) failed=$((failed + 1)) && echo "FAILED $name (status $status)" ;;
		esac
		rm -rf --one-file-system "$WORK"
	done
	[ "$failed" = 0 ] || exit 1
	[ "$passed" != 0 ] || exit 77
}

test_names()
{
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@"
	else
		sed -nE 's/^(test_[a-z0-9_]+)\(\).*/\1/p' "$0"
	fi
}
