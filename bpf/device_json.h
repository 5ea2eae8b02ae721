/* SPDX-License-Identifier: MIT */
/* A device event as JSON: the members that docs/events.schema.json gives it. */
#ifndef BPF_DEVICE_JSON_H
#define BPF_DEVICE_JSON_H

#include "bpf/device_event.h"
#include "util/json.h"

#define DEVICE_JSON_BYTES (64 * 1024) /* a path has 4096 bytes, which grow sixfold at most */

/* Writes one object, without what every event has. A look at json->overflow tells whether it
 * fitted. */
void device_json_write(struct json *json, const struct device_event *event);

#endif
