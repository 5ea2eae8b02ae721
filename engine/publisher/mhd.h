/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd, loaded when a page is to be served and not before. With the ten libraries that it
 * needs (GnuTLS and what that needs) it doubles the time that a process takes to start, and each
 * worker is such a process: `perf stat -r 50 build/haul --version` took 2.9 ms of CPU time with
 * them and 1.4 ms without.
 *
 * Only where its header is (HAVE_LIBMICROHTTPD).
 */
#ifndef ENGINE_PUBLISHER_MHD_H
#define ENGINE_PUBLISHER_MHD_H

#include <microhttpd.h>

/* What is used of it. */
#define MHD_CALLS(CALL)                                                                            \
	CALL(add_response_header)                                                                  \
	CALL(create_response_from_buffer)                                                          \
	CALL(create_response_from_callback)                                                        \
	CALL(destroy_response)                                                                     \
	CALL(get_daemon_info)                                                                      \
	CALL(get_timeout)                                                                          \
	CALL(lookup_connection_value)                                                              \
	CALL(queue_response)                                                                       \
	CALL(resume_connection)                                                                    \
	CALL(run)                                                                                  \
	CALL(start_daemon)                                                                         \
	CALL(stop_daemon)                                                                          \
	CALL(suspend_connection)

struct mhd {
#define MHD_MEMBER(name) __typeof__ (&MHD_##name)(name);
	MHD_CALLS(MHD_MEMBER)
#undef MHD_MEMBER
};

/* As the dynamic linker's table: filled once, by mhd_load(), and the same for the whole process. */
extern struct mhd mhd;

/* Fills the table. -ELIBACC when the library, or one of its functions, is not there. */
int mhd_load(void);

#endif
