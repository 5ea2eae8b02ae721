/* SPDX-License-Identifier: MIT */
#include "bpf/privilege.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#define WORDS _LINUX_CAPABILITY_U32S_3

static int get_capabilities(struct __user_cap_data_struct set[WORDS])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &header, set) ? -errno : 0;
}

static int set_capabilities(const struct __user_cap_data_struct set[WORDS])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capset, &header, set) ? -errno : 0;
}

int privilege_raise(void)
{
	struct __user_cap_data_struct set[WORDS];
	int error = get_capabilities(set);

	if (error)
		return error;
	for (unsigned i = 0; i < WORDS; i++)
		set[i].effective = set[i].permitted;
	return set_capabilities(set);
}

/* Only a process with CAP_SETPCAP can; without it, no_new_privs does what matters. */
static int drop_bounding_set(void)
{
	for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
		capability++) {
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) && errno != EPERM)
			return -errno;
	}
	return 0;
}

static int become_nobody(void)
{
	if (geteuid() != 0 && getuid() != 0)
		return 0;
	if (setgroups(0, NULL) || setresgid(PRIVILEGE_NOBODY, PRIVILEGE_NOBODY, PRIVILEGE_NOBODY) ||
		setresuid(PRIVILEGE_NOBODY, PRIVILEGE_NOBODY, PRIVILEGE_NOBODY))
		return -errno;
	return 0;
}

static bool is_ordinary(void)
{
	struct __user_cap_data_struct set[WORDS];
	uint32_t left = 0;

	if (get_capabilities(set))
		return false;
	for (unsigned i = 0; i < WORDS; i++)
		left |= set[i].effective | set[i].permitted | set[i].inheritable;
	return !left && getuid() != 0 && geteuid() != 0 && getgid() != 0 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

int privilege_drop(void)
{
	const struct __user_cap_data_struct none[WORDS] = {0};
	int error = drop_bounding_set();

	if (!error)
		error = become_nobody();
	if (!error)
		error = set_capabilities(none);
	if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		error = -errno;
	if (error)
		return error;
	return is_ordinary() ? 0 : -EPERM;
}
