/* SPDX-License-Identifier: GPL-2.0 */
/* Context of iterators over tasks: members that the corpus reads. */
#ifndef OBJECTS_TASK_ITERATOR_H
#define OBJECTS_TASK_ITERATOR_H
#include <bpf/bpf_tracing.h>

struct task_struct {
	int pid;
	char comm[16];
} __attribute__((preserve_access_index));
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __attribute__((preserve_access_index));
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));
#endif
