// SPDX-License-Identifier: MIT
/* biolatency: durations of requests to block devices, as a histogram. */
#include "block.bpf.h"

TOOL("biolatency", "show durations of requests to block devices, as a histogram");
OPTION(const volatile bool, milliseconds, false, 'm', "count in milliseconds");
OPTION(const volatile bool, queued, false, 'Q', "with the time in the queue");
OPTION(const volatile bool, disks, false, 'D', "a histogram of each disk");
OPTION(const volatile bool, operations, false, 'F', "a histogram of each kind of operation");

struct all {
	__u32 all HIDDEN;
};

struct disk_part {
	disk_text disk;
};

struct operation_part {
	enum operation op;
};

struct part {
	char disk[DISK_BYTES];
	enum operation op;
};

struct histogram {
	__u32 slots[SLOTS_LOG2];
};

REQUESTS(started, __u64);
/* Only for --cgroup and --container: all requests are shown otherwise. */
REQUESTERS();
ONLY_IF(has_cgroup_filter, on_start, fentry_blk_account_io_start, kprobe_blk_account_io_start,
	fentry___blk_account_io_start, kprobe___blk_account_io_start);
COUNTS(HASH, latency, 1, struct all, struct histogram);
HISTOGRAM(latency, UNIT(milliseconds ? msecs : usecs), IF(!disks && !operations));
COUNTS(HASH, latency_by_disk, 1024, struct disk_part, struct histogram);
COUNTS(HASH, latency_by_operation, 16, struct operation_part, struct histogram);
COUNTS(HASH, latency_by_both, 1024, struct part, struct histogram);
HISTOGRAM(latency_by_disk, UNIT(milliseconds ? msecs : usecs), IF(disks && !operations));
HISTOGRAM(latency_by_operation, UNIT(milliseconds ? msecs : usecs), IF(!disks && operations));
HISTOGRAM(latency_by_both, UNIT(milliseconds ? msecs : usecs), IF(disks &&operations));

static __always_inline int start(struct request *request)
{
	__u64 key = (__u64)request, now = bpf_ktime_get_ns();

	if (has_cgroup_filter && is_requested_elsewhere(key))
		return 0;
	bpf_map_update_elem(&started, &key, &now, BPF_ANY);
	return 0;
}

static __always_inline int insert(struct request *request)
{
	return queued ? start(request) : 0;
}

ON_REQUEST(insert);

static __always_inline int issue(struct request *request)
{
	__u64 key = (__u64)request;

	/* A request that was never in a queue starts here. */
	if (queued && bpf_map_lookup_elem(&started, &key))
		return 0;
	return start(request);
}

ON_REQUEST(issue);

static __always_inline struct histogram *histogram_of(struct request *request)
{
	struct operation_part operation = {};
	struct disk_part part_disk = {};
	struct part part = {};
	struct all all = {};

	if (!read_disk(request, part.disk))
		return NULL;
	part.op = operation.op = operation_of(request);
	__builtin_memcpy(part_disk.disk, part.disk, DISK_BYTES);
	if (disks && operations)
		return latency_by_both_of(&part);
	if (disks)
		return latency_by_disk_of(&part_disk);
	return operations ? latency_by_operation_of(&operation) : latency_of(&all);
}

SEC("raw_tp/block_rq_complete")
int on_complete(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *request = (void *)ctx->args[0];
	__u64 key = (__u64)request, now = bpf_ktime_get_ns();
	__u64 *since = bpf_map_lookup_elem(&started, &key);
	struct histogram *histogram;

	if (has_cgroup_filter)
		bpf_map_delete_elem(&requesters, &key);
	if (!since)
		return 0;
	histogram = histogram_of(request);
	if (histogram && now >= *since)
		ADD(histogram->slots[log2_slot((now - *since) / (milliseconds ? 1000000 : 1000)) &
				     (SLOTS_LOG2 - 1)],
		    1);
	bpf_map_delete_elem(&started, &key);
	return 0;
}
