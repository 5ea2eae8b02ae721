/* SPDX-License-Identifier: MIT */
/* A worker: a process that carries out what the coordinator sends, and holds no state that matters.
 */
#ifndef ENGINE_WORKER_WORKER_H
#define ENGINE_WORKER_WORKER_H

/* The role's life: takes its options from the channel on WIRE_CHANNEL_FD, works, and ends when the
 * coordinator closes the channel. Returns an exit status. */
int worker_main(void);

#endif
