/* SPDX-License-Identifier: MIT */
/* Extended attributes, POSIX ACLs and file capabilities among them. */
#ifndef ENGINE_IO_XATTR_H
#define ENGINE_IO_XATTR_H

#include <stdbool.h>

struct xattr_choice {
	bool acl;     /* system.posix_acl_* */
	bool others;  /* all other names */
	bool lenient; /* leave out what this user may not set (security.*, trusted.*) */
};

/* Copies the chosen attributes from one open file or directory to another; those that only the
 * target has stay. *ret_acl tells whether an access ACL was among them. -EOPNOTSUPP: the target's
 * filesystem can't hold them; with any other error the rest was tried all the same, and the first
 * error is returned. A source without attributes, or on a filesystem without them, is no error. */
int xattr_copy(int source_fd, int target_fd, struct xattr_choice choice, bool *ret_acl);

/* The same for what must not be opened: paths, of which the last part is never followed. */
int xattr_copy_path(const char *source, const char *target, struct xattr_choice choice);

/* One end: a descriptor, or a path that isn't followed. */
struct xattr_file {
	int fd;
	const char *path; /* NULL: use fd */
};

/* Calls `differs` for each chosen attribute that only one of both has, or whose values aren't the
 * same. What a system keeps for its own use there is left out: the SELinux context, and the second
 * form in which xfs shows ACLs. -errno: they could not be read. */
int xattr_compare(const struct xattr_file *source, const struct xattr_file *target,
	struct xattr_choice choice,
	void (*differs)(void *context, const char *name, bool in_source, bool in_target),
	void *context);

/* Removes an access ACL that a new file inherited. */
int xattr_remove_acl(int fd);

/* Whether files that are made in this directory inherit an ACL. */
bool xattr_has_default_acl(int directory_fd);

#endif
