# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Node.js and what tests/node/package.json names, for tests of pages and of Socket.IO. Source it
# after lib.sh.

NODE_DIRECTORY=$BUILD/node

# Call it before private_mounts: it installs once, below the build directory.
need_node()
{
	local lock=$ROOT/tests/node/package-lock.json
	need_program node nodejs
	need_program npm
	cmp -s "$lock" "$NODE_DIRECTORY/installed" && return
	rm -rf "$NODE_DIRECTORY"
	mkdir -p "$NODE_DIRECTORY"
	cp "$lock" "$ROOT/tests/node/package.json" "$NODE_DIRECTORY"
	npm --prefix "$NODE_DIRECTORY" ci --ignore-scripts --no-audit --no-fund --loglevel=error \
		>&2 || fail "npm could not install what tests/node/package.json names"
	cp "$lock" "$NODE_DIRECTORY/installed"
}

# in_node SCRIPT [ARGUMENT...]: one of tests/node.
in_node()
{
	local script=$1
	shift
	NODE_PATH=$NODE_DIRECTORY/node_modules exec node "$ROOT/tests/node/$script" "$@"
}
