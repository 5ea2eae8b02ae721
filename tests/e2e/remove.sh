#!/bin/bash
# SPDX-License-Identifier: MIT
#
# haul rm removes what rm removes, in rm's words, and nothing else.

. "$(dirname "$0")/../lib.sh"
private_mounts "$@"

make_small_tree()
{
	mkdir -p tree/sub/empty
	echo text >tree/file
	echo text >tree/sub/$'odd\xff\nname'
	ln -s /etc tree/link
	mkfifo tree/fifo
}

expect_gone()
{
	[ ! -e "$1" ] && [ ! -L "$1" ] || fail "$1 is still there"
}

expect_words()
{
	diff -u - "$WORK/err" >&2 || fail "other words than expected"
}

test_trees_go_on_every_filesystem()
{
	for type in ext4 xfs btrfs tmpfs; do
		make_filesystem "$type" "$type" 600M
		cp -a /usr/include/linux "$WORK/$type/wide"
		mkdir "$WORK/$type/flat"
		(cd "$WORK/$type/flat" && seq 5000 | xargs touch)
		expect_status 0 "$HAUL" rm -r "$WORK/$type/wide" "$WORK/$type/flat"
		expect_gone "$WORK/$type/wide"
		expect_gone "$WORK/$type/flat"
	done
}

test_deep_trees_go()
{
	cd "$WORK"
	mkdir deep
	(cd deep && for level in $(seq 120); do
		mkdir "$(printf 'd%0120d' "$level")" && cd -P d*
	done)
	expect_status 0 "$HAUL" rm -r deep
	expect_gone deep
}

test_links_are_not_followed()
{
	cd "$WORK"
	mkdir outside
	echo kept >outside/file
	mkdir tree
	ln -s ../outside tree/link
	expect_status 0 "$HAUL" rm -r tree
	expect_gone tree
	[ -f outside/file ] || fail "followed a link"
}

test_words_are_those_of_rm()
{
	cd "$WORK"
	make_small_tree
	expect_status 1 "$HAUL" rm missing
	expect_words <<<"haul rm: cannot remove 'missing': No such file or directory"
	expect_status 1 "$HAUL" rm tree
	expect_words <<<"haul rm: cannot remove 'tree': Is a directory"
	expect_status 1 "$HAUL" rm -d tree
	expect_words <<<"haul rm: cannot remove 'tree': Directory not empty"
	expect_status 1 "$HAUL" rm -r tree/. ..
	expect_words <<-END
		haul rm: refusing to remove '.' or '..' directory: skipping 'tree/.'
		haul rm: refusing to remove '.' or '..' directory: skipping '..'
	END
	expect_status 1 "$HAUL" rm -r tree/file/
	expect_words <<<"haul rm: cannot remove 'tree/file/': Not a directory"
	expect_status 1 "$HAUL" rm -r /
	expect_words <<-END
		haul rm: it is dangerous to operate recursively on '/'
		haul rm: use --no-preserve-root to override this failsafe
	END
	expect_status 0 "$HAUL" rm -f missing tree/file/missing
	expect_words </dev/null
	expect_status 0 "$HAUL" rm -d tree/sub/empty
	expect_gone tree/sub/empty
	expect_status 0 "$HAUL" rm -r tree
	expect_gone tree
}

test_what_was_removed_is_told()
{
	cd "$WORK"
	mkdir -p tree/sub
	touch tree/a tree/sub/b
	expect_status 0 "$HAUL" rm -rv tree
	sort "$WORK/out" | diff -u <(
		cat <<-END
			removed 'tree/a'
			removed 'tree/sub/b'
			removed directory 'tree'
			removed directory 'tree/sub'
		END
	) - >&2
}

test_a_no_keeps_what_was_asked_about_and_its_parents()
{
	cd "$WORK"
	mkdir -p tree/sub
	touch tree/a tree/sub/b
	# Descend twice, keep one file, remove the other: both directories must stay or go with it.
	printf 'y\ny\nn\n' | expect_status 0 "$HAUL" rm -ri tree
	[ -d tree/sub ] || fail "a directory went that was not empty"
	expect_status 0 "$HAUL" rm -ri tree < <(printf "y\n%.0s" {1..9})
	expect_gone tree
}

test_once_is_asked_for_all()
{
	cd "$WORK"
	touch a b c d
	expect_status 0 "$HAUL" rm -I a b c d <<<n
	grep -q 'haul rm: remove 4 arguments? ' "$WORK/err" || fail "no question"
	[ -e a ] || fail "did not wait for the answer"
	expect_status 0 "$HAUL" rm -I a b c d <<<y
	expect_gone a
}

test_one_filesystem_is_stayed_on()
{
	cd "$WORK"
	mkdir -p tree/mounted tree/sub
	mount -t tmpfs -o size=1M haul-test tree/mounted
	touch tree/mounted/kept tree/sub/gone
	expect_status 1 "$HAUL" rm -r --one-file-system tree
	expect_words <<<"haul rm: skipping 'tree/mounted', since it's on a different device"
	[ -e tree/mounted/kept ] || fail "left its filesystem"
	expect_gone tree/sub
}

test_what_may_not_go_is_told_once()
{
	cd "$WORK"
	mkdir -p tree/closed tree/open
	touch tree/closed/file tree/open/file
	chmod 555 tree/closed
	chown -R nobody tree
	chmod 755 "$WORK"
	expect_status 1 setpriv --reuid=nobody --regid=nogroup --clear-groups "$HAUL" rm -r tree/closed tree/open
	expect_words <<<"haul rm: cannot remove 'tree/closed/file': Permission denied"
	expect_gone tree/open
}

test_a_directory_that_may_not_be_read_stays()
{
	cd "$WORK"
	mkdir -p tree/closed/sub
	chmod 0 tree/closed
	chown -R nobody tree
	chmod 755 "$WORK"
	expect_status 1 setpriv --reuid=nobody --regid=nogroup --clear-groups "$HAUL" rm -rf tree
	expect_words <<<"haul rm: cannot remove 'tree/closed': Permission denied"
}

test_interrupt_at_the_question()
{
	local process status=0
	cd "$WORK"
	mkdir tree
	mkfifo answers
	env --default-signal=INT "$HAUL" rm -rI tree <answers 2>err &
	process=$!
	exec 9>answers
	wait_until 5 grep -q recursively err
	kill -INT "$process"
	wait_until 5 process_ended "$process"
	wait "$process" || status=$?
	expect_equal "status" 130 "$status"
	[ -d tree ] || fail "it went all the same"
}

process_ended()
{
	! grep -q '^State:.[^Z]' "/proc/$1/status"
}

# Deeper than a message between the processes is long.
test_what_is_too_deep_stays_and_is_named()
{
	cd "$WORK"
	mkdir -p tree/gone
	(cd tree && for level in $(seq 150); do
		mkdir "$(printf 'd%0250d' "$level")" && cd -P d*
	done)
	expect_status 1 "$HAUL" rm -r tree
	expect_equal "lines" 1 "$(wc -l <"$WORK/err")"
	expect_match "^haul rm: cannot remove 'tree/d0+1/d0+2/.*/\.\.\.': File name too long$" "$WORK/err"
	expect_gone tree/gone
	expect_status 1 "$HAUL" cp -r tree copy
	expect_equal "lines" 1 "$(wc -l <"$WORK/err")"
	expect_match "^haul cp: cannot access 'tree/d0+1/d0+2/.*/\.\.\.': File name too long$" "$WORK/err"
}

# Workers are at all operands at once.
test_operands_may_lie_one_in_another()
{
	cd "$WORK"
	for round in 1 2 3 4 5; do
		mkdir -p tree/sub/deep
		(cd tree/sub/deep && seq 500 | xargs touch)
		expect_status 0 "$HAUL" rm -r tree/sub/deep tree/sub tree tree
		expect_words </dev/null
		expect_gone tree
		mkdir tree
		touch tree/file
		expect_status 0 "$HAUL" rm -fv tree/file tree/../tree/file tree/file
		expect_gone tree/file
	done
	touch file
	expect_status 1 "$HAUL" rm file file
	expect_words <<<"haul rm: cannot remove 'file': No such file or directory"
}

# Somebody fills the directory up while it is removed.
test_a_directory_that_fills_up_goes_in_the_end()
{
	cd "$WORK"
	mkdir tree
	(cd tree && seq 3000 | xargs touch)
	(for new in $(seq 200); do : >"tree/new$new" || exit 0; done) 2>/dev/null &
	expect_status 0 "$HAUL" rm -r tree
	wait
	expect_gone tree
}

run_tests
