/* SPDX-License-Identifier: MIT */
/* Refuses to remove a directory: a program of the Linux security module "bpf". */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "lsm.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define EPERM 1

/* Fields that we need in the kernel's types; CO-RE relocates each access to this kernel's
 * layout.
 */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

#pragma clang attribute pop

const volatile struct config config;

/* Events lost because the ring buffer was full; their removals were refused all the same. */
unsigned long long lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

static bool has_name(struct dentry *dentry, int part)
{
	const unsigned char *at = BPF_CORE_READ(dentry, d_name.name);
	char name[NAME_LEN] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), at);
	for (int i = 0; i < NAME_LEN; i++) {
		if (name[i] != config.parts[part][i])
			return false;
		if (!name[i])
			return true;
	}
	return false;
}

/*
 * Returns true if the directory's path ends with the configured one, up to the root of its file
 * system: a dentry does not show where that is mounted.
 */
static bool is_protected(struct dentry *dentry)
{
	for (int part = 0; part < MAX_PARTS; part++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (part >= config.part_count || parent == dentry)
			return true;
		if (!has_name(dentry, part))
			return false;
		dentry = parent;
	}
	return true;
}

static void send_event(void)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, 0);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(on_rmdir, struct inode *parent, struct dentry *dentry, int result)
{
	/* A refusal of another program remains. */
	if (result || !is_protected(dentry))
		return result;
	send_event();
	return config.only_watch ? 0 : -EPERM;
}
