/* SPDX-License-Identifier: MIT */
/*
 * What a serial process and the coordinator that started it say to each other, over a
 * SOCK_SEQPACKET socket, a datagram a message.
 *
 *   coordinator -> process                       process -> coordinator
 *   the command line, once, first                NOTICE   something that people should know
 *   PAUSE, RESUME                                FAILURE  something could not be done
 *   closing its end: stop                        END      all is over
 *
 * A coordinator that dies closes its end too.
 */
#ifndef SERIALCTL_CHANNEL_H
#define SERIALCTL_CHANNEL_H

#include <stdint.h>

#include <stddef.h>

#define CHANNEL_TEXT_BYTES 1024u
#define CHANNEL_LINE_BYTES (128u * 1024) /* the longest command line */

enum channel_word {
	CHANNEL_NOTICE = 1, /* something that people should know; nothing failed */
	CHANNEL_FAILURE,    /* something failed: a line for people, and the errno */
	CHANNEL_END,        /* all is over; the last message. error: 0 if nothing failed */
};

struct channel_message {
	uint32_t word; /* enum channel_word */
	int32_t error; /* a positive errno, or 0 */
	char text[CHANNEL_TEXT_BYTES];
};

enum channel_order {
	CHANNEL_PAUSE = 1,
	CHANNEL_RESUME,
	CHANNEL_STOP, /* never sent: it is what a closed end means */
};

/* ---- for the coordinator ---- */

/* The words of the command line, ended by NULL. -E2BIG: more than fits. */
int channel_send_line(int channel, int count, char *const *words);
/* 0 or -errno. */
int channel_give(int channel, enum channel_order order);
/* The next message: 1, 0 when there is none and won't be, or -errno (-EAGAIN: none yet). */
int channel_hear(int channel, struct channel_message *ret_message);

/* ---- for the process ---- */

/* Waits for the command line. The words are the caller's to free: the array, and its first word,
 * which holds them all. */
int channel_receive_line(int channel, int *ret_count, char ***ret_words);
/* The next order; 0 when there is none yet. */
int channel_heed(int channel);
/* Says it. A coordinator that is gone is not an error: there is nobody left to tell. */
void channel_say(int channel, enum channel_word word, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
