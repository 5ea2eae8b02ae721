/* SPDX-License-Identifier: MIT */
/* Raising what a process was given for loading BPF programs, and giving up all of it. */
#ifndef BPF_PRIVILEGE_H
#define BPF_PRIVILEGE_H

/* Makes effective what is permitted: a file's capabilities may be only the latter, so that nothing
 * else in the program runs with them. */
int privilege_raise(void);

/* Gives up everything for good: root becomes the user and group 65534, no supplementary groups, no
 * capability in any set, and no_new_privs. Checks that it worked: -EPERM when it did not, and then
 * the caller must not go on. */
int privilege_drop(void);

#define PRIVILEGE_NOBODY 65534

#endif
