/* SPDX-License-Identifier: MIT */
#include "serialctl/channel.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void channel_say(int channel, enum channel_word word, int error, const char *format, ...)
{
	struct channel_message message = {.word = word, .error = error < 0 ? -error : error};
	va_list arguments;
	size_t bytes;

	va_start(arguments, format);
	vsnprintf(message.text, sizeof(message.text), format, arguments);
	va_end(arguments);
	bytes = offsetof(struct channel_message, text) + strlen(message.text) + 1;
	while (send(channel, &message, bytes, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

int channel_hear(int channel, struct channel_message *ret_message)
{
	const size_t least = offsetof(struct channel_message, text) + 1;
	struct channel_message message;
	ssize_t bytes = recv(channel, &message, sizeof(message), MSG_DONTWAIT);

	if (bytes < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (bytes == 0)
		return 0;
	if ((size_t)bytes < least)
		return -EPROTO;
	((char *)&message)[bytes - 1] = '\0';
	*ret_message = message;
	return 1;
}

int channel_send_line(int channel, int count, char *const *words)
{
	char *line = malloc(CHANNEL_LINE_BYTES);
	size_t used = 0;
	int error = 0;

	if (!line)
		return -ENOMEM;
	for (int i = 0; i < count && !error; i++) {
		size_t bytes = strlen(words[i]) + 1;

		if (bytes > CHANNEL_LINE_BYTES - used) {
			error = -E2BIG;
		} else {
			memcpy(line + used, words[i], bytes);
			used += bytes;
		}
	}
	if (!error && send(channel, line, used, MSG_NOSIGNAL) < 0)
		error = -errno;
	free(line);
	return error;
}

static int count_words(const char *line, size_t bytes)
{
	int count = 0;

	for (size_t i = 0; i < bytes; i++)
		count += line[i] == '\0';
	return count;
}

int channel_receive_line(int channel, int *ret_count, char ***ret_words)
{
	char *line = malloc(CHANNEL_LINE_BYTES), *next = line;
	char **words = NULL;
	ssize_t bytes = line ? recv(channel, line, CHANNEL_LINE_BYTES, 0) : -1;
	int count = 0, error = 0;

	if (bytes < 0)
		error = line ? -errno : -ENOMEM;
	else if (bytes == 0 || line[bytes - 1] != '\0')
		error = -EPROTO;
	if (!error) {
		count = count_words(line, (size_t)bytes);
		words = calloc((size_t)count + 1, sizeof(*words));
		error = words ? 0 : -ENOMEM;
	}
	if (error) {
		free(line);
		return error;
	}
	for (int i = 0; i < count; i++) {
		words[i] = next;
		next += strlen(next) + 1;
	}
	*ret_count = count;
	*ret_words = words;
	return 0;
}

int channel_give(int channel, enum channel_order order)
{
	uint32_t word = order;

	return send(channel, &word, sizeof(word), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int channel_heed(int channel)
{
	uint32_t word;
	ssize_t bytes = recv(channel, &word, sizeof(word), MSG_DONTWAIT);

	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (bytes != sizeof(word) || word > CHANNEL_RESUME)
		return CHANNEL_STOP;
	return (int)word;
}
