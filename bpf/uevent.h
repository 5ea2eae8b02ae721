/* SPDX-License-Identifier: MIT */
/*
 * The kernel's announcements of devices that come, go and change, through netlink (libnl). Reading
 * them needs no privilege. Any process with enough of it can send some that look alike, so only
 * what the kernel itself sent is taken.
 */
#ifndef BPF_UEVENT_H
#define BPF_UEVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum uevent_action {
	UEVENT_ADD,
	UEVENT_REMOVE,
	UEVENT_CHANGE,
	UEVENT_OTHER,
};

/* Strings point into the message. */
struct uevent {
	enum uevent_action action;
	const char *subsystem;   /* "block", "tty" */
	const char *device_name; /* below /dev; NULL when it has none */
	uint32_t major;
	uint32_t minor;
};

/* Takes apart a message of `bytes`. -EPROTO when it is none. */
int uevent_parse(const char *message, size_t bytes, struct uevent *ret_uevent);

struct uevent_socket;

/* -ENOSYS when built without libnl. */
int uevent_open(struct uevent_socket **ret_socket);
void uevent_close(struct uevent_socket *socket); /* NULL is fine */
int uevent_fd(const struct uevent_socket *socket);

/* Takes the next message; what *ret_uevent points to is valid until the next call. -EAGAIN: none is
 * waiting; -ENOBUFS: some were lost, and sysfs has to be read again. Forged messages are passed
 * over. */
int uevent_next(struct uevent_socket *socket, struct uevent *ret_uevent);

/* Whether a message from this netlink port, with these credentials, is the kernel's. */
bool uevent_is_genuine(uint32_t port, bool has_credentials, uint32_t uid, uint32_t pid);

#endif
