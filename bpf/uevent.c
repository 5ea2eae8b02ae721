/* SPDX-License-Identifier: MIT */
#include "bpf/uevent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#ifdef HAVE_LIBNL
#include <netlink/netlink.h>
#include <netlink/socket.h>
#endif

#define GROUP_KERNEL         1 /* 2 is udev's own */
#define RECEIVE_BUFFER_BYTES (4 * 1024 * 1024)

static enum uevent_action action_of(const char *word, size_t bytes)
{
	static const char *const words[] = {
		[UEVENT_ADD] = "add",
		[UEVENT_REMOVE] = "remove",
		[UEVENT_CHANGE] = "change",
	};

	for (unsigned i = 0; i < UEVENT_OTHER; i++) {
		if (strlen(words[i]) == bytes && memcmp(words[i], word, bytes) == 0)
			return (enum uevent_action)i;
	}
	return UEVENT_OTHER;
}

static void take_property(const char *property, struct uevent *uevent)
{
	if (strncmp(property, "SUBSYSTEM=", 10) == 0)
		uevent->subsystem = property + 10;
	else if (strncmp(property, "DEVNAME=", 8) == 0)
		uevent->device_name = property + 8;
	else if (strncmp(property, "MAJOR=", 6) == 0)
		uevent->major = (uint32_t)strtoul(property + 6, NULL, 10);
	else if (strncmp(property, "MINOR=", 6) == 0)
		uevent->minor = (uint32_t)strtoul(property + 6, NULL, 10);
}

/* "add@/devices/...", then properties, each ended by a NUL. */
int uevent_parse(const char *message, size_t bytes, struct uevent *ret_uevent)
{
	struct uevent uevent = {0};
	const char *end = message + bytes, *at;

	if (!bytes || message[bytes - 1] != '\0')
		return -EPROTO;
	at = strchr(message, '@');
	if (!at)
		return -EPROTO;
	uevent.action = action_of(message, (size_t)(at - message));
	for (at = message + strlen(message) + 1; at < end; at += strlen(at) + 1)
		take_property(at, &uevent);
	if (!uevent.subsystem)
		return -EPROTO;
	*ret_uevent = uevent;
	return 0;
}

bool uevent_is_genuine(uint32_t port, bool has_credentials, uint32_t uid, uint32_t pid)
{
	return port == 0 && has_credentials && uid == 0 && pid == 0;
}

#ifdef HAVE_LIBNL
struct uevent_socket {
	struct nl_sock *netlink;
	unsigned char *message; /* of the last uevent */
};

static int error_of(int error)
{
	switch (-error) {
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_NOMEM:
		return -ENOBUFS;
	case NLE_INTR:
		return -EINTR;
	case NLE_PERM:
		return -EPERM;
	default:
		return -EIO;
	}
}

static int set_up(struct nl_sock *netlink)
{
	int error;

	nl_socket_disable_seq_check(netlink);
	nl_join_groups(netlink, GROUP_KERNEL);
	error = nl_connect(netlink, NETLINK_KOBJECT_UEVENT);
	if (!error)
		error = nl_socket_set_passcred(netlink, 1);
	if (!error)
		error = nl_socket_set_nonblocking(netlink);
	if (error)
		return error_of(error);
	/* Only root gets all of it; the system's default will do for others. */
	(void)nl_socket_set_buffer_size(netlink, RECEIVE_BUFFER_BYTES, 0);
	return 0;
}

int uevent_open(struct uevent_socket **ret_socket)
{
	struct uevent_socket *sock = calloc(1, sizeof(*sock));
	int error;

	if (!sock)
		return -ENOMEM;
	sock->netlink = nl_socket_alloc();
	error = sock->netlink ? set_up(sock->netlink) : -ENOMEM;
	if (error) {
		uevent_close(sock);
		return error;
	}
	*ret_socket = sock;
	return 0;
}

void uevent_close(struct uevent_socket *sock)
{
	if (!sock)
		return;
	free(sock->message);
	nl_socket_free(sock->netlink);
	free(sock);
}

int uevent_fd(const struct uevent_socket *sock)
{
	return nl_socket_get_fd(sock->netlink);
}

/* Receives one message into sock->message and checks who sent it. A uevent has no netlink header,
 * so that libnl's own loop would drop it: nl_recv() only takes it off the socket. */
static int receive(struct uevent_socket *sock, size_t *ret_bytes)
{
	struct sockaddr_nl sender = {0};
	struct ucred *credentials = NULL;
	int got;
	bool genuine;

	free(sock->message);
	sock->message = NULL;
	got = nl_recv(sock->netlink, &sender, &sock->message, &credentials);
	if (got < 0)
		return error_of(got);
	if (got == 0)
		return -EAGAIN;
	genuine = uevent_is_genuine(sender.nl_pid, credentials, credentials ? credentials->uid : 0,
		credentials ? (uint32_t)credentials->pid : 0);
	free(credentials);
	if (!genuine)
		return -EACCES;
	*ret_bytes = (size_t)got;
	return 0;
}

int uevent_next(struct uevent_socket *sock, struct uevent *ret_uevent)
{
	size_t bytes = 0;
	int error;

	do {
		error = receive(sock, &bytes);
		if (!error)
			error = uevent_parse((const char *)sock->message, bytes, ret_uevent);
	} while (error == -EACCES || error == -EPROTO || error == -EINTR);
	return error;
}
#else
struct uevent_socket {
	int unused;
};

int uevent_open(struct uevent_socket **ret_socket)
{
	(void)ret_socket;
	return -ENOSYS;
}

void uevent_close(struct uevent_socket *sock)
{
	(void)sock;
}

int uevent_fd(const struct uevent_socket *sock)
{
	(void)sock;
	return -ENOSYS;
}

int uevent_next(struct uevent_socket *sock, struct uevent *ret_uevent)
{
	(void)sock;
	(void)ret_uevent;
	return -ENOSYS;
}
#endif
