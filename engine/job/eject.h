/* SPDX-License-Identifier: MIT */
/* The end of a job whose destination is to be taken away. */
#ifndef ENGINE_JOB_EJECT_H
#define ENGINE_JOB_EJECT_H

struct job;

/* Unmounts what the target is on, when everything is durable and the job holds nothing of it any
 * more, and says when its disk may be pulled out: once nothing uses any of it. What fails is told,
 * and the exit status becomes 1. */
void eject_target(struct job *job);

#endif
