/* SPDX-License-Identifier: MIT */
/* Numbers for people. Each function writes a NUL-terminated string and returns ret_text. */
#ifndef ENGINE_UTIL_HUMAN_H
#define ENGINE_UTIL_HUMAN_H

#include <stdint.h>

#define HUMAN_BYTES 32 /* holds any of them */

/* "0 B", "999 B", "1.2 kB", "43.7 GB", "123 TB": powers of 1000, as disks are sold. */
const char *human_size(uint64_t bytes, char ret_text[HUMAN_BYTES]);

/* "23,000" */
const char *human_count(uint64_t count, char ret_text[HUMAN_BYTES]);

/* How long something took: "0.9 s", "42 s", "3 min 07 s", "2 h 05 min", "3 d 04 h". */
const char *human_duration(double seconds, char ret_text[HUMAN_BYTES]);

/* A clock that counts down: "0:42", "3:07", "1:02:03", "3 d 04 h". */
const char *human_clock(double seconds, char ret_text[HUMAN_BYTES]);

#endif
