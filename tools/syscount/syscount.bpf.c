// SPDX-License-Identifier: MIT
/* syscount: system calls, how many, how many failed, and the time in them. */
#include "tool.bpf.h"

TOOL("syscount", "count system calls, with failures and durations");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, failed, false, 'x', "only calls that fail");

struct call {
	__u32 nr;
	__u64 start;
};

struct key {
	__u32 syscall FORMAT(syscall);
};

struct counts {
	__u64 count;
	__u64 errors;
	__u64 total_ns;
};

STATE(call_start, __u32, struct call);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, struct counts);
} calls SEC(".maps");

SEC("raw_tp/sys_enter")
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call call = {.nr = (__u32)ctx->args[1], .start = bpf_ktime_get_ns()};

	if (!IS_OTHER(pid))
		bpf_map_update_elem(&call_start, &tid, &call, BPF_ANY);
	return 0;
}

SEC("raw_tp/sys_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&call_start, &tid);
	bool is_error = (long)ctx->args[1] < 0 && (long)ctx->args[1] >= -4095;
	struct counts *counts, zero = {};
	struct key key;

	if (!call)
		return 0;
	key.syscall = call->nr;
	counts = failed && !is_error ? NULL : bpf_map_lookup_elem(&calls, &key);
	if (!counts && (!failed || is_error)) {
		bpf_map_update_elem(&calls, &key, &zero, BPF_NOEXIST);
		counts = bpf_map_lookup_elem(&calls, &key);
	}
	if (counts) {
		__sync_fetch_and_add(&counts->count, 1);
		__sync_fetch_and_add(&counts->total_ns, bpf_ktime_get_ns() - call->start);
		if (is_error)
			__sync_fetch_and_add(&counts->errors, 1);
	}
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}
