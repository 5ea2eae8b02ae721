// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * The probe where the kernel has BTF: adds the caller's mount namespace and, for a new mount, a
 * guess at which one it is. The kernel's structures are declared here as far as they are used; the
 * loader moves the accesses to where the running kernel has the members.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#include "bpf/mountprobe_calls.bpf.h"

#define TREE_DEPTH_MAX 40 /* of a red-black tree of a million mounts */
#define MINOR_BITS     20 /* of the kernel's own dev_t */
#define KERNEL_TYPE    __attribute__((preserve_access_index))

struct list_head {
	struct list_head *prev;
} KERNEL_TYPE;

struct rb_node {
	struct rb_node *rb_right;
} KERNEL_TYPE;

struct rb_root {
	struct rb_node *rb_node;
} KERNEL_TYPE;

struct file_system_type {
	const char *name;
} KERNEL_TYPE;

struct super_block {
	__u32 s_dev;
	struct file_system_type *s_type;
} KERNEL_TYPE;

struct vfsmount {
	struct super_block *mnt_sb;
} KERNEL_TYPE;

struct mount {
	struct vfsmount mnt;
	const char *mnt_devname;
	int mnt_id;
} KERNEL_TYPE;

/* 6.8 gave mounts an id that is never used again, and namespaces a tree instead of a list. */
struct mount___tree {
	struct rb_node mnt_node;
	__u64 mnt_id_unique;
} KERNEL_TYPE;

struct mount___list {
	struct list_head mnt_list;
} KERNEL_TYPE;

struct ns_common {
	unsigned int inum;
} KERNEL_TYPE;

struct mnt_namespace {
	struct ns_common ns;
} KERNEL_TYPE;

struct mnt_namespace___tree {
	struct rb_root mounts;
} KERNEL_TYPE;

struct mnt_namespace___list {
	struct list_head list;
} KERNEL_TYPE;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
} KERNEL_TYPE;

struct task_struct {
	struct nsproxy *nsproxy;
} KERNEL_TYPE;

static __always_inline struct mount *youngest_of_tree(struct mnt_namespace *namespace)
{
	struct mnt_namespace___tree *tree = (void *)namespace;
	struct rb_node *node = BPF_CORE_READ(tree, mounts.rb_node), *right;

	for (int depth = 0; node && depth < TREE_DEPTH_MAX; depth++) {
		right = BPF_CORE_READ(node, rb_right);
		if (!right)
			break;
		node = right;
	}
	return node ? (void *)node - bpf_core_field_offset(struct mount___tree, mnt_node) : 0;
}

static __always_inline struct mount *youngest_of_list(struct mnt_namespace *namespace)
{
	struct mnt_namespace___list *list = (void *)namespace;
	struct list_head *entry = BPF_CORE_READ(list, list.prev);

	return entry ? (void *)entry - bpf_core_field_offset(struct mount___list, mnt_list) : 0;
}

static __always_inline struct mount *youngest_mount(struct mnt_namespace *namespace)
{
	if (bpf_core_field_exists(struct mnt_namespace___tree, mounts))
		return youngest_of_tree(namespace);
	if (bpf_core_field_exists(struct mnt_namespace___list, list))
		return youngest_of_list(namespace);
	return 0;
}

static __always_inline void describe_mount(struct mountprobe_record *record, struct mount *mount)
{
	struct mount___tree *unique = (void *)mount;
	struct super_block *super = BPF_CORE_READ(mount, mnt.mnt_sb);
	__u32 device = BPF_CORE_READ(super, s_dev);

	if (bpf_core_field_exists(struct mount___tree, mnt_id_unique))
		record->mount_id = BPF_CORE_READ(unique, mnt_id_unique);
	else
		record->mount_id = BPF_CORE_READ(mount, mnt_id);
	record->major = device >> MINOR_BITS;
	record->minor = device & ((1u << MINOR_BITS) - 1);
	/* move_mount(2) names a descriptor, not a type and a source. */
	if (record->call != MOUNTPROBE_MOVE_MOUNT)
		return;
	bpf_probe_read_kernel_str(
		record->fstype, sizeof(record->fstype), BPF_CORE_READ(super, s_type, name));
	bpf_probe_read_kernel_str(
		record->source, sizeof(record->source), BPF_CORE_READ(mount, mnt_devname));
}

static __always_inline void describe_kernel_side(struct mountprobe_record *record)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mnt_namespace *namespace = BPF_CORE_READ(task, nsproxy, mnt_ns);
	struct mount *mount;

	record->namespace = BPF_CORE_READ(namespace, ns.inum);
	if (record->result ||
		(record->call != MOUNTPROBE_MOUNT && record->call != MOUNTPROBE_MOVE_MOUNT))
		return;
	mount = youngest_mount(namespace);
	if (mount)
		describe_mount(record, mount);
}
