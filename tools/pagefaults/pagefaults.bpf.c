// SPDX-License-Identifier: MIT
/* pagefaults: page faults by process. */
#include "tool.bpf.h"

TOOL("pagefaults", "count page faults, by process");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");

/* Flags of handle_mm_fault(): FAULT_FLAG_WRITE, _USER, _INSTRUCTION. */
#define FLAG_WRITE 0x1
#define FLAG_USER 0x40
#define FLAG_EXEC 0x100
/* Bits of x86's error code. */
#define ERROR_WRITE 0x2
#define ERROR_EXEC 0x10

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
};

struct counts {
	__u64 faults;
	__u64 writes;
	__u64 execs;
	/* By the kernel, for memory of the process. */
	__u64 kernel;
};

COUNTS(HASH, processes, 10240, struct key, struct counts);
TABLE(processes, SORT(-faults), LIMIT(20));

static __always_inline int count(bool is_write, bool is_exec, bool is_user)
{
	struct counts *counts;
	struct key key = {};

	if (IS_OTHER(pid))
		return 0;
	SET_PROCESS(&key);
	counts = processes_of(&key);
	if (!counts)
		return 0;
	ADD(counts->faults, 1);
	if (is_write)
		ADD(counts->writes, 1);
	if (is_exec)
		ADD(counts->execs, 1);
	if (!is_user)
		ADD(counts->kernel, 1);
	return 0;
}

static __always_inline int count_flags(__u32 flags)
{
	return count(flags & FLAG_WRITE, flags & FLAG_EXEC, flags & FLAG_USER);
}

SEC("fentry/handle_mm_fault")
int BPF_PROG(fentry_fault, void *area, unsigned long address, unsigned int flags)
{
	return count_flags(flags);
}

SEC("kprobe/handle_mm_fault")
int BPF_KPROBE(kprobe_fault, void *area, unsigned long address, unsigned int flags)
{
	return count_flags(flags);
}

/* Arguments of the raw tracepoints: (address, registers, error code). Faults that repair nothing
 * count as well. */
SEC("raw_tp/page_fault_user")
int on_user(struct bpf_raw_tracepoint_args *ctx)
{
	return count(ctx->args[2] & ERROR_WRITE, ctx->args[2] & ERROR_EXEC, true);
}

SEC("raw_tp/page_fault_kernel")
int on_kernel(struct bpf_raw_tracepoint_args *ctx)
{
	return count(ctx->args[2] & ERROR_WRITE, ctx->args[2] & ERROR_EXEC, false);
}

WAYS(fault, fentry_fault, kprobe_fault, on_user + on_kernel);
