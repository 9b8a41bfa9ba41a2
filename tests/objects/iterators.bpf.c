// SPDX-License-Identifier: GPL-2.0
/* Iterators: text and records. */
#include "common.h"
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

struct found {
	int pid;
	__u64 mark;
	char comm[16];
};
#ifdef WITH_RECORDS
const struct found *unused_found __attribute__((unused));
#endif

SEC("iter/task")
int walk(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || ctx->meta->seq_num != 0)
		return 0;
#ifdef WITH_RECORDS
	struct found found = {.mark = 99};

	found.pid = task->pid > 0;
	found.comm[0] = 't';
	bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
#else
	static const char format[] = "first %d\n";
	__u64 arguments[] = {task->pid > 0};

	bpf_seq_printf(ctx->meta->seq, format, sizeof(format), arguments, sizeof(arguments));
#endif
	return 0;
}
