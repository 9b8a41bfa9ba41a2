// SPDX-License-Identifier: GPL-2.0
/* A table that an iterator fills before each look. */
#include "common.h"
#include "records.bpf.h"
#include "task_iterator.h"

struct row {
	__u32 firsts;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct row);
} filled SEC(".maps");

#ifdef FILLED_BY_ANOTHER
TABLE(filled, FILL(on_call));

SEC("raw_tp/sys_enter")
int on_call(void *ctx)
{
	return 0;
}
#else
TABLE(filled, FILL(walk));
#endif

int looks;

/* Counts the first task. The second look is endless in one form: the kernel takes a task again and
 * again. */
SEC("iter/task")
int walk(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct row first = {.firsts = 1}, *row;
	__u32 key = 7;

	if (!task) {
		looks++;
		return 0;
	}
#ifdef ENDLESS
	if (looks > 0)
		return 1;
#endif
	if (ctx->meta->seq_num != 0)
		return 0;
	row = bpf_map_lookup_elem(&filled, &key);
	if (row)
		row->firsts++;
	else
		bpf_map_update_elem(&filled, &key, &first, BPF_ANY);
	return 0;
}
