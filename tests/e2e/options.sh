#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Each option of haul cp does what GNU's does: both copy the same tree, and the copies are compared.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

make_source()
{
	mkdir -p "$WORK/source/inner/deep" "$WORK/elsewhere/below" "$WORK/source/mounted"
	umask 022
	echo plain >"$WORK/source/plain"
	echo tight >"$WORK/source/tight" && chmod 4751 "$WORK/source/tight"
	echo shared >"$WORK/source/inner/shared" && ln "$WORK/source/inner/shared" "$WORK/source/again"
	echo linked >"$WORK/elsewhere/linked"
	echo below >"$WORK/elsewhere/below/file"
	ln -s ../elsewhere/linked "$WORK/source/to-file"
	ln -s ../elsewhere/below "$WORK/source/to-directory"
	ln -s source "$WORK/to-source"
	mkfifo -m 640 "$WORK/source/fifo"
	chown 1234:4321 "$WORK/source/plain" "$WORK/source/inner"
	chmod 2755 "$WORK/source/inner"
	find "$WORK/source" "$WORK/elsewhere" -exec touch -h -d '2001-02-03 04:05:06.789' {} +
}

# What stat sees of everything below a directory; new times differ, so those of this day are left out.
describe()
{
	find "$1" -mindepth 1 -printf '%P %y %m %U:%G %n %l ' \( -newermt '2020-01-01' -printf 'new\n' \
		-o -printf '%T@\n' \) | sort
	find "$1" -type f -exec sha256sum {} + | sed "s,$1,," | sort
}

# same_as_gnu ARGUMENT...: run in the directory of the sources, with TARGET for the destination.
same_as_gnu()
{
	local gnu=0 haul=0
	cd "$WORK"
	rm -rf "$WORK/gnu" "$WORK/haul"
	mkdir "$WORK/gnu" "$WORK/haul"
	cp "${@//TARGET/$WORK/gnu}" 2>/dev/null || gnu=$?
	"$HAUL" cp "${@//TARGET/$WORK/haul}" 2>"$WORK/err" || haul=$?
	expect_equal "status of cp $*" "$gnu" "$haul"
	expect_equal "result of cp $*" "$(describe "$WORK/gnu")" "$(describe "$WORK/haul")"
}

test_metadata_options()
{
	make_source
	same_as_gnu -r source TARGET
	same_as_gnu -a source TARGET
	same_as_gnu -rp source TARGET
	same_as_gnu -r --preserve source TARGET
	same_as_gnu -r --preserve=links,mode source TARGET
	same_as_gnu -a --no-preserve=mode source TARGET
	same_as_gnu -a --no-preserve=ownership,timestamps source TARGET
	same_as_gnu -a --no-preserve=links source TARGET
	same_as_gnu -r --no-preserve=mode source TARGET
	umask 077
	same_as_gnu -r source TARGET
	same_as_gnu -r --no-preserve=all source TARGET
}

test_link_options()
{
	make_source
	same_as_gnu -rd source TARGET
	same_as_gnu -rL source TARGET
	same_as_gnu -rH source to-source TARGET/
	same_as_gnu -rH to-source TARGET/new
	same_as_gnu -rP source to-source TARGET/
	same_as_gnu -aL source TARGET
	same_as_gnu source/to-file TARGET
	same_as_gnu -P source/to-file TARGET
	same_as_gnu -d source/to-file source/plain source/again TARGET
}

test_target_options()
{
	make_source
	same_as_gnu -r source TARGET/new
	same_as_gnu -rT source TARGET/new
	same_as_gnu -rT source TARGET
	same_as_gnu -rt TARGET source elsewhere
	same_as_gnu source/plain source/tight TARGET
	same_as_gnu source/plain TARGET/new
	same_as_gnu -T source/plain TARGET
	same_as_gnu source/plain TARGET/missing/new
	same_as_gnu source/plain source/tight TARGET/missing
	same_as_gnu -t TARGET/missing source/plain
	same_as_gnu source TARGET
	same_as_gnu -r source/. TARGET
	same_as_gnu source/plain elsewhere/linked source/missing TARGET
}

test_one_file_system()
{
	make_source
	mount -t tmpfs haul-test "$WORK/source/mounted"
	echo hidden >"$WORK/source/mounted/file"
	same_as_gnu -rx source TARGET
	same_as_gnu -r source TARGET
}

# A program that runs can't be opened for writing.
test_force()
{
	local directory process processes=()
	make_source
	mkdir "$WORK/gnu" "$WORK/haul"
	for directory in gnu haul; do
		cp "$(command -v sleep)" "$WORK/$directory/plain"
		"$WORK/$directory/plain" 60 &
		processes+=($!)
		wait_until 5 cmp -s "/proc/$!/exe" "$WORK/$directory/plain"
	done
	cd "$WORK"
	expect_status 1 cp source/plain gnu
	expect_status 1 "$HAUL" cp source/plain haul
	expect_status 0 cp -f source/plain gnu
	expect_status 0 "$HAUL" cp -f source/plain haul
	expect_equal "result of -f" "$(describe "$WORK/gnu")" "$(describe "$WORK/haul")"
	for process in "${processes[@]}"; do
		kill "$process"
	done
}

run_tests
