/* SPDX-License-Identifier: MIT */
/*
 * The sink of Redis. For each event
 *
 *     PUBLISH haul:job:<job>:events <event>
 *     XADD haul:events MAXLEN ~ 10000 * job <job> event <event>      what must not be missed
 *
 * and the newest state of each job in the hash haul:job:<job>, with the fields state, seq, event
 * (the last job event) and progress (the last progress event). It expires an hour after the job's
 * last news, a day after its end.
 */
#ifndef ENGINE_PUBLISHER_REDIS_H
#define ENGINE_PUBLISHER_REDIS_H

#include "publisher/sink.h"

/* -EINVAL: no such URL; -EPROTONOSUPPORT: it wants TLS; -EADDRNOTAVAIL: no such host; -ENOSYS: this
 * program was built without hiredis. */
int redis_open(const char *url, struct sink **ret_sink);

/* Would redis_open, and socketio_open, take this? The same errors. */
int redis_check(const char *url);

#endif
