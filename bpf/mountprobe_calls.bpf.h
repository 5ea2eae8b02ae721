// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * The part of the BPF program that every kernel since 5.8 loads: tracepoints at entry to and exit
 * from the system calls. The including program defines
 *
 *	static void describe_kernel_side(struct mountprobe_record *record);
 *
 * which adds what only the kernel's own structures tell.
 *
 * The strings are read at the exit: at the entry, the pages that hold them may not be there yet,
 * and BPF programs can't wait for them; the call itself has made them resident by its end.
 */
#ifndef BPF_MOUNTPROBE_CALLS_BPF_H
#define BPF_MOUNTPROBE_CALLS_BPF_H

#include "bpf/mountprobe.h"

#define CALLS_IN_FLIGHT 1024

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Records that were lost, because the ring or the table of calls was full. */
__u64 dropped_count;

struct call {
	__u64 source; /* user-space addresses */
	__u64 target;
	__u64 fstype;
	__u64 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALLS_IN_FLIGHT);
	__type(key, __u64); /* thread */
	__type(value, struct call);
} calls SEC(".maps");

/* A record is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mountprobe_record);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MOUNTPROBE_RING_BYTES);
} ring SEC(".maps");

/* The context of a syscall tracepoint. A program must not look at more arguments than the call
 * has: the kernel refuses to attach it. */
struct enter_context {
	__u64 common;
	__s64 number;
	__u64 argument[6];
};

struct exit_context {
	__u64 common;
	__s64 number;
	__s64 result;
};

static void describe_kernel_side(struct mountprobe_record *record);

static __always_inline void describe_caller(struct mountprobe_record *record)
{
	record->time_ns = bpf_ktime_get_ns();
	record->pid = bpf_get_current_pid_tgid() >> 32;
	record->thread = (__u32)bpf_get_current_pid_tgid();
	record->uid = (__u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(record->command, sizeof(record->command));
}

static __always_inline void read_string(char *text, __u32 capacity, __u64 address)
{
	if (!address || bpf_probe_read_user_str(text, capacity, (const void *)address) < 0)
		text[0] = '\0';
}

static __always_inline void send_record(struct mountprobe_record *record, __u64 target)
{
	long bytes = 0;

	if (target)
		bytes = bpf_probe_read_user_str(
			record->target, sizeof(record->target), (void *)target);
	if (bytes < 1 || bytes > MOUNTPROBE_TARGET_BYTES) {
		record->target[0] = '\0';
		bytes = 1;
	}
	if (bpf_ringbuf_output(
		    &ring, record, __builtin_offsetof(struct mountprobe_record, target) + bytes, 0))
		__sync_fetch_and_add(&dropped_count, 1);
}

static __always_inline void tell(const struct call *call, __u32 number, __s32 result)
{
	struct mountprobe_record *record;
	__u32 zero = 0;

	record = bpf_map_lookup_elem(&scratch, &zero);
	if (!record)
		return;
	describe_caller(record);
	record->call = number;
	record->result = result;
	record->flags = call->flags;
	record->namespace = 0;
	record->mount_id = 0;
	record->major = 0;
	record->minor = 0;
	record->reserved = 0;
	read_string(record->source, sizeof(record->source), call->source);
	read_string(record->fstype, sizeof(record->fstype), call->fstype);
	describe_kernel_side(record);
	send_record(record, call->target);
}

static __always_inline int call_entered(const struct call *call)
{
	__u64 thread = bpf_get_current_pid_tgid();

	if (bpf_map_update_elem(&calls, &thread, call, BPF_ANY))
		__sync_fetch_and_add(&dropped_count, 1);
	return 0;
}

static __always_inline int call_left(const struct exit_context *context, __u32 number)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &thread);

	if (!call)
		return 0;
	tell(call, number, (__s32)context->result);
	bpf_map_delete_elem(&calls, &thread);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_mount")
int enter_mount(const struct enter_context *context)
{
	struct call call = {
		.source = context->argument[0],
		.target = context->argument[1],
		.fstype = context->argument[2],
		.flags = context->argument[3],
	};

	return call_entered(&call);
}

SEC("tracepoint/syscalls/sys_exit_mount")
int exit_mount(const struct exit_context *context)
{
	return call_left(context, MOUNTPROBE_MOUNT);
}

SEC("tracepoint/syscalls/sys_enter_umount")
int enter_umount(const struct enter_context *context)
{
	struct call call = {.target = context->argument[0], .flags = context->argument[1]};

	tell(&call, MOUNTPROBE_UMOUNT, MOUNTPROBE_PENDING);
	return call_entered(&call);
}

SEC("tracepoint/syscalls/sys_exit_umount")
int exit_umount(const struct exit_context *context)
{
	return call_left(context, MOUNTPROBE_UMOUNT);
}

SEC("tracepoint/syscalls/sys_enter_move_mount")
int enter_move_mount(const struct enter_context *context)
{
	struct call call = {
		.source = context->argument[1],
		.target = context->argument[3],
		.flags = context->argument[4],
	};

	return call_entered(&call);
}

SEC("tracepoint/syscalls/sys_exit_move_mount")
int exit_move_mount(const struct exit_context *context)
{
	return call_left(context, MOUNTPROBE_MOVE_MOUNT);
}

SEC("tracepoint/syscalls/sys_enter_pivot_root")
int enter_pivot_root(const struct enter_context *context)
{
	struct call call = {.source = context->argument[0], .target = context->argument[1]};

	return call_entered(&call);
}

SEC("tracepoint/syscalls/sys_exit_pivot_root")
int exit_pivot_root(const struct exit_context *context)
{
	return call_left(context, MOUNTPROBE_PIVOT_ROOT);
}

SEC("tracepoint/syscalls/sys_enter_mount_setattr")
int enter_mount_setattr(const struct enter_context *context)
{
	struct call call = {.target = context->argument[1], .flags = context->argument[2]};

	return call_entered(&call);
}

SEC("tracepoint/syscalls/sys_exit_mount_setattr")
int exit_mount_setattr(const struct exit_context *context)
{
	return call_left(context, MOUNTPROBE_MOUNT_SETATTR);
}

#endif
