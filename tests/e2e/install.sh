#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What `make install` leaves is complete, and outsiders can build on it.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serial.sh"

# install_into PREFIX [DESTDIR]
install_into()
{
	# With another name of the build directory, flags would differ and all be built again.
	make -C "$ROOT" --no-print-directory BUILD="$(realpath --relative-to="$ROOT" "$BUILD")" \
		PREFIX="$1" DESTDIR="${2:-}" install >"$WORK/install.log" 2>&1 || fail "make install: $(cat "$WORK/install.log")"
}

test_every_file_is_where_it_belongs()
{
	local file
	install_into /opt/haul "$WORK/root"
	expect_equal "outside of the prefix" opt "$(ls "$WORK/root")"
	cd "$WORK/root/opt/haul"
	for file in bin/haul lib/libhaul.so lib/libhaul.so.0 lib/libhaul.a lib/pkgconfig/haul.pc \
		lib/libhaul-serial.so lib/libhaul-serial.so.0 lib/libhaul-serial.a \
		lib/pkgconfig/haul-serial.pc include/haul/serial.h \
		include/haul/progress.h include/haul/exit.h include/haul/version.h \
		share/man/man1/haul.1 share/man/man1/haul-cp.1 \
		share/bash-completion/completions/haul share/zsh/site-functions/_haul \
		share/fish/vendor_completions.d/haul.fish; do
		[ -s "$file" ] || fail "$file is missing or empty"
	done
	[ -x bin/haul ] || fail "bin/haul can't be run"
	expect_equal "a build directory in what is installed" "" \
		"$(grep -rlF "$WORK" lib/pkgconfig share || true)"
}

# declared HEADER: the functions that it promises.
declared()
{
	cc -fsyntax-only -aux-info /dev/stdout -x c "$ROOT/include/haul/$1" |
		sed -nE 's,^/\* [^ ]*include/haul/[^ ]* \*/ .*[ *](haul_[a-z0-9_]+) \(.*,\1,p' | sort -u
}

# exports_exactly LIBRARY HEADER...
exports_exactly()
{
	local library=$1 header
	shift
	expect_equal "soname" "$library.so.0" \
		"$(readelf -d "$BUILD/$library.so" | sed -n 's/.*soname: \[\(.*\)\]/\1/p')"
	expect_equal "what $library exports" \
		"$(for header in "$@"; do declared "$header"; done)" \
		"$(nm -D --defined-only "$BUILD/$library.so" | awk '$2 == "T" { print $3 }' |
			cut -d @ -f 1 | sort)"
}

test_the_libraries_export_their_interfaces_and_nothing_else()
{
	need_program readelf binutils
	exports_exactly libhaul progress.h
	exports_exactly libhaul-serial serial.h
}

write_outsider()
{
	cat >"$WORK/outsider.c" <<-'END'
		#include <haul/exit.h>
		#include <haul/progress.h>
		#include <haul/version.h>
		#include <string.h>

		static int ignore(const char *job, void *context)
		{
			(void)job;
			(void)context;
			return 0;
		}

		int main(void)
		{
			if (haul_jobs_each(ignore, NULL) < 0)
				return HAUL_EXIT_FAILED;
			return strcmp(haul_version(), HAUL_VERSION) ? HAUL_EXIT_FAILED : HAUL_EXIT_OK;
		}
	END
}

test_an_outside_program_builds_with_pkg_config()
{
	local flags
	install_into "$WORK/usr"
	write_outsider
	flags=$(PKG_CONFIG_PATH=$WORK/usr/lib/pkgconfig pkg-config --cflags --libs haul)
	# shellcheck disable=SC2086
	cc -Wall -Werror -o "$WORK/outsider" "$WORK/outsider.c" $flags
	expect_status 0 env LD_LIBRARY_PATH="$WORK/usr/lib" "$WORK/outsider"
	cc -o "$WORK/alone" "$WORK/outsider.c" -I"$WORK/usr/include" "$WORK/usr/lib/libhaul.a"
	expect_status 0 "$WORK/alone"
}

# build_example NAME MODULE: as its own first lines say, against what is installed.
build_example()
{
	local flags
	flags=$(PKG_CONFIG_PATH=$WORK/usr/lib/pkgconfig pkg-config --cflags --libs "$2")
	# shellcheck disable=SC2086
	cc -Wall -Wextra -Werror -o "$WORK/$1" "$ROOT/docs/examples/$1.c" $flags
}

test_a_serial_program_builds_and_talks_to_a_device()
{
	need_program socat
	install_into "$WORK/usr"
	build_example ask haul-serial
	export LD_LIBRARY_PATH=$WORK/usr/lib
	device "'sed -u s/^/you-said-/'"
	expect_status 0 "$WORK/ask" "$WORK/port" 115200 hello
	expect_equal "the answer" you-said-hello "$(cat "$WORK/out")"
	unplug
	device sleep 60
	expect_status 1 "$WORK/ask" "$WORK/port" 115200 hello
	expect_match 'no answer came in time' "$WORK/err"
	expect_status 1 "$WORK/ask" "$WORK/nothing" 115200 hello
	expect_match 'No such' "$WORK/err"
}

test_a_serial_program_links_statically()
{
	local flags
	install_into "$WORK/usr"
	flags=$(PKG_CONFIG_PATH=$WORK/usr/lib/pkgconfig pkg-config --static --libs haul-serial)
	# Of the two libraries of the name, the one that is an archive.
	# shellcheck disable=SC2086
	cc -o "$WORK/ask" "$ROOT/docs/examples/ask.c" -I"$WORK/usr/include" \
		"$WORK/usr/lib/libhaul-serial.a" ${flags/-lhaul-serial/}
	expect_status 0 "$WORK/ask"
}

run_tests
