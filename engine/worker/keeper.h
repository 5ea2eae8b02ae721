/* SPDX-License-Identifier: MIT */
/* The role that makes things durable for the coordinator: it may wait for a device for as long as
 * that takes. */
#ifndef ENGINE_WORKER_KEEPER_H
#define ENGINE_WORKER_KEEPER_H

/* Answers each KEEP with a KEPT until the coordinator closes the channel. Returns the exit status.
 */
int keeper_main(void);

#endif
