#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A worker that dies at the worst moment leaves nothing behind, and changes no count.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

FILES=40

prepare()
{
	local number
	! ldd "$HAUL" | grep -q 'lib[at]san' || skip "a sanitizer must be loaded first"
	cc -D_GNU_SOURCE -shared -fPIC -o "$WORK/dies.so" "$(dirname "$0")/dies.c"
	mkdir "$WORK/from"
	for ((number = 0; number < FILES; number++)); do
		echo "$number" >"$WORK/from/$number"
	done
	touch -d '1 minute ago' "$WORK"/from/*
}

# dying CALL COUNT COMMAND...: with a worker that dies at that call.
dying()
{
	env DIES_AT="$1" DIES_COUNT="$2" DIES_MARK="$WORK/mark" LD_PRELOAD="$WORK/dies.so" "${@:3}"
}

test_of_a_worker_that_dies()
{
	prepare
	mkdir "$WORK/to"
	expect_status 0 dying renameat2 20 "$HAUL" cp -r "$WORK/from" "$WORK/to/copy"
	[ -e "$WORK/mark" ] || fail "no worker died"
	whole
}

test_of_a_job_that_is_resumed()
{
	prepare
	mkdir "$WORK/to"
	DIES_WITH=parent expect_status 3 \
		dying renameat2 20 "$HAUL" cp -r --job left "$WORK/from" "$WORK/to/copy"
	expect_equal "unfinished files" 1 "$(find "$WORK/to" -name '.haul.*' | wc -l)"
	wait_until 5 is_alone "$WORK/dies.so"
	expect_status 0 "$HAUL" resume left
	whole
	rm -f "/dev/shm/haul-$(id -u)/left".*
}

# whole: nothing is missing, and nothing else is there.
whole()
{
	diff -r "$WORK/from" "$WORK/to/copy" || fail "not the same"
}

# is_alone FILE: no process has it mapped.
is_alone()
{
	! grep -lsF "$1" /proc/[0-9]*/maps >/dev/null
}

# last_count KIND: what the last progress event says of files.
last_count()
{
	jq -s "[.[] | select(.event == \"progress\")][-1].files.$1" "$WORK/out"
}

test_counts_of_what_is_skipped()
{
	prepare
	need_program jq
	cp -a "$WORK/from" "$WORK/to"
	sleep 0.1 # what is made just before the job may be its own
	expect_status 0 dying fstatat 60 "$HAUL" cp -rn --json "$WORK/from/." "$WORK/to"
	[ -e "$WORK/mark" ] || fail "no worker died"
	expect_equal skipped "$FILES" "$(last_count skipped)"
	expect_equal planned "$FILES" "$(last_count planned)"
}

test_counts_of_what_fails()
{
	prepare
	need_program jq
	mkdir "$WORK/to"
	for ((number = 0; number < FILES; number++)); do
		mkdir "$WORK/to/$number"
	done
	expect_status 1 dying fstatat 60 "$HAUL" cp -r --json "$WORK/from/." "$WORK/to"
	[ -e "$WORK/mark" ] || fail "no worker died"
	expect_equal failed "$FILES" "$(last_count failed)"
}

run_tests "$@"
