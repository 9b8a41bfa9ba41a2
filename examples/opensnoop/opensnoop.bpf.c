/* SPDX-License-Identifier: MIT */
/* Sends an event for every open(2), openat(2) and openat2(2), when its result is known. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "opensnoop.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Records of the system calls' tracepoints: a stable interface, so they need no CO-RE. */
struct syscall_enter {
	unsigned long long common;
	long nr;
	unsigned long args[6];
};

struct syscall_exit {
	unsigned long long common;
	long nr;
	long result;
};

const volatile struct config config = {.uid = ANY_UID};

/* Events lost because the ring buffer was full. */
unsigned long long lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024); /* room for a burst */
} events SEC(".maps");

/* Call in progress: the address of its path, which may not be in memory yet, and its flags. */
struct call {
	const char *path;
	long flags;
};

/* By thread. Calls that never end (the thread is killed) make room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, unsigned int);
	__type(value, struct call);
} begun SEC(".maps");

static bool name_is_wanted(void)
{
	char comm[COMM_LEN];

	if (!config.name_length)
		return true;
	bpf_get_current_comm(comm, sizeof(comm));
	for (int i = 0; i < COMM_LEN; i++)
		if (i < config.name_length && comm[i] != config.name[i])
			return false;
	return true;
}

static bool is_wanted(void)
{
	unsigned long long id = bpf_get_current_pid_tgid();

	if (config.pid && id >> 32 != config.pid)
		return false;
	if (config.self && id >> 32 == config.self)
		return false;
	if (config.thread && (unsigned int)id != config.thread)
		return false;
	if (config.uid != ANY_UID && (unsigned int)bpf_get_current_uid_gid() != config.uid)
		return false;
	return name_is_wanted();
}

/* Separate functions, since three system calls share them. */
static __noinline int enter(unsigned long path, unsigned long flags)
{
	unsigned int thread = bpf_get_current_pid_tgid();
	struct call call = {.path = (const char *)path, .flags = flags};

	if (is_wanted())
		bpf_map_update_elem(&begun, &thread, &call, BPF_ANY);
	return 0;
}

static __noinline int leave(struct syscall_exit *ctx)
{
	unsigned int thread = bpf_get_current_pid_tgid();
	const struct call *call = bpf_map_lookup_elem(&begun, &thread);
	struct event *e;

	if (!call)
		return 0;
	if (ctx->result >= 0 && config.only_failed)
		goto out;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		goto out;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = bpf_get_current_uid_gid();
	e->result = ctx->result;
	e->flags = call->flags;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	if (bpf_probe_read_user_str(e->path, sizeof(e->path), call->path) < 0)
		e->path[0] = '\0';
	bpf_ringbuf_submit(e, 0);
out:
	bpf_map_delete_elem(&begun, &thread);
	return 0;
}

/* Architectures newer than x86 have no open(2). */
#ifdef __TARGET_ARCH_x86
SEC("tp/syscalls/sys_enter_open")
int enter_open(struct syscall_enter *ctx)
{
	return enter(ctx->args[0], ctx->args[1]);
}

SEC("tp/syscalls/sys_exit_open")
int exit_open(struct syscall_exit *ctx)
{
	return leave(ctx);
}
#endif

SEC("tp/syscalls/sys_enter_openat")
int enter_openat(struct syscall_enter *ctx)
{
	return enter(ctx->args[1], ctx->args[2]);
}

SEC("tp/syscalls/sys_exit_openat")
int exit_openat(struct syscall_exit *ctx)
{
	return leave(ctx);
}

SEC("tp/syscalls/sys_enter_openat2")
int enter_openat2(struct syscall_enter *ctx)
{
	unsigned long long flags = 0;

	/* The first field of struct open_how. */
	bpf_probe_read_user(&flags, sizeof(flags), (const void *)ctx->args[2]);
	return enter(ctx->args[1], flags);
}

SEC("tp/syscalls/sys_exit_openat2")
int exit_openat2(struct syscall_exit *ctx)
{
	return leave(ctx);
}
