#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The check of who may include whom finds what breaks its table, and only that.

. "$(dirname "$0")/../lib.sh"

# plant PLACE INCLUDE: a file in a tree of its own.
plant()
{
	mkdir -p "$WORK/tree/$1"
	printf '#include <stdio.h>\n#include "%s"\n' "$2" >"$WORK/tree/$1/planted.c"
}

refuses()
{
	plant "$1" "$2"
	expect_status 1 "$ROOT/tools/include-rules" "$WORK/tree"
	expect_equal "what it says" "$1/planted.c:2: $1 may not include \"$2\"" "$(cat "$WORK/out")"
	rm -r "$WORK/tree"
}

accepts()
{
	plant "$1" "$2"
	expect_status 0 "$ROOT/tools/include-rules" "$WORK/tree"
	rm -r "$WORK/tree"
}

test_roles_do_not_know_each_other()
{
	refuses engine/worker job/job.h
	refuses engine/job worker/worker.h
	refuses engine/publisher job/job.h
	refuses serialctl bpf/device.h
}

test_lower_places_do_not_know_higher_ones()
{
	refuses engine/util wire/message.h
	refuses engine/io progress/region.h
	refuses include/haul util/parse.h
}

test_headers_are_named_by_their_place()
{
	refuses engine/cli option.h
	refuses engine/cli ../util/parse.h
}

test_the_table_is_obeyed_when_it_allows()
{
	accepts engine/worker io/copy.h
	accepts engine/worker worker/slot.h
	accepts engine/cli job/job.h
	accepts include/haul haul/exit.h
	accepts tests/unit cli/option.h
}

run_tests
