/* SPDX-License-Identifier: MIT */
/* What a record must hold to be what its type says. Part of libhaul, as layout.h is. */
#ifndef ENGINE_PROGRESS_RECORD_H
#define ENGINE_PROGRESS_RECORD_H

#include <stdbool.h>

#include "haul/progress.h"

/* Whether this library knows the type, pads aside. */
bool haul_record_known(const struct haul_record *record);

/* Whether the payload, which follows the record in memory, has the fixed part of its type and the
 * text that this announces. For known types. */
bool haul_record_valid(const struct haul_record *record);

#endif
