// SPDX-License-Identifier: MIT
/* biopattern: requests that follow the one before, and those elsewhere, by disk. */
#include "block.bpf.h"

TOOL("biopattern", "count random and sequential requests to block devices");

struct key {
	char disk[DISK_BYTES];
};

struct counts {
	__u64 random_percent COMPUTED(100 * random / (random + sequential)) UNIT_OF(percent);
	__u64 sequential_percent COMPUTED(100 * sequential / (random + sequential))
	    UNIT_OF(percent);
	__u64 count COMPUTED(random + sequential);
	__u64 bytes;
	__u64 random HIDDEN;
	__u64 sequential HIDDEN;
};

COUNTS(HASH, patterns, 1024, struct key, struct counts);
TABLE(patterns, INTERVAL(1s), SORT(-count), CLEAR);

/* The sector after the last request of each disk. */
STATE(last_end, struct key, __u64);

SEC("raw_tp/block_rq_complete")
int on_complete(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *request = (void *)ctx->args[0];
	__u64 sector = BPF_CORE_READ(request, __sector), end, *before;
	__u32 bytes = ctx->args[2];
	struct counts *counts;
	struct key key = {};

	/* A flush has no place. */
	if (!bytes || (__s64)sector < 0 || !read_disk(request, key.disk))
		return 0;
	end = sector + bytes / SECTOR_BYTES;
	before = bpf_map_lookup_elem(&last_end, &key);
	counts = before ? patterns_of(&key) : NULL;
	if (counts) {
		ADD(*(*before == sector ? &counts->sequential : &counts->random), 1);
		ADD(counts->bytes, bytes);
	}
	bpf_map_update_elem(&last_end, &key, &end, BPF_ANY);
	return 0;
}
