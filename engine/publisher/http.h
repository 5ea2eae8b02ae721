/* SPDX-License-Identifier: MIT */
/*
 * The sink of people with a browser: a small web server.
 *
 *     GET  /                        the page, and its files
 *     GET  /events                  server-sent events: "hello", then the state of all jobs, then
 *                                   every event as it comes
 *     POST /jobs/<job>/<verb>       pause, resume, cancel: what the command line may do, too
 */
#ifndef ENGINE_PUBLISHER_HTTP_H
#define ENGINE_PUBLISHER_HTTP_H

#include "publisher/sink.h"

#define HTTP_WHERE_BYTES 320

/* Listens on `address`, as guard_parse_address has it. ret_where gets the page's URL. -EACCES: an
 * address beyond this machine needs a token; -ENOSYS: this program was built without
 * libmicrohttpd; -ELIBACC: that is not there any more; or what bind(2), guard_parse_address and
 * guard_read_token say. */
int http_open(const char *address, const char *token_file, struct sink **ret_sink,
	char ret_where[HTTP_WHERE_BYTES]);

/* Would http_open take these? The same errors, without listening. */
int http_check(const char *address, const char *token_file);

#endif
