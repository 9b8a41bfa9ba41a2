/* SPDX-License-Identifier: MIT */
/* Common part of the tools for block devices: requests, their disks, and where they are seen. */
#ifndef BLOCK_BPF_H
#define BLOCK_BPF_H

#include "kernel.bpf.h"

#define DISK_BYTES 32
#define SECTOR_BYTES 512
/* Bits of `cmd_flags` that hold the operation. */
#define OPERATION 0xff

typedef char disk_text[DISK_BYTES];

OPTION(const volatile disk_text, disk, "", 'd', "only disks whose name begins with this");

enum operation {
	READ,
	WRITE,
	FLUSH,
	DISCARD,
	SECURE_ERASE = 5,
	WRITE_ZEROES = 9,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct gendisk {
	int major;
	int first_minor;
	char disk_name[DISK_BYTES];
};

struct request_queue {
	struct gendisk *disk;
};

struct request {
	struct request_queue *q;
	unsigned int cmd_flags;
	unsigned int __data_len;
	__u64 __sector;
};

/* Before Linux 5.17. */
struct request___old {
	struct gendisk *rq_disk;
};

#pragma clang attribute pop

/* Arguments of the raw tracepoints block_rq_issue and block_rq_insert: (queue, request) before
 * Linux 5.11, (request) since. A program that reads more arguments than there are is refused. */
static __always_inline struct request *request_of(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 request;

	/* Kept apart: of one load at either place, the verifier sees a changed context. */
	if (LINUX_KERNEL_VERSION >= KERNEL_VERSION(5, 11, 0)) {
		request = ctx->args[0];
		barrier_var(request);
	} else {
		request = ctx->args[1];
		barrier_var(request);
	}
	return (void *)request;
}

/* Defines the programs of such a tracepoint, which call the function of its name; the second is for
 * older kernels that got the newer arguments. */
#define ON_REQUEST(name)                                                                           \
	SEC("raw_tp/block_rq_" #name)                                                              \
	int on_##name(struct bpf_raw_tracepoint_args *ctx)                                         \
	{                                                                                          \
		return name(request_of(ctx));                                                      \
	}                                                                                          \
	SEC("raw_tp/block_rq_" #name)                                                              \
	int on_##name##_alone(struct bpf_raw_tracepoint_args *ctx)                                 \
	{                                                                                          \
		return name((void *)ctx->args[0]);                                                 \
	}                                                                                          \
	WAYS(name, on_##name, on_##name##_alone)

static __always_inline struct gendisk *disk_of(struct request *request)
{
	struct request___old *old = (void *)request;

	if (bpf_core_field_exists(old->rq_disk))
		return BPF_CORE_READ(old, rq_disk);
	return BPF_CORE_READ(request, q, disk);
}

/* Reads the name of a request's disk; false if another one is wanted. */
static __always_inline bool read_disk(struct request *request, char *name)
{
	BPF_CORE_READ_STR_INTO((disk_text *)name, disk_of(request), disk_name);
	return !disk[0] || !is_other_name(disk, name, DISK_BYTES);
}

static __always_inline enum operation operation_of(struct request *request)
{
	return BPF_CORE_READ(request, cmd_flags) & OPERATION;
}

/* Process that a request is for. */
struct requester {
	__u64 cgroup_id;
	char comm[COMM_BYTES];
	__u32 pid;
	/* 1 for a process outside of the control groups that are shown. */
	__u32 is_elsewhere;
};

/* Requests that are merged into others have no end. */
#define REQUESTS(name, type_value)                                                                 \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_LRU_HASH);                                               \
		__uint(max_entries, 16384);                                                        \
		__type(key, __u64);                                                                \
		__type(value, type_value);                                                         \
	} name SEC(".maps")

/*
 * Defines the map `requesters`, and the programs that fill it where a request is made; at its issue
 * it may be another process that runs. The function has had two names, and since Linux 6.5 there is
 * a tracepoint.
 */
#define REQUESTERS()                                                                               \
	REQUESTS(requesters, struct requester);                                                    \
	static __always_inline void read_current(struct requester *found)                          \
	{                                                                                          \
		found->pid = current_tgid();                                                       \
		found->cgroup_id = current_cgroup();                                               \
		found->is_elsewhere = is_elsewhere();                                              \
		bpf_get_current_comm(found->comm, sizeof(found->comm));                            \
	}                                                                                          \
	static __always_inline int start_request(struct request *request)                          \
	{                                                                                          \
		struct requester found = {};                                                       \
		__u64 key = (__u64)request;                                                        \
                                                                                                   \
		read_current(&found);                                                              \
		bpf_map_update_elem(&requesters, &key, &found, BPF_ANY);                           \
		return 0;                                                                          \
	}                                                                                          \
	SEC("raw_tp/block_io_start")                                                               \
	int on_start(struct bpf_raw_tracepoint_args *ctx)                                          \
	{                                                                                          \
		return start_request((void *)ctx->args[0]);                                        \
	}                                                                                          \
	REQUEST_START(fentry, blk_account_io_start, BPF_PROG)                                      \
	REQUEST_START(kprobe, blk_account_io_start, BPF_KPROBE)                                    \
	REQUEST_START(fentry, __blk_account_io_start, BPF_PROG)                                    \
	REQUEST_START(kprobe, __blk_account_io_start, BPF_KPROBE)                                  \
	WAYS(start, on_start, fentry_blk_account_io_start, kprobe_blk_account_io_start,            \
	     fentry___blk_account_io_start, kprobe___blk_account_io_start);                        \
	OPTIONAL(on_start, fentry_blk_account_io_start, kprobe_blk_account_io_start,               \
		 fentry___blk_account_io_start, kprobe___blk_account_io_start);                    \
	/* Returns true for a request of a process outside of the groups that are shown. */        \
	static __attribute__((unused)) __always_inline bool is_requested_elsewhere(__u64 key)      \
	{                                                                                          \
		struct requester *known = bpf_map_lookup_elem(&requesters, &key);                  \
                                                                                                   \
		return known ? known->is_elsewhere : is_elsewhere();                               \
	}                                                                                          \
	/* Returns the process of a request in `found`, or the current one. */                     \
	static __attribute__((unused)) __always_inline void take_requester(                        \
	    __u64 key, struct requester *found)                                                    \
	{                                                                                          \
		struct requester *known = bpf_map_lookup_elem(&requesters, &key);                  \
                                                                                                   \
		if (known)                                                                         \
			*found = *known;                                                           \
		else                                                                               \
			read_current(found);                                                       \
		bpf_map_delete_elem(&requesters, &key);                                            \
	}                                                                                          \
	_Static_assert(sizeof(struct requester) == 32, "no padding")

/* Returns true if requests of a process are not to be shown. */
static __always_inline bool is_other_requester(__u32 wanted, const struct requester *requester)
{
	return is_other(wanted, requester->pid) || requester->is_elsewhere;
}

#define REQUEST_START(way, function, program)                                                      \
	SEC(#way "/" #function)                                                                    \
	int program(way##_##function, struct request *request)                                     \
	{                                                                                          \
		return start_request(request);                                                     \
	}

#endif
