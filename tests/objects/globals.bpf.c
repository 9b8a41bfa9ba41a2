// SPDX-License-Identifier: GPL-2.0
/* Results in global variables, as bcc's softirqs and cachestat have them. */
#include "common.h"

struct hist {
	__u64 total;
	__u32 slots[20];
};
__u64 hits;
__s32 misses;
char last_comm[16];
__u64 counts[8];
struct hist latency;
struct hist by_kind[4];
/* Neither of these is a result. */
static struct hist zero;
struct hist *unused_hist;

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	if (!is_wanted())
		return 0;
	hits += 3;
	misses = -2;
	counts[2] += 5;
	latency = zero;
	latency.total += 1;
	latency.slots[4] += 1;
	by_kind[1].total += 2;
	by_kind[1].slots[3] += 2;
	bpf_get_current_comm(last_comm, sizeof(last_comm));
	return 0;
}
