# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Damage on a medium that the page cache knows nothing of. Source it after lib.sh.

# flip_on_medium IMAGE TEXT: changes the first byte of TEXT, which exactly one file has once, where
# the filesystem in IMAGE (see make_filesystem) keeps it.
flip_on_medium()
{
	sync
	flip_without_sync "$@"
}

# The same of what is known to be there.
flip_without_sync()
{
	local place
	place=$(grep --only-matching --byte-offset --text --fixed-strings -- "$2" "$1" | head -n 1)
	[ -n "$place" ] || fail "'$2' is not on the medium"
	printf '~' | dd of="$1" bs=1 seek="${place%%:*}" conv=notrunc status=none
}
