/* SPDX-License-Identifier: MIT */
#include "util/terminal_kind.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ROWS_UNKNOWN    24u
#define COLUMNS_UNKNOWN 80u

static bool shows_utf8(void)
{
	locale_t user = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (!user)
		return false;
	utf8 = strcmp(nl_langinfo_l(CODESET, user), "UTF-8") == 0;
	freelocale(user);
	return utf8;
}

struct terminal_kind terminal_kind_of(int fd)
{
	const char *term = getenv("TERM");
	const char *no_colour = getenv("NO_COLOR");
	struct terminal_kind kind = {
		.is_terminal = isatty(fd),
		.dumb = !term || !*term || strcmp(term, "dumb") == 0,
		.utf8 = shows_utf8(),
	};

	kind.colour = kind.is_terminal && !kind.dumb && !(no_colour && *no_colour);
	return kind;
}

struct terminal_size terminal_size_of(int fd)
{
	struct winsize size = {0};

	/* What fails says nothing, as does a terminal whose size nobody has set. */
	(void)ioctl(fd, TIOCGWINSZ, &size);
	return (struct terminal_size){
		.rows = size.ws_row ? size.ws_row : ROWS_UNKNOWN,
		.columns = size.ws_col ? size.ws_col : COLUMNS_UNKNOWN,
	};
}
