// SPDX-License-Identifier: MIT
/* Kernel function that no level allows, by its name and by a name that looks like another one. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern int bpf_fentry_test1(int number) __ksym;
extern int bpf_fentry_test1___bpf_task_release(int number) __ksym;

SEC("tp_btf/sched_process_exec")
int never_call(void *ctx)
{
	return bpf_fentry_test1(1) & 0;
}

SEC("tp_btf/sched_process_exec")
int never_call_by_other_name(void *ctx)
{
	return bpf_fentry_test1___bpf_task_release(1) & 0;
}
