// SPDX-License-Identifier: GPL-2.0
/* Types of Inspektor Gadget's headers: what tables show of them, and what JSON has. */
#include "common.h"

typedef __u64 gadget_mntns_id;
typedef __u32 gadget_netns_id, gadget_signal, gadget_errno, gadget_uid, gadget_gid;
typedef __u64 gadget_syscall, gadget_bytes, gadget_duration, gadget_timestamp;
typedef __u32 gadget_file_mode, gadget_file_flags, gadget_pid, gadget_ppid, gadget_tid;
typedef char gadget_comm, gadget_pcomm;
typedef __u32 gadget_histogram_slot__u32;
union gadget_ip_addr_t {
	__u8 v6[16];
	__u32 v4;
};
struct gadget_l3endpoint_t {
	union gadget_ip_addr_t addr_raw;
	__u8 version;
};
struct gadget_l4endpoint_t {
	union gadget_ip_addr_t addr_raw;
	__u16 port;
	__u16 proto_raw;
	__u8 version;
};
struct gadget_user_stack {
	__u64 exe_inode;
	__u64 mtime_sec;
	__u32 mtime_nsec;
	__u32 stack_id;
	__u32 tgid_level0;
	__u32 pid_level0;
};
struct gadget_creds {
	gadget_uid uid;
	gadget_gid gid;
};
struct gadget_parent {
	gadget_pcomm comm[16];
	gadget_ppid pid;
};
struct gadget_process {
	gadget_comm comm[16];
	gadget_pid pid;
	gadget_tid tid;
	gadget_mntns_id mntns_id;
	struct gadget_creds creds;
	struct gadget_parent parent;
};
enum kind {
	KIND_READ = 1,
	KIND_WRITE,
};
enum bits_set {
	BIT_A = 1,
	BIT_B = 2,
	BIT_C = 4,
};
#ifdef WITH_SLOTS
struct key {
	__u32 device;
};
struct value {
	gadget_histogram_slot__u32 latency[20];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct key);
	__type(value, struct value);
} blocks SEC(".maps");
static struct value empty_value;
const void *gadget_mapiter_blockio___blocks __attribute__((unused));
#else
struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_errno error_raw;
	gadget_file_flags flags_raw;
	gadget_file_mode mode_raw;
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	struct gadget_l3endpoint_t gateway;
	gadget_signal sig_raw;
	gadget_syscall syscall_raw;
	gadget_bytes size_raw;
	gadget_duration took_raw;
	enum kind kind_raw;
	enum bits_set bits_raw;
	gadget_netns_id netns_id;
	struct gadget_user_stack ustack_raw;
	__u32 __internal;
};
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, 4);
	__uint(value_size, 1016);
	__uint(max_entries, 16);
} ig_ustack SEC(".maps");
RING(events);
const void *gadget_tracer_calls___events___event __attribute__((unused));
const struct event *__gadget_tracer_type_calls __attribute__((unused));
#endif

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	if (!is_wanted())
		return 0;
#ifdef WITH_SLOTS
	struct key key = {.device = 8};
	struct value *value;

	bpf_map_update_elem(&blocks, &key, &empty_value, BPF_NOEXIST);
	value = bpf_map_lookup_elem(&blocks, &key);
	if (value)
		value->latency[2]++;
#else
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	__builtin_memcpy(event->proc.comm, "reader", 7);
	event->proc.pid = 41;
	event->proc.tid = 42;
	__builtin_memcpy(event->proc.parent.comm, "shell", 6);
	event->proc.parent.pid = 40;
	event->error_raw = 2;
	event->flags_raw = 01101;
	event->mode_raw = 0100644;
	event->src.addr_raw.v4 = 0x0100007f;
	event->src.port = 80;
	event->src.proto_raw = 6;
	event->src.version = 4;
	event->dst.addr_raw.v6[15] = 1;
	event->dst.port = 443;
	event->dst.proto_raw = 17;
	event->dst.version = 6;
	event->gateway.addr_raw.v4 = 0x0200000a;
	event->gateway.version = 4;
	event->sig_raw = 9;
	event->syscall_raw = 39;
	event->size_raw = 83000000;
	event->took_raw = 1500;
	event->kind_raw = KIND_WRITE;
	event->bits_raw = BIT_A | BIT_C;
	/* Without a stack; the call makes the object one that takes stacks. */
	if (targ_pid < 0)
		event->ustack_raw.stack_id = bpf_get_stackid(ctx, &ig_ustack, BPF_F_USER_STACK);
	bpf_ringbuf_submit(event, 0);
#endif
	return 0;
}
