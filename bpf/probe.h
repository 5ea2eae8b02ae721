/* SPDX-License-Identifier: MIT */
/*
 * The probe: a process that loads the BPF program, gives up all privilege, and passes on what the
 * program tells. The watcher starts it and reads its channel, a SOCK_SEQPACKET socket; one message
 * is a struct probe_message, and for PROBE_RECORD a struct mountprobe_record behind it. It ends
 * when the channel is closed.
 */
#ifndef BPF_PROBE_H
#define BPF_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/loader.h"
#include "bpf/mountprobe.h"

enum probe_type {
	PROBE_HELLO = 1, /* first: error and step, or variant; after an error, nothing follows */
	PROBE_RECORD,
	PROBE_DROPPED, /* value: how many records were lost so far */
};

struct probe_message {
	uint32_t type; /* enum probe_type */
	int32_t error; /* -errno */
	uint32_t step; /* enum loader_step */
	uint32_t variant;
	uint64_t value;
};

/* The life of the process: `haul --role=probe`, channel on SPAWN_CHANNEL_FD. Returns its exit
 * status. */
int probe_main(int argc, char **argv);

/* The watcher's end. */
struct probe {
	int channel_fd;
	pid_t pid;
	int pidfd;
};

struct probe_news {
	struct probe_message message;
	struct mountprobe_record record;
	size_t record_bytes;
};

int probe_start(struct probe *ret_probe);

/* Ends the process and reaps it. */
void probe_stop(struct probe *probe);

/* Takes the next message. -EAGAIN: none is waiting; -EPIPE: the process is gone; -EPROTO. */
int probe_next(struct probe *probe, struct probe_news *ret_news);

#endif
