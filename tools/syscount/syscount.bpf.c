// SPDX-License-Identifier: MIT
/* syscount: system calls, how many, how many failed, and the time in them. */
#include "tool.bpf.h"
#include "errno.bpf.h"

#define MAX_ERRNO 4095
/* Status of a thread in a 32-bit call, on x86; flag of 32-bit threads, on arm64. */
#define TS_COMPAT 2
#define TIF_32BIT (1 << 22)
/* Marks numbers of such calls, which have names of their own. */
#define CALL_32BIT 0x80000000

TOOL("syscount", "count system calls, with failures and durations");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, failed, false, 'x', "only calls that fail");
OPTION(const volatile enum error, error, ANY, 'e', "only calls that fail with it, such as ENOENT");
OPTION(const volatile bool, processes, false, 'P', "count by process, not by call");
OPTION(const volatile bool, latency, false, 'L', "those with the most time first");
OPTION(const volatile bool, milliseconds, false, 'm', "time in milliseconds");
OPTION(const volatile __u32, top, 0, 'T', "at most this many rows");
OPTION(const volatile bool, list, false, 'l', "print the system calls of this machine, and end");
LISTS(list, syscall);

struct call {
	__u32 nr;
	__u64 start;
};

struct key {
	__u32 syscall FORMAT(syscall);
};

struct process {
	__u32 pid;
	char comm[COMM_BYTES];
};

struct counts {
	__u64 count;
	__u64 errors;
	__u64 total_ns SHOWN_IF(!milliseconds);
	__u64 total_ms COMPUTED(total_ns / 1000000) FORMAT(dec) SHOWN_IF(milliseconds);
};

STATE(call_start, __u32, struct call);
COUNTS(HASH, calls, 1024, struct key, struct counts);
COUNTS(HASH, calls_by_process, 10240, struct process, struct counts);
TABLE(calls, SORT(latency ? -total_ns : -count), LIMIT(top), IF(!processes));
TABLE(calls_by_process, SORT(latency ? -total_ns : -count), LIMIT(top), IF(processes));

struct task_struct {
	struct {
		unsigned long flags;
		__u32 status;
	} thread_info;
} __attribute__((preserve_access_index));

/* Returns true if the current call is by the numbers of 32-bit programs. */
static __always_inline bool is_32bit(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
#else
	return BPF_CORE_READ(task, thread_info.flags) & TIF_32BIT;
#endif
}

SEC("raw_tp/sys_enter")
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call call = {.nr = (__u32)ctx->args[1]};

	if (IS_OTHER(pid))
		return 0;
	if (is_32bit())
		call.nr |= CALL_32BIT;
	call.start = bpf_ktime_get_ns();
	bpf_map_update_elem(&call_start, &tid, &call, BPF_ANY);
	return 0;
}

static __always_inline struct counts *counts_of(__u32 nr)
{
	struct process process = {};
	struct key key = {.syscall = nr};

	if (!processes)
		return calls_of(&key);
	SET_PROCESS(&process);
	return calls_by_process_of(&process);
}

static __always_inline int end(long result)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&call_start, &tid);
	bool is_error = result < 0 && result >= -MAX_ERRNO;
	struct counts *counts = NULL;

	if (!call)
		return 0;
	if (error ? result == -(long)error : !failed || is_error)
		counts = counts_of(call->nr);
	if (counts) {
		ADD(counts->count, 1);
		ADD(counts->total_ns, bpf_ktime_get_ns() - call->start);
		if (is_error)
			ADD(counts->errors, 1);
	}
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}

SEC("raw_tp/sys_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	return end(ctx->args[1]);
}

/* exit(2) and exit_group(2) end here; another thread gets the number later. */
SEC("raw_tp/sched_process_exit")
int on_thread_exit(void *ctx)
{
	return end(0);
}

/* Arguments: (task, number of the thread before). With execve(2), a thread gets the number of the
 * process's first thread. */
SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid(), before = ctx->args[1];
	struct call *found, call;

	if (tid == before)
		return 0;
	found = bpf_map_lookup_elem(&call_start, &before);
	if (!found)
		return 0;
	call = *found;
	bpf_map_delete_elem(&call_start, &before);
	bpf_map_update_elem(&call_start, &tid, &call, BPF_ANY);
	return 0;
}
