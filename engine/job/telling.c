/* SPDX-License-Identifier: MIT */
#include "job/telling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT_BYTES_MAX (1u << 20)

struct telling *telling_begin(struct tellings *tellings)
{
	struct telling *telling = calloc(1, sizeof(*telling));

	tellings->current = telling;
	if (!telling)
		return NULL;
	telling->references = 1;
	telling->end = &telling->first;
	if (tellings->last)
		tellings->last->next = telling;
	else
		tellings->first = telling;
	tellings->last = telling;
	return telling;
}

struct telling *telling_hold(struct telling *telling)
{
	if (telling)
		telling->references++;
	return telling;
}

static int write_all(int fd, const char *text, size_t bytes)
{
	while (bytes) {
		ssize_t written = write(fd, text, bytes);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			bytes -= (size_t)written;
		}
	}
	return 0;
}

/* When nobody can read what we say on standard error there is nobody to tell. */
static void put(struct tellings *tellings, int fd, const char *text, size_t bytes)
{
	if (fd != STDOUT_FILENO)
		(void)write_all(fd, text, bytes);
	else if (!tellings->output_error)
		tellings->output_error = write_all(fd, text, bytes);
}

static void let_go(struct tellings *tellings, struct telling *telling)
{
	while (telling->first) {
		struct told *told = telling->first;

		telling->first = told->next;
		tellings->kept_bytes -= told->bytes;
		put(tellings, told->fd, told->text, told->bytes);
		free(told);
	}
	telling->end = &telling->first;
}

void telling_catch_up(struct tellings *tellings)
{
	for (struct telling *telling = tellings->first; telling; telling = telling->next)
		let_go(tellings, telling);
}

/* Those that are done leave, and the next one has the word. */
static void advance(struct tellings *tellings)
{
	while (tellings->first) {
		struct telling *telling = tellings->first;

		let_go(tellings, telling);
		if (telling->references)
			return;
		tellings->first = telling->next;
		if (!tellings->first)
			tellings->last = NULL;
		free(telling);
	}
}

void telling_release(struct tellings *tellings, struct telling *telling)
{
	if (!telling)
		return;
	telling->references--;
	if (!telling->references && tellings->current == telling)
		tellings->current = NULL;
	if (telling == tellings->first)
		advance(tellings);
}

static void keep(struct tellings *tellings, int fd, const char *text, size_t bytes)
{
	struct told *told = malloc(sizeof(*told) + bytes);

	if (!told) {
		put(tellings, fd, text, bytes);
		return;
	}
	*told = (struct told){.fd = fd, .bytes = bytes};
	memcpy(told->text, text, bytes);
	*tellings->current->end = told;
	tellings->current->end = &told->next;
	tellings->kept_bytes += bytes;
	if (tellings->kept_bytes > KEPT_BYTES_MAX)
		telling_catch_up(tellings);
}

void telling_say(struct tellings *tellings, int fd, const char *text, size_t bytes)
{
	if (tellings->current && tellings->current != tellings->first)
		keep(tellings, fd, text, bytes);
	else
		put(tellings, fd, text, bytes);
}

void telling_free_all(struct tellings *tellings)
{
	telling_catch_up(tellings);
	while (tellings->first) {
		struct telling *telling = tellings->first;

		tellings->first = telling->next;
		free(telling);
	}
	*tellings = (struct tellings){.output_error = tellings->output_error};
}
