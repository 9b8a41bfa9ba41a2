// SPDX-License-Identifier: MIT
/* bitesize: sizes of requests to block devices by process, as histograms. */
#include "block.bpf.h"

TOOL("bitesize", "show sizes of requests to block devices, by process");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");
/* Letter and name of other tools. */
OPTION(const volatile comm_text, comm, "", 'c', "the same as --name");

struct key {
	char comm[COMM_BYTES];
};

struct histogram {
	__u32 slots[SLOTS_LOG2];
};

REQUESTERS();
COUNTS(HASH, sizes, 10240, struct key, struct histogram);
HISTOGRAM(sizes, UNIT(Kbytes));

static __always_inline int issue(struct request *request)
{
	__u32 bytes = BPF_CORE_READ(request, __data_len);
	char disk_name[DISK_BYTES] = {};
	struct requester requester = {};
	struct histogram *histogram;
	struct key key = {};

	take_requester((__u64)request, &requester);
	if (is_other_requester(pid, &requester) ||
	    is_other_name(name, requester.comm, COMM_BYTES) ||
	    is_other_name(comm, requester.comm, COMM_BYTES) || !read_disk(request, disk_name))
		return 0;
	__builtin_memcpy(key.comm, requester.comm, COMM_BYTES);
	histogram = sizes_of(&key);
	if (histogram)
		ADD(histogram->slots[log2_slot(bytes / 1024) & (SLOTS_LOG2 - 1)], 1);
	return 0;
}

ON_REQUEST(issue);
