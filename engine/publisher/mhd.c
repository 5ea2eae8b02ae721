/* SPDX-License-Identifier: MIT */
#ifdef HAVE_LIBMICROHTTPD

#include "publisher/mhd.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

/* The version of its interface that <microhttpd.h> describes: Debian 12 and 13 have this one. */
#define LIBRARY "libmicrohttpd.so.12"

struct mhd mhd;

#define MHD_ROW(name) {"MHD_" #name, offsetof(struct mhd, name)},
static const struct call {
	const char *symbol;
	size_t offset; /* in struct mhd */
} calls[] = {MHD_CALLS(MHD_ROW)};
#undef MHD_ROW

int mhd_load(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return -ELIBACC;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		void *found = dlsym(library, calls[i].symbol);

		if (!found)
			return -ELIBACC;
		memcpy((char *)&mhd + calls[i].offset, &found, sizeof(found));
	}
	return 0;
}

#endif
