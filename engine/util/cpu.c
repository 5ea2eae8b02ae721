/* SPDX-License-Identifier: MIT */
#include "util/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CPUS_MAX 8192 /* the largest CONFIG_NR_CPUS */

int cpu_quota_parse(const char *text)
{
	long long quota, period;

	if (sscanf(text, "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0)
		return 0;
	quota = (quota + period - 1) / period;
	return quota > INT_MAX ? INT_MAX : (int)quota;
}

static int read_text(const char *path, char *text, size_t capacity)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, text, capacity - 1);
	close(fd);
	if (got < 0)
		return -EIO;
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

static int smaller_limit(int limit, int other)
{
	return other && (!limit || other < limit) ? other : limit;
}

static int quota_of(const char *mount, const char *group, int version)
{
	char path[PATH_MAX], quota[64], period[64], both[130];

	if (version == 2) {
		snprintf(path, sizeof(path), "%s%s/cpu.max", mount, group);
		return read_text(path, quota, sizeof(quota)) ? 0 : cpu_quota_parse(quota);
	}
	snprintf(path, sizeof(path), "%s%s/cpu.cfs_quota_us", mount, group);
	if (read_text(path, quota, sizeof(quota)))
		return 0;
	snprintf(path, sizeof(path), "%s%s/cpu.cfs_period_us", mount, group);
	if (read_text(path, period, sizeof(period)))
		return 0;
	snprintf(both, sizeof(both), "%s %s", quota, period);
	return cpu_quota_parse(both);
}

/* A limit holds for everything below it, so every ancestor counts. */
static int quota_of_ancestors(const char *mount, char *group, int version)
{
	int limit = 0;

	for (;;) {
		char *slash = strrchr(group, '/');

		limit = smaller_limit(limit, quota_of(mount, group, version));
		if (!slash)
			return limit;
		*slash = '\0';
	}
}

/* A line of /proc/self/cgroup is "number:controllers:path"; version 2 has no controllers. */
static int quota_of_line(char *line)
{
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!group)
		return 0;
	*group++ = '\0';
	controllers++;
	if (!*controllers)
		return quota_of_ancestors("/sys/fs/cgroup", group, 2);
	for (char *save, *name = strtok_r(controllers, ",", &save); name;
		name = strtok_r(NULL, ",", &save))
		if (!strcmp(name, "cpu"))
			return quota_of_ancestors("/sys/fs/cgroup/cpu", group, 1);
	return 0;
}

static int cgroup_quota(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];
	int limit = 0;

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		limit = smaller_limit(limit, quota_of_line(line));
	}
	fclose(file);
	return limit;
}

static int affinity(int *ret_cpu, int capacity)
{
	size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
	cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
	int count = 0;

	if (!set)
		return -ENOMEM;
	if (sched_getaffinity(0, bytes, set)) {
		count = -errno;
		CPU_FREE(set);
		return count;
	}
	for (int cpu = 0; cpu < CPUS_MAX && count < capacity; cpu++)
		if (CPU_ISSET_S((size_t)cpu, bytes, set))
			ret_cpu[count++] = cpu;
	CPU_FREE(set);
	return count;
}

int cpu_allowed(int *ret_cpu, int capacity)
{
	int count = affinity(ret_cpu, capacity);
	int limit = cgroup_quota();

	return count > 0 && limit && limit < count ? limit : count;
}
