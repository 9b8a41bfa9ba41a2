// SPDX-License-Identifier: MIT
/* statsnoop: calls that ask for facts about a file or file system by path. */
#include "tool.bpf.h"

#define PATH_BYTES 256

TOOL("statsnoop", "show files whose facts are read, with results");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");
OPTION(const volatile bool, failed, false, 'x', "only calls that fail");

enum call { STAT, LSTAT, FSTATAT, STATX, STATFS };

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	enum call call;
	__s32 ret FORMAT(errno);
	char path[PATH_BYTES];
	__u64 cgroup_id HIDDEN;
};

struct call_args {
	enum call call;
	const char *path;
};

EVENTS(struct event);
STATE(call_start, __u32, struct call_args);

static __always_inline int begin(enum call call, const void *path)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call_args args = {};

	if (IS_OTHER(pid) || is_other_comm(name))
		return 0;
	args.call = call;
	args.path = path;
	bpf_map_update_elem(&call_start, &tid, &args, BPF_ANY);
	return 0;
}

static __always_inline int end(struct trace_event_raw_sys_exit *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call_args *args = bpf_map_lookup_elem(&call_start, &tid);
	struct event *event;

	if (!args)
		return 0;
	event = failed && !ctx->ret ? NULL : reserve_event();
	if (event) {
		SET_ORIGIN(event);
		event->call = args->call;
		event->ret = ctx->ret;
		/* At the end, when the page with the path has been read. */
		if (bpf_probe_read_user_str(event->path, PATH_BYTES, args->path) < 0)
			event->path[0] = '\0';
		/* With an empty path, a call that succeeds is for an open file. */
		if (event->path[0] || ctx->ret)
			bpf_ringbuf_submit(event, 0);
		else
			bpf_ringbuf_discard(event, 0);
	}
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}

#define CALL(name, call, argument)                                                                 \
	CALL_PROGRAMS(name, begin(call, (const void *)ctx->args[argument]))

/* arm64 has none of the first two. */
#if defined(__TARGET_ARCH_x86)
CALL(newstat, STAT, 0)
CALL(newlstat, LSTAT, 0)
#endif
CALL(newfstatat, FSTATAT, 1)
CALL(statx, STATX, 1)
CALL(statfs, STATFS, 0)
