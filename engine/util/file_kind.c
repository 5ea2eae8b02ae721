/* SPDX-License-Identifier: MIT */
#include "util/file_kind.h"

#include <sys/stat.h>

const char *file_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "regular file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symbolic link";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFBLK:
		return "block special file";
	case S_IFCHR:
		return "character special file";
	default:
		return "weird file";
	}
}
