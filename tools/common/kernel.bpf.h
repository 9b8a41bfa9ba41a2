/* SPDX-License-Identifier: MIT */
/* Kernel types with the members that tools read; CO-RE relocates them on each kernel. */
#ifndef KERNEL_BPF_H
#define KERNEL_BPF_H

#include "tool.bpf.h"

extern int LINUX_KERNEL_VERSION __kconfig;

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
	const unsigned char *name;
};

struct super_block {
	__u32 s_dev;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct rq;

/* Queue of a processor, or of a control group there; the latter's tasks count in both. */
struct cfs_rq {
	unsigned int h_nr_running;
	struct rq *rq;
};

/* Since Linux 6.14; leaves out tasks that sleep but were not taken out of the queue yet. */
struct cfs_rq___new {
	unsigned int h_nr_runnable;
};

struct rq {
	struct cfs_rq cfs;
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
};

struct kernfs_node {
	__u64 id;
};

/* State of a control group in one hierarchy; it begins with that of itself. */
struct cgroup_subsys_state {
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct task_struct {
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	int pid;
	int tgid;
	unsigned int __state;
	unsigned int flags;
	int prio;
	char comm[COMM_BYTES];
	struct files_struct *files;
	struct sched_entity se;
};

/* Before Linux 5.14. */
struct task_struct___old {
	long state;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	unsigned char skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u32 sk_max_ack_backlog;
	__u16 sk_type;
	__u16 sk_protocol;
};

/* Before Linux 5.6 protocol and type were bits; no kernel since 5.10 has them so. */

struct socket {
	struct sock *sk;
};

struct sk_buff {
	unsigned int len;
	unsigned int data_len;
	__u16 network_header;
	__u16 transport_header;
	__u16 protocol;
	unsigned char *head;
	unsigned char *data;
	struct sock *sk;
};

#pragma clang attribute pop

/* Returns an open file of the current process. */
static __always_inline struct file *file_of(long descriptor)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (descriptor < 0 || descriptor >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + descriptor);
	return file;
}

#endif
