/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_IO_REFLINK_H
#define ENGINE_IO_REFLINK_H

#include <stdbool.h>

/* Whether this -errno of copy_reflink only says that it can't be done this way. */
bool reflink_is_refusal(int error);

#endif
