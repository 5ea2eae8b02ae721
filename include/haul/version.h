/* SPDX-License-Identifier: MIT */
/* The release that these headers belong to. haul_version() tells which library is loaded. */
#ifndef HAUL_VERSION_H
#define HAUL_VERSION_H

#define HAUL_VERSION "0.1.0"

#endif
