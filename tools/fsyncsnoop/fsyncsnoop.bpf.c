// SPDX-License-Identifier: MIT
/* fsyncsnoop: calls that write files to disk, and how long they take. */
#include "tool.bpf.h"

TOOL("fsyncsnoop", "show calls that write files to disk, with durations");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile __u64, min_us, 0, 'm', "only calls of this many microseconds or more");

enum call { FSYNC, FDATASYNC, SYNC_FILE_RANGE, MSYNC, SYNCFS, SYNC };

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	enum call call;
	__s32 fd;
	__s32 ret FORMAT(errno);
	__u64 lat_ns;
	__u64 cgroup_id HIDDEN;
};

struct call_args {
	__u64 start;
	enum call call;
	__s32 fd;
};

EVENTS(struct event);
STATE(call_start, __u32, struct call_args);

static __always_inline int begin(enum call call, __s32 fd)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call_args args = {.start = bpf_ktime_get_ns(), .call = call, .fd = fd};

	if (!IS_OTHER(pid))
		bpf_map_update_elem(&call_start, &tid, &args, BPF_ANY);
	return 0;
}

static __always_inline int end(struct trace_event_raw_sys_exit *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call_args *args = bpf_map_lookup_elem(&call_start, &tid);
	struct event *event;
	__u64 lat_ns;

	if (!args)
		return 0;
	lat_ns = bpf_ktime_get_ns() - args->start;
	event = lat_ns < min_us * 1000 ? NULL : reserve_event();
	if (event) {
		SET_ORIGIN(event);
		event->call = args->call;
		event->fd = args->fd;
		event->ret = ctx->ret;
		event->lat_ns = lat_ns;
		bpf_ringbuf_submit(event, 0);
	}
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}

/* Defines the two programs of a system call; `fd` is an expression on its arguments. */
#define CALL(name, call, fd) CALL_PROGRAMS(name, begin(call, fd))

CALL(fsync, FSYNC, (__s32)ctx->args[0])
CALL(fdatasync, FDATASYNC, (__s32)ctx->args[0])
CALL(sync_file_range, SYNC_FILE_RANGE, (__s32)ctx->args[0])
CALL(syncfs, SYNCFS, (__s32)ctx->args[0])
CALL(msync, MSYNC, -1)
CALL(sync, SYNC, -1)
