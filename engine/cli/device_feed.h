/* SPDX-License-Identifier: MIT */
/*
 * haul --role=devices: tells those who watch jobs what happens to devices, as a job of its own
 * whose region holds device records alone. A publisher starts it and ends it by closing its
 * channel.
 */
#ifndef ENGINE_CLI_DEVICE_FEED_H
#define ENGINE_CLI_DEVICE_FEED_H

int device_feed_main(int argc, char **argv);

#endif
