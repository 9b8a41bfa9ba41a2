// SPDX-License-Identifier: MIT
/* mountsnoop: calls of mount(2), umount2(2), and of those that mount step by step. */
#include "kernel.bpf.h"

#define PATH_BYTES 256
#define DATA_BYTES 256
#define TYPE_BYTES 32

TOOL("mountsnoop", "show mounts and unmounts");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, detailed, false, 'd', "the mount namespace and the data as well");

enum call {
	MOUNT,
	UMOUNT,
	FSOPEN,
	FSCONFIG,
	FSMOUNT,
	FSPICK,
	OPEN_TREE,
	MOVE_MOUNT,
	MOUNT_SETATTR,
};

/* Commands of fsconfig(2) whose value is a text. */
enum { FSCONFIG_SET_STRING = 1, FSCONFIG_SET_PATH = 3, FSCONFIG_SET_PATH_EMPTY = 4 };

struct event {
	char comm[COMM_BYTES];
	__u32 pid;
	__u32 tid;
	__u32 mnt_ns FORMAT(dec) SHOWN_IF(detailed);
	enum call call;
	__s32 ret FORMAT(errno);
	__u64 flags;
	__u64 lat_ns;
	char type[TYPE_BYTES];
	char source[PATH_BYTES];
	char target[PATH_BYTES];
	char data[DATA_BYTES] SHOWN_IF(detailed);
};

struct call_args {
	__u64 start;
	__u64 source;
	__u64 target;
	__u64 type;
	__u64 flags;
	__u64 data;
	enum call call;
};

EVENTS(struct event);
STATE(call_start, __u32, struct call_args);

static __always_inline int begin(struct call_args *args)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (IS_OTHER(pid))
		return 0;
	args->start = bpf_ktime_get_ns();
	bpf_map_update_elem(&call_start, &tid, args, BPF_ANY);
	return 0;
}

/* Returns an argument's text, or "" for a null pointer. */
static __always_inline void copy(char *to, __u32 size, __u64 from)
{
	if (!from || bpf_probe_read_user_str(to, size, (void *)from) < 0)
		to[0] = 0;
}

static __always_inline __u32 mount_namespace(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

static __always_inline int end(struct trace_event_raw_sys_exit *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call_args *args = bpf_map_lookup_elem(&call_start, &tid);
	struct event *event;

	if (!args)
		return 0;
	event = reserve_event();
	if (event) {
		bpf_get_current_comm(event->comm, sizeof(event->comm));
		event->pid = current_tgid();
		event->tid = tid;
		event->call = args->call;
		event->ret = ctx->ret;
		event->flags = args->flags;
		event->lat_ns = bpf_ktime_get_ns() - args->start;
		copy(event->type, sizeof(event->type), args->type);
		copy(event->source, sizeof(event->source), args->source);
		copy(event->target, sizeof(event->target), args->target);
		event->mnt_ns = detailed ? mount_namespace() : 0;
		copy(event->data, sizeof(event->data), detailed ? args->data : 0);
		bpf_ringbuf_submit(event, 0);
	}
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}

/* Returns the address of the value that fsconfig(2) sets, if it is a text. */
static __always_inline __u64 text_value(struct trace_event_raw_sys_enter *ctx)
{
	__u32 command = ctx->args[1];

	return command == FSCONFIG_SET_STRING || command == FSCONFIG_SET_PATH ||
		       command == FSCONFIG_SET_PATH_EMPTY
		   ? ctx->args[3]
		   : 0;
}

/* Defines the programs of a system call; the others are members of struct call_args. */
#define CALL(name, number, ...)                                                                    \
	SEC("tp/syscalls/sys_enter_" #name)                                                        \
	int enter_##name(struct trace_event_raw_sys_enter *ctx)                                    \
	{                                                                                          \
		struct call_args args = {.call = number, __VA_ARGS__};                             \
                                                                                                   \
		return begin(&args);                                                               \
	}                                                                                          \
	SEC("tp/syscalls/sys_exit_" #name)                                                         \
	int exit_##name(struct trace_event_raw_sys_exit *ctx)                                      \
	{                                                                                          \
		return end(ctx);                                                                   \
	}

#define ARGUMENT(number) ctx->args[number]

CALL(mount, MOUNT, .source = ARGUMENT(0), .target = ARGUMENT(1), .type = ARGUMENT(2),
     .flags = ARGUMENT(3), .data = ARGUMENT(4))
CALL(umount, UMOUNT, .target = ARGUMENT(0), .flags = ARGUMENT(1))
CALL(fsopen, FSOPEN, .type = ARGUMENT(0), .flags = ARGUMENT(1))
CALL(fsconfig, FSCONFIG, .flags = ARGUMENT(1), .type = ARGUMENT(2), .source = text_value(ctx))
CALL(fsmount, FSMOUNT, .flags = ARGUMENT(1))
CALL(fspick, FSPICK, .target = ARGUMENT(1), .flags = ARGUMENT(2))
CALL(open_tree, OPEN_TREE, .source = ARGUMENT(1), .flags = ARGUMENT(2))
CALL(move_mount, MOVE_MOUNT, .source = ARGUMENT(1), .target = ARGUMENT(3), .flags = ARGUMENT(4))
CALL(mount_setattr, MOUNT_SETATTR, .target = ARGUMENT(1), .flags = ARGUMENT(2))

/* Since Linux 5.12. */
OPTIONAL(enter_mount_setattr, exit_mount_setattr);
