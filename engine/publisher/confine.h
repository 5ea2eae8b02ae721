/* SPDX-License-Identifier: MIT */
/*
 * What a publisher gives up once everything is open: it reads data that other processes write, and
 * talks to the network. If one of those took it over, it could read files that its user can, and
 * connect; but start no program, change no file, reach into no process, and use no privilege.
 */
#ifndef ENGINE_PUBLISHER_CONFINE_H
#define ENGINE_PUBLISHER_CONFINE_H

#include <stdbool.h>

/* Confines the calling process, for good: drops capabilities (but for the one that lets root open
 * another user's socket, if `keeps_access`), and has system calls that it doesn't need refused with
 * EPERM. Returns 0, or -errno when the kernel can't: then as much as it can is done. */
int confine(bool keeps_access);

#endif
