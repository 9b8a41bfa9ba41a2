// SPDX-License-Identifier: GPL-2.0
/* Programs that need a target from the command line. */
#include "common.h"

#ifdef WITH_INTERFACE
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");
static __always_inline int seen(void)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&packets, &zero);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
SEC("xdp") int on_xdp(struct xdp_md *ctx)
{
	seen();
	return XDP_PASS;
}
SEC("classifier/egress/name") int on_egress(struct __sk_buff *skb)
{
	return seen();
}
SEC("socket1") int on_socket(struct __sk_buff *skb)
{
	return seen();
}
#else
struct event {
	int number;
	__u32 more;
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct event);
} events SEC(".maps");
static __always_inline int emit(int number)
{
	struct event event = {number, 0};

	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
	return 0;
}
#ifdef WITH_CLOCK
SEC("perf_event/clock") int on_clock(void *ctx)
{
	return emit(1);
}
#else
SEC("uprobe") int on_call(void *ctx)
{
	return emit(2);
}
SEC("kprobe/dummy_function") int on_dummy(void *ctx)
{
	return emit(3);
}
#endif
#endif
