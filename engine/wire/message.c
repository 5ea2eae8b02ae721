/* SPDX-License-Identifier: MIT */
#include "wire/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t align8(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

void wire_reset(struct wire_buffer *buffer)
{
	buffer->used = 0;
	buffer->fd[0] = WIRE_NO_FD;
	buffer->fd[1] = WIRE_NO_FD;
}

static void put_bytes(struct wire_buffer *buffer, const void *data, size_t bytes)
{
	if (bytes)
		memcpy(buffer->data + buffer->used, data, bytes);
	buffer->used += bytes;
}

static void put_text(struct wire_buffer *buffer, struct wire_text text)
{
	put_bytes(buffer, text.data, text.bytes);
	buffer->data[buffer->used++] = '\0';
}

/* What is padded is zeroed, so that no stale memory crosses to another process. */
static void put_padding(struct wire_buffer *buffer)
{
	size_t end = align8(buffer->used);

	memset(buffer->data + buffer->used, 0, end - buffer->used);
	buffer->used = end;
}

int wire_begin(struct wire_buffer *buffer, enum wire_type type, const void *body, size_t body_bytes,
	const struct wire_text *text, unsigned text_count, size_t *ret_start)
{
	struct wire_record record = {.type = type};
	size_t needed = sizeof(record) + body_bytes;

	for (unsigned i = 0; i < text_count; i++)
		needed += text[i].bytes + 1;
	if (align8(needed) > buffer->capacity - buffer->used)
		return -ENOSPC;
	*ret_start = buffer->used;
	put_bytes(buffer, &record, sizeof(record));
	put_bytes(buffer, body, body_bytes);
	for (unsigned i = 0; i < text_count; i++)
		put_text(buffer, text[i]);
	put_padding(buffer);
	return 0;
}

int wire_add_entry(struct wire_buffer *buffer, const struct wire_entry *entry,
	struct wire_text name, struct wire_text target)
{
	struct wire_entry head = *entry;
	size_t needed = sizeof(head) + name.bytes + 1 + target.bytes + 1;

	if (name.bytes > UINT16_MAX || target.bytes > UINT16_MAX)
		return -ENAMETOOLONG;
	if (align8(needed) > buffer->capacity - buffer->used)
		return -ENOSPC;
	head.name_bytes = (uint16_t)name.bytes;
	head.target_bytes = (uint16_t)target.bytes;
	put_bytes(buffer, &head, sizeof(head));
	put_text(buffer, name);
	put_text(buffer, target);
	put_padding(buffer);
	return 0;
}

int wire_add_packed(struct wire_buffer *buffer, const void *entries, size_t bytes)
{
	if (bytes > buffer->capacity - buffer->used || bytes % 8)
		return -ENOSPC;
	put_bytes(buffer, entries, bytes);
	return 0;
}

void *wire_end(struct wire_buffer *buffer, size_t start)
{
	struct wire_record *record = (void *)(buffer->data + start);

	record->bytes = (uint32_t)(buffer->used - start);
	return record + 1;
}

int wire_put(struct wire_buffer *buffer, enum wire_type type, const void *body, size_t body_bytes,
	const struct wire_text *text, unsigned text_count)
{
	size_t start;
	int error = wire_begin(buffer, type, body, body_bytes, text, text_count, &start);

	if (!error)
		wire_end(buffer, start);
	return error;
}

union wire_control {
	struct cmsghdr header; /* for its alignment */
	char space[CMSG_SPACE(2 * sizeof(int))];
};

static void attach_fds(struct msghdr *message, union wire_control *control, const int fd[2])
{
	struct cmsghdr *header;

	memset(control, 0, sizeof(*control));
	message->msg_control = control->space;
	message->msg_controllen = sizeof(control->space);
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(header), fd, 2 * sizeof(int));
}

int wire_send(int channel, struct wire_buffer *buffer, bool block)
{
	struct iovec part = {.iov_base = buffer->data, .iov_len = buffer->used};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union wire_control control;
	ssize_t sent;

	if (!buffer->used)
		return 0;
	if (buffer->fd[0] != WIRE_NO_FD)
		attach_fds(&message, &control, buffer->fd);
	do
		sent = sendmsg(channel, &message, MSG_NOSIGNAL | (block ? 0 : MSG_DONTWAIT));
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	wire_reset(buffer);
	return 0;
}

/* Descriptors that were not asked for are closed, or they would add up. */
static void take_fds(struct msghdr *message, int ret_fd[2])
{
	struct cmsghdr *header;
	int fd;

	for (header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
			if (i < 2 && ret_fd[i] == WIRE_NO_FD)
				ret_fd[i] = fd;
			else
				close(fd);
		}
	}
}

int wire_receive(int channel, struct wire_buffer *buffer, bool block)
{
	struct iovec part = {.iov_base = buffer->data, .iov_len = buffer->capacity};
	union wire_control control;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t got;

	wire_reset(buffer);
	do
		got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC | (block ? 0 : MSG_DONTWAIT));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	take_fds(&message, buffer->fd);
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EPROTO;
	buffer->used = (size_t)got;
	return got > 0;
}

static size_t body_bytes_of(uint32_t type)
{
	switch (type) {
	case WIRE_SETUP:
		return sizeof(struct wire_setup);
	case WIRE_ROOT:
		return sizeof(struct wire_root);
	case WIRE_ROOT_END:
		return sizeof(struct wire_root_end);
	case WIRE_LIST:
	case WIRE_EXTRA:
		return sizeof(struct wire_list);
	case WIRE_COMPARE:
		return sizeof(struct wire_compare);
	case WIRE_FILES:
		return sizeof(struct wire_item);
	case WIRE_LINK:
		return sizeof(struct wire_link);
	case WIRE_PREPARE:
	case WIRE_RANGE:
	case WIRE_COMMIT:
		return sizeof(struct wire_large);
	case WIRE_FINISH:
		return sizeof(struct wire_finish);
	case WIRE_STOP:
	case WIRE_PAUSE:
	case WIRE_RESUME:
		return 0;
	case WIRE_HELLO:
		return sizeof(struct wire_hello);
	case WIRE_LISTED:
		return sizeof(struct wire_listed);
	case WIRE_PREPARED:
		return sizeof(struct wire_prepared);
	case WIRE_FAILURE:
		return sizeof(struct wire_failure);
	case WIRE_DONE:
		return sizeof(struct wire_done);
	case WIRE_NOTICE:
		return sizeof(struct wire_notice);
	case WIRE_KEEP:
		return sizeof(struct wire_keep);
	case WIRE_KEPT:
		return sizeof(struct wire_kept);
	case WIRE_OUTCOME:
		return sizeof(struct wire_outcome);
	case WIRE_CHOICE:
		return sizeof(struct wire_choice);
	case WIRE_DIFFERENCE:
		return sizeof(struct wire_difference);
	case WIRE_SUM:
		return sizeof(struct wire_sum);
	default:
		return SIZE_MAX;
	}
}

int wire_next(const struct wire_buffer *buffer, size_t *offset, struct wire_view *ret_view)
{
	const struct wire_record *record = (const void *)(buffer->data + *offset);
	size_t left = buffer->used - *offset;
	size_t body;

	if (!left)
		return 0;
	if (left < sizeof(*record) || record->bytes < sizeof(*record) || record->bytes > left ||
		record->bytes % 8)
		return -EPROTO;
	body = body_bytes_of(record->type);
	if (body > record->bytes - sizeof(*record))
		return -EPROTO;
	*offset += record->bytes;
	ret_view->type = (enum wire_type)record->type;
	ret_view->body = record + 1;
	ret_view->body_bytes = body;
	ret_view->text = (const char *)(record + 1) + body;
	ret_view->text_bytes = record->bytes - sizeof(*record) - body;
	return 1;
}

int wire_take_text(struct wire_view *view, size_t bytes, struct wire_text *ret_text)
{
	if (view->text_bytes <= bytes || view->text[bytes] != '\0')
		return -EPROTO;
	/* A name with a NUL inside would be shorter for the kernel than for the message. */
	if (memchr(view->text, '\0', bytes))
		return -EPROTO;
	ret_text->data = view->text;
	ret_text->bytes = bytes;
	view->text += bytes + 1;
	view->text_bytes -= bytes + 1;
	return 0;
}

static void skip_padding(struct wire_view *view)
{
	size_t padding = -(uintptr_t)view->text & 7;

	if (padding > view->text_bytes)
		padding = view->text_bytes;
	view->text += padding;
	view->text_bytes -= padding;
}

int wire_take_entry(struct wire_view *view, const struct wire_entry **ret_entry,
	struct wire_text *ret_name, struct wire_text *ret_target)
{
	const struct wire_entry *entry;
	struct wire_text name, target;

	skip_padding(view);
	entry = (const void *)view->text;
	if (view->text_bytes < sizeof(*entry))
		return -EPROTO;
	view->text += sizeof(*entry);
	view->text_bytes -= sizeof(*entry);
	if (wire_take_text(view, entry->name_bytes, &name) ||
		wire_take_text(view, entry->target_bytes, &target))
		return -EPROTO;
	*ret_entry = entry;
	*ret_name = name;
	*ret_target = target;
	return 0;
}
