/* SPDX-License-Identifier: MIT */
/* The process that waits for devices in the coordinator's stead. */
#ifndef ENGINE_JOB_KEEPER_H
#define ENGINE_JOB_KEEPER_H

#include <stdint.h>
#include <sys/types.h>

#define KEEPER_NO_FD (-1)

struct keeper {
	pid_t pid; /* 0: there is none */
	int pidfd;
	int channel;
};

int keeper_start(struct keeper *ret_keeper);
/* Asks for the filesystem of an open directory, or for another open file, to be made durable. */
int keeper_ask(const struct keeper *keeper, uint32_t number, int fd);
/* The answer: 1, 0 when there is none yet, -EPIPE when it is gone, or -errno. */
int keeper_answer(const struct keeper *keeper, uint32_t *ret_number, int *ret_error);
/* Ends it, without waiting for one that a device holds up. */
void keeper_end(struct keeper *keeper);

#endif
