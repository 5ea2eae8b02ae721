/* SPDX-License-Identifier: MIT */
/*
 * Serial ports: finding them, opening them, and reading and writing with deadlines. Every read and
 * write goes through an io_uring that the port owns, so no call here blocks longer than it was told
 * to: not on a peer that does not read, not on flow control that never lets go, not in close.
 *
 *     struct haul_port_settings settings;
 *     struct haul_port *port;
 *
 *     haul_port_settings_default(&settings);
 *     settings.rate_baud = 250000;
 *     error = haul_port_open("usb:0403:6001", &settings, &port);
 *     written = haul_port_write(port, "ping\n", 5, haul_port_now_ns() + 1000000000);
 *     got = haul_port_read(port, answer, sizeof(answer), haul_port_now_ns() + 1000000000);
 *     haul_port_close(port);
 *
 * Every function returns 0 or more on success and -errno on failure, prints nothing, and leaves its
 * ret_ arguments alone when it fails. A port belongs to one thread at a time. Times are absolute,
 * CLOCK_MONOTONIC, in nanoseconds.
 *
 * Everywhere, a port is named by
 *
 *     /dev/ttyUSB0, ttyUSB0, /dev/serial/by-id/...   its path; links are followed at each open
 *     usb:0403:6001                                  USB vendor and product
 *     usb:0403:6001:A50285BI                         and serial number
 *     usb:0403:6001@1-1.2                            and where it is plugged in
 *     serial=A50285BI                                USB serial number
 */
#ifndef HAUL_SERIAL_H
#define HAUL_SERIAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAUL_PORT_FOREVER    UINT64_MAX /* as a deadline */
#define HAUL_PORT_PATH_BYTES 256u
#define HAUL_PORT_TEXT_BYTES 128u
#define HAUL_PORT_NAME_BYTES 512u

uint64_t haul_port_now_ns(void);

/* ---- settings ---- */

enum haul_port_parity {
	HAUL_PARITY_NONE = 0,
	HAUL_PARITY_EVEN,
	HAUL_PARITY_ODD,
	HAUL_PARITY_MARK,
	HAUL_PARITY_SPACE,
};

enum haul_port_flow {
	HAUL_FLOW_NONE = 0,
	HAUL_FLOW_HARDWARE, /* RTS/CTS */
	HAUL_FLOW_SOFTWARE, /* XON/XOFF, both ways */
};

struct haul_port_settings {
	uint32_t rate_baud; /* any rate that the driver can make, not only the old standard ones */
	uint8_t data_bits;  /* 5 to 8 */
	uint8_t stop_bits;  /* 1 or 2 */
	uint8_t parity;     /* enum haul_port_parity */
	uint8_t flow;       /* enum haul_port_flow */
};

/* 115200 baud, 8N1, no flow control. */
void haul_port_settings_default(struct haul_port_settings *ret_settings);
/* Reads "8N1", "7e2" and the like into the settings. -EINVAL leaves them alone. */
int haul_port_settings_frame(struct haul_port_settings *settings, const char *text);
/* As people write it: "115200 8N1 rtscts". */
#define HAUL_PORT_SETTINGS_BYTES 40u
void haul_port_settings_format(const struct haul_port_settings *settings, char *ret_text);

/* ---- finding ports ---- */

/* Texts that are not known are empty. */
struct haul_port_info {
	char path[HAUL_PORT_PATH_BYTES]; /* of the device node */
	char description[HAUL_PORT_TEXT_BYTES];
	char driver[HAUL_PORT_TEXT_BYTES];
	int usb; /* 1: what follows is filled in as far as the device tells */
	uint16_t vendor;
	uint16_t product;
	char manufacturer[HAUL_PORT_TEXT_BYTES];
	char product_name[HAUL_PORT_TEXT_BYTES];
	char serial[HAUL_PORT_TEXT_BYTES];
	char location[HAUL_PORT_TEXT_BYTES]; /* the kernel's name for where it is plugged in:
						"1-1.2" */
};

/* Calls `found` with each port until it returns other than 0, and returns that. -ENOSYS when built
 * without libserialport. Pseudo-terminals are not listed, but can be opened by path. */
int haul_ports_each(int (*found)(const struct haul_port_info *info, void *context), void *context);

/* The one port of this name. -ENODEV: there is none now; -ENOTUNIQ: more than one. A path that
 * exists is found even when it is not listed. */
int haul_port_find(const char *name, struct haul_port_info *ret_info);

/* A name by which the same device is found again after it was replugged: by what it is, for USB
 * devices, otherwise its path. `ret_name` has room for HAUL_PORT_NAME_BYTES. */
void haul_port_identity(const struct haul_port_info *info, char *ret_name);

/* Who has the port open, this process apart, as far as /proc shows it to this user; of several, the
 * one that locked it. -ESRCH: nobody to be seen. */
struct haul_port_holder {
	pid_t pid;
	char command[64];
};
int haul_port_holder(const char *path, struct haul_port_holder *ret_holder);

/* ---- a port ---- */

struct haul_port;

/* Opens the port for this process alone and sets it up: raw, no echo, nothing translated. -EBUSY:
 * somebody else has it; -EINVAL: it can't be set so; -ENODEV, -ENOTUNIQ as above; -ENOTTY: not a
 * port. What arrived before is discarded. */
int haul_port_open(
	const char *name, const struct haul_port_settings *settings, struct haul_port **ret_port);

/* Cancels what is pending, then closes. What was not written yet, and what flow control holds back
 * in the driver, is discarded: haul_port_drain first. Returns within a second. NULL is fine. */
void haul_port_close(struct haul_port *port);

const struct haul_port_info *haul_port_info(const struct haul_port *port);

int haul_port_configure(struct haul_port *port, const struct haul_port_settings *settings);
const struct haul_port_settings *haul_port_settings(const struct haul_port *port);

/* ---- with deadlines ---- */

/* What has arrived, at least one byte. 0: nothing by the deadline (0 for what is there already).
 * -ENODEV: the port is gone, and everything that arrived before has been read. */
ssize_t haul_port_read(struct haul_port *port, void *ret_data, size_t bytes, uint64_t deadline_ns);

/* Returns how many bytes the driver took by the deadline; the rest is not written later. -ENODEV:
 * the port is gone, and how much was written can't be known. */
ssize_t haul_port_write(
	struct haul_port *port, const void *data, size_t bytes, uint64_t deadline_ns);

/* Waits until what was queued or written has left the driver, as far as it tells (a
 * pseudo-terminal doesn't). -ETIMEDOUT, -ENODEV. */
int haul_port_drain(struct haul_port *port, uint64_t deadline_ns);

/* ---- with events ---- */

enum haul_port_event {
	HAUL_PORT_INPUT = 1 << 0,   /* haul_port_take has something */
	HAUL_PORT_WRITTEN = 1 << 1, /* everything queued was taken by the driver */
	HAUL_PORT_WATCHED = 1 << 2, /* a watched descriptor has input: see haul_port_watched */
	HAUL_PORT_LOST = 1 << 3,    /* the port is gone; its input may still be taken */
};

/* Sleeps until an event or the deadline (returns 0 then). Events are levels: what is not taken is
 * told again. WRITTEN is told once for each time that the queue runs empty. -EINTR on a signal. */
int haul_port_wait(struct haul_port *port, uint64_t deadline_ns);

/* The same for one who writes: input that has arrived is no event for it. */
int haul_port_wait_written(struct haul_port *port, uint64_t deadline_ns);

/* Takes input that has arrived, 0 bytes if none has. */
size_t haul_port_take(struct haul_port *port, void *ret_data, size_t bytes);

/* Appends to what is to be written, and returns how many bytes there was room for. Writing begins
 * with the next wait. */
size_t haul_port_queue(struct haul_port *port, const void *data, size_t bytes);
/* Bytes queued that the driver has not taken. */
size_t haul_port_queued(const struct haul_port *port);

/* Forgets what has arrived but was not taken. */
void haul_port_discard_input(struct haul_port *port);
/* Forgets what is queued, in the driver too. */
void haul_port_discard_output(struct haul_port *port);

/* Lets haul_port_wait look at another descriptor too. -ENOSPC: no more than four. */
int haul_port_watch(struct haul_port *port, int fd);
/* Looks at it no more. */
void haul_port_unwatch(struct haul_port *port, int fd);
/* Whether the descriptor had input, a hang-up or an error at the last wait. */
int haul_port_watched(const struct haul_port *port, int fd);

/* ---- signals beside the data ---- */

enum haul_port_line {
	HAUL_LINE_DTR = 1 << 0, /* the first two are outputs */
	HAUL_LINE_RTS = 1 << 1,
	HAUL_LINE_CTS = 1 << 2,
	HAUL_LINE_DSR = 1 << 3,
	HAUL_LINE_DCD = 1 << 4,
	HAUL_LINE_RI = 1 << 5,
};

/* Which modem lines are on. -ENOTTY where there are none (pseudo-terminals); a break may also be
 * -EOPNOTSUPP (a USB device that says so). */
int haul_port_lines(struct haul_port *port);
int haul_port_set_lines(struct haul_port *port, unsigned lines, int on);
/* Starts or ends a break. One that comes in is no input: the driver counts it. */
int haul_port_break(struct haul_port *port, int on);

/* What the driver counted since it was loaded. -ENOTTY where it counts nothing. */
struct haul_port_counters {
	uint64_t received_bytes;
	uint64_t sent_bytes;
	uint64_t overruns;        /* the hardware's buffer was full: a byte lost each */
	uint64_t buffer_overruns; /* the kernel's was */
	uint64_t frame_errors;
	uint64_t parity_errors;
	uint64_t breaks;
};
int haul_port_counters(struct haul_port *port, struct haul_port_counters *ret_counters);

#ifdef __cplusplus
}
#endif
#endif
