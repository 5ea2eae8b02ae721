/* SPDX-License-Identifier: MIT */
/* The inside of a port, for the files that implement include/haul/serial.h. */
#ifndef SERIALCTL_PORT_H
#define SERIALCTL_PORT_H

#include <liburing.h>
#include <stdbool.h>

#include "haul/serial.h"

#define PORT_INPUT_BYTES  (64u * 1024)
#define PORT_OUTPUT_BYTES (64u * 1024)
#define PORT_WATCHES      4

struct port_watch {
	int fd; /* -1: free, once nothing is armed */
	bool armed;
	bool ready;
};

struct haul_port {
	struct io_uring ring;
	int fd;
	bool lost;
	bool read_armed;
	bool write_armed;
	bool written;       /* the queue ran empty since that was told last */
	size_t input_start; /* of what was not taken, in `input` */
	size_t input_end;
	size_t output_start; /* of what was not written, in `output` */
	size_t output_end;
	struct port_watch watch[PORT_WATCHES];
	struct haul_port_settings settings;
	struct haul_port_info info;
	uint8_t input[PORT_INPUT_BYTES];
	uint8_t output[PORT_OUTPUT_BYTES];
};

/* haul_port_wait, but only for the events of the mask. */
int port_wait(struct haul_port *port, int mask, uint64_t deadline_ns);

/* Ends the write that is under way, if any. */
void port_cancel_write(struct haul_port *port);
/* Ends everything that is under way. Gives up after a second, which no driver was seen to need. */
void port_cancel_all(struct haul_port *port);

#endif
