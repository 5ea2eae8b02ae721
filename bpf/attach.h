/* SPDX-License-Identifier: MIT */
/* What is attached: keeps a stream's list of devices like sysfs, and tells of the changes. */
#ifndef BPF_ATTACH_H
#define BPF_ATTACH_H

#include "bpf/stream.h"
#include "bpf/uevent.h"

/* Looks through sysfs: at the start, and after uevents were lost. */
int attach_scan(struct stream *stream);

int attach_uevent(struct stream *stream, const struct uevent *uevent);

/* A device that nobody told of yet. */
int attach_block(struct stream *stream, const struct block *block);

#endif
