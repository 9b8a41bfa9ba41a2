// SPDX-License-Identifier: GPL-2.0
/* Iterators: text and records. */
#include "common.h"
#include "records.bpf.h"
#include "task_iterator.h"

#ifdef WITH_OPTION
OPTION(const volatile __u32, marks, 0, 'm', "show marks");
#define IF_MARKS SHOWN_IF(marks)
#else
#define IF_MARKS
#endif

struct found {
	int pid;
	__u64 mark IF_MARKS;
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
