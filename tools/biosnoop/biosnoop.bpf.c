// SPDX-License-Identifier: MIT
/* biosnoop: requests to block devices, with the time that they take. */
#include "block.bpf.h"

TOOL("biosnoop", "show requests to block devices, with durations");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");
/* Users of other tools type it. */
OPTION(const volatile bool, queued, false, 'Q', "time in the queue, which is shown anyway");
OPTION(const volatile __u64, min_us, 0, 'm', "only longer requests than this, in microseconds");

struct event {
	char comm[COMM_BYTES];
	__u32 pid;
	char disk[DISK_BYTES];
	enum operation op;
	__u64 sector;
	__u64 bytes;
	/* From insertion to issue, where there is a queue. */
	__u64 queued_ns;
	__u64 lat_ns;
	__u64 cgroup_id HIDDEN;
};

struct inflight {
	struct requester requester;
	__u32 bytes;
	__u64 sector;
	__u64 issued;
};

EVENTS(struct event);
REQUESTERS();
REQUESTS(inserted, __u64);
REQUESTS(inflight, struct inflight);

static __always_inline int insert(struct request *request)
{
	__u64 key = (__u64)request, now = bpf_ktime_get_ns();

	bpf_map_update_elem(&inserted, &key, &now, BPF_ANY);
	return 0;
}

ON_REQUEST(insert);

static __always_inline int issue(struct request *request)
{
	__u64 key = (__u64)request;
	struct inflight one = {};

	take_requester(key, &one.requester);
	/* Both change until the end. */
	one.bytes = BPF_CORE_READ(request, __data_len);
	one.sector = BPF_CORE_READ(request, __sector);
	one.issued = bpf_ktime_get_ns();
	if (!is_other_requester(pid, &one.requester) &&
	    !is_other_name(name, one.requester.comm, COMM_BYTES))
		bpf_map_update_elem(&inflight, &key, &one, BPF_ANY);
	return 0;
}

ON_REQUEST(issue);

SEC("raw_tp/block_rq_complete")
int on_complete(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *request = (void *)ctx->args[0];
	__u64 key = (__u64)request, now = bpf_ktime_get_ns();
	struct inflight *one = bpf_map_lookup_elem(&inflight, &key);
	__u64 *since = bpf_map_lookup_elem(&inserted, &key);
	char disk_name[DISK_BYTES] = {};
	struct event *event;

	if (one && (!min_us || (now - one->issued) / 1000 > min_us) &&
	    read_disk(request, disk_name)) {
		event = reserve_event();
		if (event) {
			event->pid = one->requester.pid;
			event->cgroup_id = one->requester.cgroup_id;
			__builtin_memcpy(event->comm, one->requester.comm, COMM_BYTES);
			__builtin_memcpy(event->disk, disk_name, DISK_BYTES);
			event->op = operation_of(request);
			/* A flush has no place. */
			event->sector = (__s64)one->sector < 0 ? 0 : one->sector;
			event->bytes = one->bytes;
			event->queued_ns = since && one->issued > *since ? one->issued - *since : 0;
			event->lat_ns = now - one->issued;
			bpf_ringbuf_submit(event, 0);
		}
	}
	bpf_map_delete_elem(&inflight, &key);
	bpf_map_delete_elem(&inserted, &key);
	return 0;
}
