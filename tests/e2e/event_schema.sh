#!/bin/bash
# SPDX-License-Identifier: MIT
#
# docs/events.schema.json describes what --json prints, and refuses what it must not.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

# Checks each line of standard input on its own; the first wrong one ends it with status 1.
validate()
{
	python3 - "$ROOT/docs/events.schema.json" 3<&0 <<-'PYTHON'
		import json
		import sys

		import jsonschema

		with open(sys.argv[1], encoding="utf-8") as file:
		    schema = json.load(file)
		jsonschema.Draft7Validator.check_schema(schema)
		validator = jsonschema.Draft7Validator(schema)
		count = 0
		for line in open(3, encoding="utf-8"):
		    event = json.loads(line)
		    if not validator.is_valid(event):
		        sys.exit(f"not as the schema says: {line}")
		    count += 1
		sys.exit(0 if count else "no events")
	PYTHON
}

need_jsonschema()
{
	python3 -c 'import jsonschema' 2>/dev/null || skip "needs package python3-jsonschema"
}

test_events_of_a_copy()
{
	need_jsonschema
	mkdir -p "$WORK/tree/sub" "$WORK/copy/tree/file"
	head -c 300K /dev/urandom >"$WORK/tree/sub/data"
	echo text >"$WORK/tree/file"
	echo text >"$WORK/tree/"$'odd\xff\t"name'
	expect_status 1 "$HAUL" cp -a --json "$WORK/tree" "$WORK/copy"
	validate <"$WORK/out"
	for event in '"job"' '"progress"' '"file"'; do
		expect_match "^\{\"event\":$event" "$WORK/out"
	done
}

common='"job":"j","seq":1,"time":"2026-01-31T23:59:59.000001Z"'

test_examples_are_valid()
{
	need_jsonschema
	validate <<-END
		{"event":"device",$common,"action":"mounted","device":"/dev/sdb1","major":8,"minor":17}
		{"event":"serial",$common,"port":"/dev/ttyUSB0","state":"line","data":"T=21"}
		{"event":"job",$common,"state":"done","op":"rm","sources":["a"],"exit":0}
		{"event":"file",$common,"path":"a","state":"done","bytes":"9007199254740993"}
	END
}

test_mistakes_are_refused()
{
	need_jsonschema
	while read -r line; do
		! validate <<<"$line" 2>/dev/null || fail "$line is valid"
	done <<-END
		{"event":"device",$common}
		{"event":"nothing",$common}
		{"event":"serial",$common,"port":"/dev/ttyUSB0","state":"asleep","data":""}
		{"event":"job",$common,"state":"done","op":"rm"}
		{"event":"file",$common,"path":"a","state":"done","bytes":-1}
		{"event":"file",$common,"path":"a","path_base64":"?","state":"done","bytes":1}
		{"event":"file","job":"j","seq":1,"time":"today","path":"a","state":"done","bytes":1}
	END
}

run_tests
