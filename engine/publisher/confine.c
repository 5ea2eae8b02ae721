/* SPDX-License-Identifier: MIT */
#include "publisher/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef NATIVE_ARCH

#define X32_BIT 0x40000000u /* the other set of calls on x86-64 */

#define LOAD(field)                                                                                \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
/* The lower half of an argument: flags and families have no upper one. */
#define LOAD_ARGUMENT(index) LOAD(args[index])
#define RETURN(value)        BPF_STMT(BPF_RET | BPF_K, value)
#define REFUSE               RETURN(SECCOMP_RET_ERRNO | EPERM)
#define ALLOW                RETURN(SECCOMP_RET_ALLOW)
/* Skips the next `count` instructions unless the value is equal. */
#define UNLESS_EQUAL(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define REFUSE_CALL(number)        UNLESS_EQUAL(number, 1), REFUSE
/* Opening for anything but reading. */
#define READ_ONLY_CALL(number, argument)                                                           \
	UNLESS_EQUAL(number, 4), LOAD_ARGUMENT(argument),                                          \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,                                               \
			O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), 0, 1), \
		REFUSE, ALLOW

static const struct sock_filter program[] = {
	LOAD(arch),
	UNLESS_EQUAL(NATIVE_ARCH, 1),
	BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
#ifdef __x86_64__
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 0, 1),
	RETURN(SECCOMP_RET_KILL_PROCESS),
#endif
	/* other programs and processes */
	REFUSE_CALL(__NR_execve),
	REFUSE_CALL(__NR_execveat),
	REFUSE_CALL(__NR_clone),
	REFUSE_CALL(__NR_clone3),
	REFUSE_CALL(__NR_kill),
	REFUSE_CALL(__NR_tkill),
	REFUSE_CALL(__NR_pidfd_send_signal),
	REFUSE_CALL(__NR_pidfd_getfd),
	REFUSE_CALL(__NR_ptrace),
	REFUSE_CALL(__NR_process_vm_readv),
	REFUSE_CALL(__NR_process_vm_writev),
	/* files */
	REFUSE_CALL(__NR_openat2),
	REFUSE_CALL(__NR_unlinkat),
	REFUSE_CALL(__NR_renameat2),
	REFUSE_CALL(__NR_linkat),
	REFUSE_CALL(__NR_symlinkat),
	REFUSE_CALL(__NR_mkdirat),
	REFUSE_CALL(__NR_mknodat),
	REFUSE_CALL(__NR_truncate),
	REFUSE_CALL(__NR_ftruncate),
	REFUSE_CALL(__NR_fchmod),
	REFUSE_CALL(__NR_fchmodat),
	REFUSE_CALL(__NR_fchown),
	REFUSE_CALL(__NR_fchownat),
	REFUSE_CALL(__NR_utimensat),
	REFUSE_CALL(__NR_setxattr),
	REFUSE_CALL(__NR_lsetxattr),
	REFUSE_CALL(__NR_fsetxattr),
	REFUSE_CALL(__NR_copy_file_range),
	REFUSE_CALL(__NR_open_by_handle_at),
	READ_ONLY_CALL(__NR_openat, 2),
#ifdef __x86_64__ /* calls that newer machines do not have */
	REFUSE_CALL(__NR_fork),
	REFUSE_CALL(__NR_vfork),
	REFUSE_CALL(__NR_creat),
	REFUSE_CALL(__NR_unlink),
	REFUSE_CALL(__NR_rmdir),
	REFUSE_CALL(__NR_rename),
	REFUSE_CALL(__NR_renameat),
	REFUSE_CALL(__NR_link),
	REFUSE_CALL(__NR_symlink),
	REFUSE_CALL(__NR_mkdir),
	REFUSE_CALL(__NR_mknod),
	REFUSE_CALL(__NR_chmod),
	REFUSE_CALL(__NR_chown),
	REFUSE_CALL(__NR_lchown),
	REFUSE_CALL(__NR_utime),
	REFUSE_CALL(__NR_utimes),
	REFUSE_CALL(__NR_futimesat),
	READ_ONLY_CALL(__NR_open, 1),
#endif
	/* the machine */
	REFUSE_CALL(__NR_io_uring_setup),
	REFUSE_CALL(__NR_mount),
	REFUSE_CALL(__NR_umount2),
	REFUSE_CALL(__NR_move_mount),
	REFUSE_CALL(__NR_open_tree),
	REFUSE_CALL(__NR_fsopen),
	REFUSE_CALL(__NR_fsmount),
	REFUSE_CALL(__NR_pivot_root),
	REFUSE_CALL(__NR_chroot),
	REFUSE_CALL(__NR_setns),
	REFUSE_CALL(__NR_unshare),
	REFUSE_CALL(__NR_bpf),
	REFUSE_CALL(__NR_perf_event_open),
	REFUSE_CALL(__NR_userfaultfd),
	REFUSE_CALL(__NR_init_module),
	REFUSE_CALL(__NR_finit_module),
	REFUSE_CALL(__NR_delete_module),
	REFUSE_CALL(__NR_kexec_load),
	REFUSE_CALL(__NR_reboot),
	REFUSE_CALL(__NR_swapon),
	REFUSE_CALL(__NR_swapoff),
	REFUSE_CALL(__NR_sethostname),
	REFUSE_CALL(__NR_settimeofday),
	REFUSE_CALL(__NR_clock_settime),
	REFUSE_CALL(__NR_add_key),
	REFUSE_CALL(__NR_request_key),
	REFUSE_CALL(__NR_keyctl),
	/* no sockets but those of the sinks */
	UNLESS_EQUAL(__NR_socket, 5),
	LOAD_ARGUMENT(0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 3, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0),
	REFUSE,
	ALLOW,
};

static int set_filter(void)
{
	const struct sock_fprog filter = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = (struct sock_filter *)program,
	};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0 ? -errno : 0;
}

#else

static int set_filter(void)
{
	return -ENOSYS;
}

#endif

static int drop_capabilities(bool keeps_access)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct had[_LINUX_CAPABILITY_U32S_3] = {0};
	struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, had) < 0)
		return -errno;
	if (keeps_access) {
		kept[0].permitted = had[0].permitted & (1u << CAP_DAC_OVERRIDE);
		kept[0].effective = kept[0].permitted;
	}
	return syscall(SYS_capset, &header, kept) < 0 ? -errno : 0;
}

int confine(bool keeps_access)
{
	int dropped = drop_capabilities(keeps_access);
	int filtered = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;

	if (!filtered)
		filtered = set_filter();
	return dropped ? dropped : filtered;
}
