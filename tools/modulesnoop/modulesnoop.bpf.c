// SPDX-License-Identifier: MIT
/* modulesnoop: modules that are loaded into the kernel, and removed. */
#include "tool.bpf.h"

#define MODULE_BYTES 56
#define ARGUMENT_BYTES 128

TOOL("modulesnoop", "show modules that are loaded into the kernel, and removed");

enum action { LOAD, FREE };

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	enum action action;
	char module[MODULE_BYTES];
	/* Parameters of finit_module(2) and init_module(2). */
	char args[ARGUMENT_BYTES];
	__u64 cgroup_id HIDDEN;
};

EVENTS(struct event);
STATE(call_start, __u32, __u64);

struct module {
	char name[MODULE_BYTES];
} __attribute__((preserve_access_index));

static __always_inline int begin(const void *arguments)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 address = (__u64)arguments;

	bpf_map_update_elem(&call_start, &tid, &address, BPF_ANY);
	return 0;
}

static __always_inline int end(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}

static __always_inline int show(struct module *module, enum action action)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *arguments = bpf_map_lookup_elem(&call_start, &tid);
	struct event *event = reserve_event();

	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	SET_ORIGIN(event);
	event->action = action;
	BPF_CORE_READ_STR_INTO(&event->module, module, name);
	if (arguments)
		bpf_probe_read_user_str(event->args, ARGUMENT_BYTES, (void *)*arguments);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp/syscalls/sys_enter_init_module")
int enter_init(struct trace_event_raw_sys_enter *ctx)
{
	return begin((const void *)ctx->args[2]);
}

SEC("tp/syscalls/sys_enter_finit_module")
int enter_finit(struct trace_event_raw_sys_enter *ctx)
{
	return begin((const void *)ctx->args[1]);
}

SEC("tp/syscalls/sys_exit_init_module")
int exit_init(void *ctx)
{
	return end();
}

SEC("tp/syscalls/sys_exit_finit_module")
int exit_finit(void *ctx)
{
	return end();
}

/* Arguments of the raw tracepoints: (module). */
SEC("raw_tp/module_load")
int on_load(struct bpf_raw_tracepoint_args *ctx)
{
	return show((void *)ctx->args[0], LOAD);
}

SEC("raw_tp/module_free")
int on_free(struct bpf_raw_tracepoint_args *ctx)
{
	return show((void *)ctx->args[0], FREE);
}
