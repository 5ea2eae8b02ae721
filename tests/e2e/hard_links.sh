#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Files with further names, of which not all are below what is copied.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# What is remembered for a name that never comes must not keep later sources waiting.
test_names_outside_of_one_destination()
{
	mkdir -p "$WORK"/{one,two}/tree "$WORK"/{elsewhere,copy,expected}
	echo first >"$WORK/one/tree/linked"
	ln "$WORK/one/tree/linked" "$WORK/elsewhere/linked"
	echo second >"$WORK/two/tree/file"
	expect_status 0 timeout 20 "$HAUL" cp -a "$WORK/one/tree" "$WORK/two/tree" "$WORK/copy"
	cp -a "$WORK/one/tree" "$WORK/two/tree" "$WORK/expected"
	same_tree "$WORK/expected/tree" "$WORK/copy/tree"
}

test_names_outside_of_many_sources()
{
	local number
	mkdir "$WORK"/{from,elsewhere,copy}
	for number in {1..100}; do
		mkdir "$WORK/from/$number"
		echo "$number" >"$WORK/from/$number/linked"
		ln "$WORK/from/$number/linked" "$WORK/elsewhere/$number"
	done
	expect_status 0 timeout 20 "$HAUL" cp -a "$WORK"/from/* "$WORK/copy"
	touch -r "$WORK/from" "$WORK/copy"
	same_tree "$WORK/from" "$WORK/copy"
}

test_names_in_several_sources()
{
	local number
	mkdir -p "$WORK"/from/{1..50} "$WORK/copy"
	echo shared >"$WORK/from/1/linked"
	for number in {2..50}; do
		ln "$WORK/from/1/linked" "$WORK/from/$number/linked"
	done
	expect_status 0 timeout 20 "$HAUL" cp -a "$WORK"/from/* "$WORK/copy"
	touch -r "$WORK/from" "$WORK/copy"
	same_tree "$WORK/from" "$WORK/copy"
	expect_equal "links" 50 "$(stat -c %h "$WORK/copy/50/linked")"
}

run_tests "$@"
