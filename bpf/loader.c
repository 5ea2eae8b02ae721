/* SPDX-License-Identifier: MIT */
#include "bpf/loader.h"

#include <errno.h>

#ifdef HAVE_LIBBPF
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/mountprobe.skel.inc"
#include "bpf/mountprobe_plain.skel.inc"
#include "bpf/tracefs.h"

#define PROGRAMS_MAX 16

struct loader {
	enum loader_variant variant;
	struct mountprobe *core; /* one of these two */
	struct mountprobe_plain *plain;
	struct bpf_link *link[PROGRAMS_MAX];
	unsigned link_count;
	struct ring_buffer *ring;
	loader_take_fn *take; /* during loader_read */
	void *context;
};

static int last_error(void)
{
	return errno > 0 ? -errno : -EIO;
}

static struct bpf_object *object_of(const struct loader *loader)
{
	return loader->core ? loader->core->obj : loader->plain->obj;
}

static int open_object(struct loader *loader, enum loader_variant variant)
{
	loader->variant = variant;
	if (variant == LOADER_CORE)
		loader->core = mountprobe__open();
	else
		loader->plain = mountprobe_plain__open();
	return loader->core || loader->plain ? 0 : last_error();
}

static int load_object(struct loader *loader)
{
	if (loader->core)
		return mountprobe__load(loader->core);
	return loader->plain ? mountprobe_plain__load(loader->plain) : -EINVAL;
}

/* "tracepoint/syscalls/sys_enter_mount" */
static int tracepoint_id(int tracefs, const struct bpf_program *program)
{
	char category[64], name[64];

	if (sscanf(bpf_program__section_name(program), "tracepoint/%63[^/]/%63s", category, name) !=
		2)
		return -EINVAL;
	return tracefs_event_id(tracefs, category, name);
}

static int attach_program(struct loader *loader, struct bpf_program *program, int id)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attributes),
		.config = (uint64_t)id,
		.sample_period = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	struct bpf_link *link;

	if (fd < 0)
		return last_error();
	link = bpf_program__attach_perf_event(program, fd);
	if (!link) {
		id = last_error();
		close(fd);
		return id;
	}
	loader->link[loader->link_count++] = link;
	return 0;
}

/* Calls that this kernel doesn't have are left out. */
static int attach_all(struct loader *loader, int tracefs)
{
	struct bpf_program *program;
	int id, error;

	bpf_object__for_each_program(program, object_of(loader))
	{
		id = tracepoint_id(tracefs, program);
		if (id == -ENOENT)
			continue;
		if (id < 0 || loader->link_count == PROGRAMS_MAX)
			return id < 0 ? id : -E2BIG;
		error = attach_program(loader, program, id);
		if (error)
			return error;
	}
	return loader->link_count ? 0 : -ENOENT;
}

static int take_record(void *context, void *data, size_t bytes)
{
	struct loader *loader = context;

	return loader->take(data, bytes, loader->context);
}

static int open_ring(struct loader *loader)
{
	struct bpf_map *map = loader->core ? loader->core->maps.ring : loader->plain->maps.ring;

	loader->ring = ring_buffer__new(bpf_map__fd(map), take_record, loader, NULL);
	return loader->ring ? 0 : last_error();
}

static int open_variant(
	struct loader *loader, enum loader_variant variant, int tracefs, enum loader_step *step)
{
	int error;

	*step = LOADER_STEP_LOAD;
	error = open_object(loader, variant);
	if (!error)
		error = load_object(loader);
	if (!error)
		error = open_ring(loader);
	if (error)
		return error;
	*step = LOADER_STEP_ATTACH;
	return attach_all(loader, tracefs);
}

static int open_first_that_fits(struct loader **ret_loader, int tracefs, enum loader_step *step)
{
	int error = -EINVAL;

	for (int variant = LOADER_CORE; variant <= LOADER_PLAIN; variant++) {
		struct loader *loader = calloc(1, sizeof(*loader));

		if (!loader)
			return -ENOMEM;
		error = open_variant(loader, (enum loader_variant)variant, tracefs, step);
		if (!error) {
			*ret_loader = loader;
			return 0;
		}
		loader_close(loader);
	}
	return error;
}

/* The caller says what failed; libbpf's own words are for its developers. */
int loader_open(struct loader **ret_loader, enum loader_step *ret_step)
{
	int tracefs = tracefs_open(), error;

	if (tracefs < 0) {
		*ret_step = LOADER_STEP_TRACE;
		return tracefs;
	}
	libbpf_set_print(NULL);
	error = open_first_that_fits(ret_loader, tracefs, ret_step);
	close(tracefs);
	if (!error)
		*ret_step = LOADER_STEP_NONE;
	return error;
}

void loader_close(struct loader *loader)
{
	if (!loader)
		return;
	for (unsigned i = 0; i < loader->link_count; i++)
		bpf_link__destroy(loader->link[i]);
	ring_buffer__free(loader->ring);
	mountprobe__destroy(loader->core);
	mountprobe_plain__destroy(loader->plain);
	free(loader);
}

enum loader_variant loader_variant(const struct loader *loader)
{
	return loader->variant;
}

int loader_fd(const struct loader *loader)
{
	return ring_buffer__epoll_fd(loader->ring);
}

int loader_read(struct loader *loader, loader_take_fn *take, void *context)
{
	int result;

	loader->take = take;
	loader->context = context;
	result = ring_buffer__consume(loader->ring);
	return result < 0 ? result : 0;
}

uint64_t loader_dropped(const struct loader *loader)
{
	const uint64_t *count =
		(const uint64_t *)(loader->core ? &loader->core->bss->dropped_count
						: &loader->plain->bss->dropped_count);

	return __atomic_load_n(count, __ATOMIC_RELAXED);
}
#else
int loader_open(struct loader **ret_loader, enum loader_step *ret_step)
{
	(void)ret_loader;
	*ret_step = LOADER_STEP_BUILD;
	return -ENOSYS;
}

void loader_close(struct loader *loader)
{
	(void)loader;
}

enum loader_variant loader_variant(const struct loader *loader)
{
	(void)loader;
	return LOADER_PLAIN;
}

int loader_fd(const struct loader *loader)
{
	(void)loader;
	return -ENOSYS;
}

int loader_read(struct loader *loader, loader_take_fn *take, void *context)
{
	(void)loader;
	(void)take;
	(void)context;
	return -ENOSYS;
}

uint64_t loader_dropped(const struct loader *loader)
{
	(void)loader;
	return 0;
}
#endif
