#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What is made from the option tables is well-formed and complete.

. "$(dirname "$0")/../lib.sh"

test_man_pages_have_no_warnings()
{
	local page
	need_program mandoc
	need_program groff
	for page in "$BUILD"/docs/*.1; do
		# A page that is another's second name.
		! grep -q '^\.so ' "$page" || continue
		expect_equal "mandoc on $page" "" "$(mandoc -Tlint -Wwarning "$page" 2>&1)"
		expect_equal "groff on $page" "" "$(groff -man -Tutf8 -ww -z "$page" 2>&1)"
	done
}

# page_of COMMAND: its file, also when it shares one.
page_of()
{
	local page=$BUILD/docs/haul-$1.1
	[ -e "$page" ] || fail "$1 has no man page"
	sed -nE '1s/^\.so man1\/(.*)/\1/p' "$page" | grep . || echo "${page##*/}"
}

test_every_page_tells_every_option()
{
	local command option page checked=0
	for command in $("$HAUL" --help | sed -nE 's/^  ([a-z]+) .*/\1/p'); do
		page=$(page_of "$command")
		for option in $("$HAUL" "$command" --help | grep -oE '^ +(-., )*--[a-z-]+' | grep -oE -- '--.*'); do
			grep -qF -- "${option//-/\\-}" "$BUILD/docs/$page" ||
				fail "$page does not tell $option"
			checked=$((checked + 1))
		done
	done
	[ "$checked" -gt 10 ] || fail "only $checked options were found"
}

test_no_placeholder_is_left()
{
	expect_equal "placeholders" "" "$(grep -l '@[A-Z]*@' "$BUILD"/docs/* || true)"
}

# complete WORD...: what bash offers for the last of these words, sorted, on one line.
complete_in_bash()
{
	bash --norc -c '
		. "$0"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		compopt() { :; }
		_haul
		printf "%s\n" "${COMPREPLY[@]}"' "$BUILD/docs/haul.bash" "$@" | sort | paste -sd' '
}

test_bash_completes()
{
	bash -n "$BUILD/docs/haul.bash"
	touch "$WORK/file"
	mkdir "$WORK/directory"
	cd "$WORK"
	expect_equal "commands" cp "$(complete_in_bash haul cp)"
	expect_equal "options" "--no-clobber --no-dereference --no-preserve --no-target-directory" \
		"$(complete_in_bash haul cp --no-)"
	expect_equal "values of two words" "direct" "$(complete_in_bash haul cp --strategy di)"
	expect_equal "values behind =" "direct" "$(complete_in_bash haul cp --strategy = di)"
	expect_equal "values of an optional argument" "always auto never" \
		"$(complete_in_bash haul cp --progress =)"
	expect_equal "a file behind an optional argument" "file" \
		"$(complete_in_bash haul cp --progress f)"
	expect_equal "directories" "directory" "$(complete_in_bash haul cp -t '')"
	expect_equal "verbs" "receive" "$(complete_in_bash haul serial rec)"
	expect_equal "options of verbs" "--protocol" "$(complete_in_bash haul serial send --proto)"
}

test_zsh_takes_its_completion()
{
	need_program zsh
	zsh -n "$BUILD/docs/haul.zsh"
}

test_fish_completes()
{
	need_program fish
	fish --no-execute "$BUILD/docs/haul.fish"
	HOME=$WORK fish --no-config -c \
		"source $BUILD/docs/haul.fish; complete -C 'haul cp --strategy='" >"$WORK/out"
	expect_match '^--strategy=direct' "$WORK/out"
	HOME=$WORK fish --no-config -c \
		"source $BUILD/docs/haul.fish; complete -C 'haul serial rec'" >"$WORK/out"
	expect_match '^receive' "$WORK/out"
}

run_tests
