/* SPDX-License-Identifier: MIT */
/* What a confined process can and can't do. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "publisher/confine.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ & 0xff;                                                    \
	} while (0)
#define REFUSED(call) CHECK((call) == -1 && errno == EPERM)

/* Each returns 0, or the line that went wrong. */
static int starts_nothing(void)
{
	char *arguments[] = {"true", NULL};

	REFUSED(execv("/bin/true", arguments));
	REFUSED(fork());
	REFUSED(kill(getppid(), 0));
	REFUSED((int)syscall(SYS_io_uring_setup, 1, NULL));
	return 0;
}

static int changes_no_file(void)
{
	REFUSED(open("/tmp/haul-confined", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	REFUSED(open("/dev/null", O_RDWR | O_CLOEXEC));
	REFUSED(openat(AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC));
	REFUSED(open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
	REFUSED(unlink("/tmp/haul-confined"));
	REFUSED(rename("/tmp/haul-confined", "/tmp/haul-confined2"));
	REFUSED(mkdir("/tmp/haul-confined", 0700));
	REFUSED(chmod("/tmp/haul-confined", 0700));
	REFUSED(truncate("/tmp/haul-confined", 0));
	return 0;
}

static int opens_no_other_socket(void)
{
	REFUSED(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
	REFUSED(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
	return 0;
}

static int does_what_sinks_need(void)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	char byte;

	CHECK(fd >= 0);
	CHECK(read(fd, &byte, 1) == 1);
	CHECK(close(fd) == 0);
	CHECK(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0);
	CHECK(open("/", O_PATH | O_CLOEXEC) >= 0);
	CHECK(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	CHECK(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno == EAFNOSUPPORT);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		MAP_FAILED);
	return 0;
}

static int has_no_privilege(void)
{
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK(chroot("/") == -1);
	CHECK(setgid(12345) == -1 || getgid() == 12345);
	return 0;
}

static void assert_confined(int (*what)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(confine(false) == 0 ? what() : 255);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CONFINED(what)                                                                             \
	static void it_##what(void **state)                                                        \
	{                                                                                          \
		(void)state;                                                                       \
		assert_confined(what);                                                             \
	}

CONFINED(starts_nothing)
CONFINED(changes_no_file)
CONFINED(opens_no_other_socket)
CONFINED(does_what_sinks_need)
CONFINED(has_no_privilege)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_starts_nothing),
		cmocka_unit_test(it_changes_no_file),
		cmocka_unit_test(it_opens_no_other_socket),
		cmocka_unit_test(it_does_what_sinks_need),
		cmocka_unit_test(it_has_no_privilege),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
