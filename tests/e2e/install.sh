#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What `make install` leaves is complete, and outsiders can build on it.

. "$(dirname "$0")/../lib.sh"

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

test_the_library_exports_its_interface_and_nothing_else()
{
	need_program readelf binutils
	expect_equal soname libhaul.so.0 \
		"$(readelf -d "$BUILD/libhaul.so" | sed -n 's/.*soname: \[\(.*\)\]/\1/p')"
	expect_equal "foreign symbols" "" \
		"$(nm -D --defined-only "$BUILD/libhaul.so" | awk '{ print $3 }' | grep -Ev '^(haul_|HAUL_)' || true)"
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

run_tests
