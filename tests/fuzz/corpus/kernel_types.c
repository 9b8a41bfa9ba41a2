// SPDX-License-Identifier: MIT
/*
 * Kernel types for the stand-in: those that the samples use, and one of each kind. A search in the
 * real ones takes a tenth of a second each time.
 */
struct list_head {
	struct list_head *next, *prev;
};

struct task_struct {
	unsigned int flags;
	int pid, tgid, exit_code;
	struct task_struct *group_leader, *real_parent;
	char comm[16];
	union {
		long state, __state;
	};
	unsigned int bit : 3, bits : 5;
};

struct file {
	const struct list_head *f_op;
	unsigned int f_flags;
};

struct trace_event_raw_sched_process_exec {
	int pid;
	unsigned int __data_loc_filename;
};

struct sock_common {
	unsigned short skc_family;
	unsigned int skc_daddr;
};

struct sock {
	struct sock_common __sk_common;
};

enum few { FEW_NONE, FEW_SOME = 7 };
enum many { MANY_NONE, MANY_ALL = 0x7fffffffffffffff };

typedef int (*function_t)(struct sock *sk, enum few few, enum many many);

struct tcp_congestion_ops {
	void (*init)(struct sock *sk);
	unsigned int (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, unsigned int ack, unsigned int acked);
	unsigned int (*undo_cwnd)(struct sock *sk);
	char name[16];
	unsigned int flags;
	struct list_head list;
	function_t extra;
};

struct bpf_struct_ops_common {
	int refcnt;
	int state;
};

struct bpf_struct_ops_tcp_congestion_ops {
	struct bpf_struct_ops_common common;
	struct tcp_congestion_ops data __attribute__((aligned(64)));
};

typedef void (*btf_trace_sched_process_exec)(void *, struct task_struct *, int);
typedef void (*btf_trace_sched_switch)(void *, int, struct task_struct *);

struct bpf_iter__task {
	struct task_struct *task;
};

int bpf_stats_enabled_key = 1;
volatile long jiffies;

int bpf_fentry_test1(int a)
{
	return a;
}

int bpf_lsm_file_open(struct file *file)
{
	return (int)file->f_flags;
}

int bpf_iter_task(struct bpf_iter__task *context)
{
	return context->task->pid;
}

void bpf_rcu_read_lock(void)
{
	jiffies++;
}

void schedule(void)
{
	jiffies++;
}

struct bpf_struct_ops_tcp_congestion_ops *hold(struct bpf_struct_ops_tcp_congestion_ops *ops,
					       btf_trace_sched_process_exec first,
					       btf_trace_sched_switch second,
					       struct trace_event_raw_sched_process_exec *event)
{
	first(ops, (void *)0, event->pid);
	second(ops, 0, (void *)0);
	return ops;
}
