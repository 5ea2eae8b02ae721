/* SPDX-License-Identifier: MIT */
#include "publisher/tty.h"

#include <errno.h>
#include <unistd.h>

#define COLUMNS_MIN 10u

struct terminal_size tty_size(const struct tty *tty)
{
	struct terminal_size size = terminal_size_of(tty->fd);

	if (size.columns < COLUMNS_MIN)
		size.columns = COLUMNS_MIN;
	return size;
}

bool tty_is_background(const struct tty *tty)
{
	pid_t foreground = tcgetpgrp(tty->fd);

	return foreground > 0 && foreground != getpgrp();
}

int tty_open(int fd, struct tty *ret_tty)
{
	struct tty tty = {.locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0)};
	int error = tty.locale ? outbox_open_fd(fd, &tty.fd) : -errno;

	if (error) {
		if (tty.locale)
			freelocale(tty.locale);
		return error;
	}
	tty.kind = terminal_kind_of(tty.fd);
	tty.style.utf8 = tty.kind.utf8;
	tty.style.colour = tty.kind.colour;
	uselocale(tty.locale);
	*ret_tty = tty;
	return 0;
}

void tty_close(struct tty *tty)
{
	outbox_close(&tty->outbox);
	close(tty->fd);
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(tty->locale);
}
