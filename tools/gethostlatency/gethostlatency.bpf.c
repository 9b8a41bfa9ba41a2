// SPDX-License-Identifier: MIT
/* gethostlatency: names that the C library looks up, with durations. */
#include "tool.bpf.h"

#define HOST_BYTES 80

TOOL("gethostlatency", "show names of hosts that are looked up, with durations");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile __u64, min_us, 0, 'm', "only longer calls than this, in microseconds");
OPTION(const volatile path_text, libc, "libc.so.6", 'l', "C library: its path, or a name");

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	__u64 lat_ns;
	char host[HOST_BYTES];
	__u64 cgroup_id HIDDEN;
};

struct call {
	__u64 since;
	char host[HOST_BYTES];
};

EVENTS(struct event);
STATE(call_start, __u32, struct call);
FORGET_ENDED(call_start)

static __always_inline int begin(const void *host)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call call = {};

	/* A lookup without a name is one of this machine's addresses. */
	if (IS_OTHER(pid) || !host)
		return 0;
	call.since = bpf_ktime_get_ns();
	bpf_probe_read_user_str(call.host, HOST_BYTES, host);
	bpf_map_update_elem(&call_start, &tid, &call, BPF_ANY);
	return 0;
}

static __always_inline int end(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&call_start, &tid);
	struct event *event;
	__u64 duration;

	if (!call)
		return 0;
	duration = bpf_ktime_get_ns() - call->since;
	event = min_us && duration / 1000 <= min_us ? NULL : reserve_event();
	if (event) {
		SET_ORIGIN(event);
		event->lat_ns = duration;
		__builtin_memcpy(event->host, call->host, HOST_BYTES);
		bpf_ringbuf_submit(event, 0);
	}
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}

#define FUNCTION(name)                                                                             \
	PLACE(enter_##name, "{libc}:" #name);                                                      \
	PLACE(exit_##name, "{libc}:" #name);                                                       \
	SEC("uprobe")                                                                              \
	int BPF_KPROBE(enter_##name, const void *host)                                             \
	{                                                                                          \
		return begin(host);                                                                \
	}                                                                                          \
	SEC("uretprobe")                                                                           \
	int exit_##name(void *ctx)                                                                 \
	{                                                                                          \
		return end();                                                                      \
	}

FUNCTION(getaddrinfo)
FUNCTION(gethostbyname)
FUNCTION(gethostbyname2)
/* musl has one function for them. */
OPTIONAL(enter_gethostbyname, exit_gethostbyname, enter_gethostbyname2, exit_gethostbyname2);
