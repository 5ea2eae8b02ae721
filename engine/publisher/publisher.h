/* SPDX-License-Identifier: MIT */
/*
 * The publisher's role: tells people and programs how a job is doing. The coordinator starts it as
 *
 *     haul --role=publisher --region-fd=4 [--terminal[=always]] [--json]
 *             [--redis=URL] [--socketio=URL] [--http=ADDRESS [--http-token=FILE]]
 *
 * with the job's progress region on that descriptor; `haul run` with --regions-fd=3 instead, a
 * channel on which the regions of its jobs are announced. The bar goes to standard error, JSON
 * lines go to standard output. It ends by itself, after the job's last event is out; interrupts
 * from the terminal are the coordinator's business. SIGWINCH has it look at the job at once, so
 * that nobody waits for it at the end. It must not die with its parent: when the coordinator is
 * killed, the publisher is who says so.
 */
#ifndef ENGINE_PUBLISHER_PUBLISHER_H
#define ENGINE_PUBLISHER_PUBLISHER_H

/* Returns an exit status: 0 when the job reached a final state, whichever. */
int publisher_main(int argc, char **argv);

#endif
