/* SPDX-License-Identifier: MIT */
/* Getting a turn soon on a machine whose processors are all busy. */
#ifndef ENGINE_PUBLISHER_TURN_H
#define ENGINE_PUBLISHER_TURN_H

/* Asks the scheduler for short turns: a process that works for less than a millisecond at a time
 * gets them sooner than those that compute, and no more of the processor than its share. Needs no
 * privilege. -errno where the kernel (before 6.12) doesn't know it, which is no harm. */
int turn_ask_short(void);

#endif
