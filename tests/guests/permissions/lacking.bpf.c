// SPDX-License-Identifier: MIT
/* Code for kernels with a field and a function that no kernel has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct task_struct {
	int wasm_bpf_no_such_field;
} __attribute__((preserve_access_index));

extern int wasm_bpf_no_such_function(void) __ksym __weak;

SEC("raw_tp/sys_enter")
int field(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (bpf_core_field_exists(task->wasm_bpf_no_such_field))
		return BPF_CORE_READ(task, wasm_bpf_no_such_field);
	return 0;
}

SEC("raw_tp/sys_enter")
int function(void *ctx)
{
	if (bpf_ksym_exists(wasm_bpf_no_such_function))
		return wasm_bpf_no_such_function();
	return 0;
}
