/* SPDX-License-Identifier: MIT */
/*
 * Telling a running job to pause, go on or stop: a datagram to a socket beside its progress region.
 * The directory keeps others out, and the kernel vouches for who sent a datagram.
 */
#ifndef ENGINE_PROGRESS_CONTROL_H
#define ENGINE_PROGRESS_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CONTROL_SUFFIX ".control"

/* Long enough for a job on a busy machine. */
#define CONTROL_ANSWER_MS 2000

enum control_command {
	CONTROL_PAUSE = 1,
	CONTROL_RESUME = 2,
	CONTROL_CANCEL = 3,
};

/* ---- for whoever asks ---- */

/* Asks the job and waits for its answer. 0, or -ENOENT: no such job; -ECONNREFUSED: it is dead;
 * -EPERM: it isn't this user's; -ETIMEDOUT; -EALREADY: it is so already. */
int control_ask(const char *job, enum control_command command, int timeout_ms);

/* Why it could not be done, for people. */
const char *control_words(enum control_command command, int error);

/* ---- for the coordinator ---- */

struct control {
	int fd; /* readable when there is a request; -1: the job can't be controlled */
	char path[256];
};

struct control_peer {
	struct sockaddr_un address;
	socklen_t address_bytes;
};

/* `region_path` is the region's file; NULL makes a control that nobody can reach. */
int control_open(const char *region_path, struct control *ret_control);
void control_close(struct control *control);

/* The next request that its sender may make; others are answered with -EPERM here. Returns 1, 0
 * when there is none, or -errno. */
int control_next(const struct control *control, enum control_command *ret_command,
	struct control_peer *ret_peer);
/* `error` is 0 or -errno. A sender that doesn't wait for its answer is no concern of ours. */
void control_answer(const struct control *control, const struct control_peer *peer, int error);

#endif
