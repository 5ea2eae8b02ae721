/* SPDX-License-Identifier: MIT */
#include "publisher/page.h"

#include <string.h>

/* Takes the file in as it is; the path is that from the top of the tree. */
#define EMBED(name, path)                                                                          \
	__asm__(".section .rodata\n"                                                               \
		".global page_" #name "\n"                                                         \
		".hidden page_" #name "\n"                                                         \
		"page_" #name ":\n"                                                                \
		".incbin \"" path "\"\n"                                                           \
		".global page_" #name "_end\n"                                                     \
		".hidden page_" #name "_end\n"                                                     \
		"page_" #name "_end:\n"                                                            \
		".byte 0\n"                                                                        \
		".previous\n");                                                                    \
	extern const char page_##name[];                                                           \
	extern const char page_##name##_end[]

EMBED(index, "engine/publisher/web/index.html");
EMBED(script, "engine/publisher/web/app.js");
EMBED(style, "engine/publisher/web/style.css");
EMBED(icon, "engine/publisher/web/favicon.svg");

static const struct {
	const char *path;
	const char *type;
	const char *data;
	const char *end;
} files[] = {
	{"/", "text/html; charset=utf-8", page_index, page_index_end},
	{"/app.js", "text/javascript; charset=utf-8", page_script, page_script_end},
	{"/style.css", "text/css; charset=utf-8", page_style, page_style_end},
	{"/favicon.svg", "image/svg+xml", page_icon, page_icon_end},
};

bool page_find(const char *path, struct page_file *ret_file)
{
	for (size_t at = 0; at < sizeof(files) / sizeof(files[0]); at++) {
		if (strcmp(files[at].path, path) != 0)
			continue;
		*ret_file = (struct page_file){
			files[at].type, files[at].data, (size_t)(files[at].end - files[at].data)};
		return true;
	}
	return false;
}
