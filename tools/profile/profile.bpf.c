// SPDX-License-Identifier: MIT
/* profile: stacks of what runs, sampled. */
#include "stacks.bpf.h"

TOOL("profile", "count stacks of the code that runs, by samples");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile __u32, tid, 0, 'L', "only this thread");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");
OPTION(const volatile __u32, frequency, 99, 'F', "samples a second");
OPTION(const volatile __s32, cpu, -1, 'C', "only this processor");
OPTION(const volatile bool, idle, false, 'I', "idle processors as well");

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
	__s32 user_stack_id;
	__s32 kernel_stack_id;
};

struct counts {
	__u64 count;
};

COUNTS(HASH, samples, 10240, struct key, struct counts);
STACKS(samples, IDS(stacks), SORT(-count));
PLACE(on_sample, "software:cpu-clock@{frequency}");

SEC("perf_event")
int on_sample(void *ctx)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	struct counts *counts;
	struct key key = {};

	if (cpu >= 0 && cpu != (__s32)bpf_get_smp_processor_id())
		return 0;
	if ((!thread && !idle) || (tid && tid != thread) || IS_OTHER(pid) || is_other_comm(name))
		return 0;
	SET_PROCESS(&key);
	key.user_stack_id = user_stack(ctx);
	key.kernel_stack_id = kernel_stack(ctx, 0);
	counts = samples_of(&key);
	if (counts)
		ADD(counts->count, 1);
	return 0;
}
