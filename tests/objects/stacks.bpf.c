// SPDX-License-Identifier: GPL-2.0
/* Stacks: as ids in the key of a map, as ids in a record, and as arrays of addresses. */
#include "common.h"

#ifdef WITH_ARRAYS
#define FRAMES 32
struct event {
	__u32 pid;
	__u32 cpu_id;
	char comm[16];
	__s32 kstack_sz;
	__s32 ustack_sz;
	__u64 kstack[FRAMES];
	__u64 ustack[FRAMES];
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
	__type(value, struct event);
} events SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, 4);
	__uint(max_entries, 1024);
} stackmap SEC(".maps");
#ifdef WITH_KEY_ALONE
#include <records.bpf.h>
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");
STACKS(counts, IDS(stackmap));
#elif defined(WITH_RECORDS)
struct event {
	__u32 pid;
	int user_stack_id;
	char comm[16];
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
	__type(value, struct event);
} events SEC(".maps");
#else
struct key_t {
	__u32 pid;
	int user_stack_id;
	int kern_stack_id;
	char name[16];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key_t);
	__type(value, __u64);
} counts SEC(".maps");
#endif
#endif

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	__u32 pid __attribute__((unused)) = bpf_get_current_pid_tgid() >> 32;

	if (!is_wanted())
		return 0;
#ifdef WITH_ARRAYS
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->pid = pid;
	event->cpu_id = bpf_get_smp_processor_id();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->kstack_sz = bpf_get_stack(ctx, event->kstack, sizeof(event->kstack), 0);
	event->ustack_sz =
	    bpf_get_stack(ctx, event->ustack, sizeof(event->ustack), BPF_F_USER_STACK);
	bpf_ringbuf_submit(event, 0);
#elif defined(WITH_RECORDS)
	struct event event = {.pid = pid};

	bpf_get_current_comm(event.comm, sizeof(event.comm));
	event.user_stack_id = bpf_get_stackid(ctx, &stackmap, BPF_F_USER_STACK);
	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
#else
	__u64 one = 1, *count;
#ifdef WITH_KEY_ALONE
	__u32 key = bpf_get_stackid(ctx, &stackmap, BPF_F_USER_STACK);
#else
	struct key_t key = {.pid = pid};

	bpf_get_current_comm(key.name, sizeof(key.name));
	key.user_stack_id = bpf_get_stackid(ctx, &stackmap, BPF_F_USER_STACK);
	key.kern_stack_id = bpf_get_stackid(ctx, &stackmap, 0);
#endif
	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		*count += 1;
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
#endif
	return 0;
}
