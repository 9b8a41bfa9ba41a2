// SPDX-License-Identifier: MIT
/* biotop: requests to block devices by process. */
#include "block.bpf.h"

TOOL("biotop", "count requests to block devices, by process");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
	enum operation op;
	char disk[DISK_BYTES];
};

struct counts {
	__u64 count;
	__u64 bytes;
	__u64 average_ns COMPUTED(total_ns / count);
	__u64 total_ns HIDDEN;
};

struct inflight {
	struct requester requester;
	__u32 bytes;
	__u64 issued;
};

REQUESTERS();
REQUESTS(inflight, struct inflight);
COUNTS(HASH, requests, 10240, struct key, struct counts);
TABLE(requests, INTERVAL(1s), SORT(-bytes), LIMIT(20), CLEAR);

static __always_inline int issue(struct request *request)
{
	__u64 key = (__u64)request;
	struct inflight one = {};

	take_requester(key, &one.requester);
	one.bytes = BPF_CORE_READ(request, __data_len);
	one.issued = bpf_ktime_get_ns();
	if (!is_other_requester(pid, &one.requester))
		bpf_map_update_elem(&inflight, &key, &one, BPF_ANY);
	return 0;
}

ON_REQUEST(issue);

SEC("raw_tp/block_rq_complete")
int on_complete(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *request = (void *)ctx->args[0];
	__u64 address = (__u64)request, now = bpf_ktime_get_ns();
	struct inflight *one = bpf_map_lookup_elem(&inflight, &address);
	struct counts *counts;
	struct key key = {};

	if (!one)
		return 0;
	key.pid = one->requester.pid;
	__builtin_memcpy(key.comm, one->requester.comm, COMM_BYTES);
	key.op = operation_of(request);
	counts = read_disk(request, key.disk) ? requests_of(&key) : NULL;
	if (counts) {
		ADD(counts->count, 1);
		ADD(counts->bytes, one->bytes);
		ADD(counts->total_ns, now - one->issued);
	}
	bpf_map_delete_elem(&inflight, &address);
	return 0;
}
