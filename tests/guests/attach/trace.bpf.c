// SPDX-License-Identifier: MIT
/* Tracing programs: tracepoints, perf events, code in user space, iterators. */
#include <linux/ptrace.h>
#include <stdbool.h>

#include "count.h"
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

COUNTER("tp/sched/sched_process_exec", tp, 0)
COUNTER("raw_tp/sched_process_exec", raw_tp, 0)
COUNTER("tp_btf/sched_process_exec", tp_btf, 0)
COUNTER("perf_event", perf_event, 0)
COUNTER("uprobe", uprobe, 0)
COUNTER("uprobe.s", uprobe_sleepable, 0)
COUNTER("uretprobe", uretprobe, 0)
COUNTER("uprobe.multi", uprobe_multi, 0)
COUNTER("uretprobe.multi", uretprobe_multi, 0)
COUNTER("uprobe.session", uprobe_session, 0)
COUNTER("usdt", usdt, 0)
COUNTER("uprobe/libc.so.6:getpgid", uprobe_libc, 0)
COUNTER("uprobe/libc.so.6:getpgid+1", uprobe_inside, 0)
COUNTER("uprobe.s/libc.so.6:getpgid+0x1", uprobe_inside_hex, 0)
COUNTER("uretprobe/libc.so.6:getpgid+4", uretprobe_inside, 0)
COUNTER("uprobe.multi/libc.so.6:getpgid+1", uprobe_multi_inside, 0)
COUNTER("uprobe.session/libc.so.6:getpgid+1", uprobe_session_inside, 0)
COUNTER("uprobe//proc/self/exe:main", uprobe_own, 0)
COUNTER("uprobe.multi//proc/self/exe:main", uprobe_multi_own, 0)
COUNTER("usdt//proc/self/exe:provider:name", usdt_own, 0)
/* Opening it would start a watchdog or block forever; neither may happen. */
COUNTER("uprobe//dev/zero:main", uprobe_device, 0)
COUNTER("tp/no_such/tracepoint", no_such_tp, 0)
COUNTER("raw_tp/no_such_tracepoint", no_such_raw_tp, 0)

/* Checks the third argument of the probe, to verify that its location was read correctly. */
SEC("usdt")
int usdt_argument(struct pt_regs *ctx)
{
	long argument = 0;

	if (!bpf_usdt_arg(ctx, 2, &argument) && argument == 4711)
		count(0);
	return 0;
}

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

SEC("iter/task")
int iter_task(struct bpf_iter__task *ctx)
{
	const char text[] = "task\n";

	if (ctx->task)
		bpf_seq_write(ctx->meta->seq, text, sizeof(text) - 1);
	return 0;
}

SEC("iter/bpf_map_elem")
int iter_map(struct bpf_iter__bpf_map_elem *ctx)
{
	const char text[] = "element\n";

	if (ctx->value)
		bpf_seq_write(ctx->meta->seq, text, sizeof(text) - 1);
	return 0;
}
