// SPDX-License-Identifier: MIT
/* capable: checks of capabilities, with their results. */
#define NO_STACK_OPTIONS
/* Checks are in few places: some hundred stacks. */
#define STACK_COUNT 2048
#include "stacks.bpf.h"

TOOL("capable", "show checks of capabilities");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, failed, false, 0, "only refused checks");
OPTION(const volatile bool, kernel_stack, false, 'K', "stacks of the kernel as well");
OPTION(const volatile bool, user_stack, false, 'U', "stacks of the process as well");
OPTION(const volatile bool, extra_fields, false, 'x', "the thread, and whether IDs are to be set");
/* Checks that the kernel asks not to be logged are usual, and no sign of a need. */
OPTION(const volatile bool, all, false, 'a', "checks that are not audited as well");

enum unique { OFF, PID, CGROUP };

OPTION(const volatile enum unique, unique, OFF, 'u', "a capability once for each PID or CGROUP");

enum capability {
	CAP_CHOWN,
	CAP_DAC_OVERRIDE,
	CAP_DAC_READ_SEARCH,
	CAP_FOWNER,
	CAP_FSETID,
	CAP_KILL,
	CAP_SETGID,
	CAP_SETUID,
	CAP_SETPCAP,
	CAP_LINUX_IMMUTABLE,
	CAP_NET_BIND_SERVICE,
	CAP_NET_BROADCAST,
	CAP_NET_ADMIN,
	CAP_NET_RAW,
	CAP_IPC_LOCK,
	CAP_IPC_OWNER,
	CAP_SYS_MODULE,
	CAP_SYS_RAWIO,
	CAP_SYS_CHROOT,
	CAP_SYS_PTRACE,
	CAP_SYS_PACCT,
	CAP_SYS_ADMIN,
	CAP_SYS_BOOT,
	CAP_SYS_NICE,
	CAP_SYS_RESOURCE,
	CAP_SYS_TIME,
	CAP_SYS_TTY_CONFIG,
	CAP_MKNOD,
	CAP_LEASE,
	CAP_AUDIT_WRITE,
	CAP_AUDIT_CONTROL,
	CAP_SETFCAP,
	CAP_MAC_OVERRIDE,
	CAP_MAC_ADMIN,
	CAP_SYSLOG,
	CAP_WAKE_ALARM,
	CAP_BLOCK_SUSPEND,
	CAP_AUDIT_READ,
	CAP_PERFMON,
	CAP_BPF,
	CAP_CHECKPOINT_RESTORE,
};

/* Bits of `opts` of cap_capable(). */
#define CAP_OPT_NOAUDIT 2
#define CAP_OPT_INSETID 4

struct event {
	__u32 uid;
	__u32 pid;
	__u32 tid SHOWN_IF(extra_fields);
	char comm[COMM_BYTES];
	enum capability cap;
	bool audit;
	bool insetid SHOWN_IF(extra_fields);
	__s32 ret FORMAT(errno);
	__s32 kernel_stack_id SHOWN_IF(kernel_stack);
	__s32 user_stack_id SHOWN_IF(user_stack);
	__u64 cgroup_id HIDDEN;
};

struct check {
	__s32 cap;
	__u32 opts;
	__s32 kernel_stack_id;
	__s32 user_stack_id;
};

/* Checks that -u has seen; many processes make room for others, and may be shown again. */
struct seen {
	__s32 cap;
	__u32 pid;
	__u64 cgroup;
};

EVENTS(struct event);
STATE(check_start, __u64, struct check);

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, struct seen);
	__type(value, __u8);
} shown SEC(".maps");

static __always_inline bool is_shown_before(__s32 cap)
{
	struct seen seen = {.cap = cap};
	__u8 yes = 1;

	if (!unique)
		return false;
	if (unique == PID)
		seen.pid = current_tgid();
	else
		seen.cgroup = bpf_get_current_cgroup_id();
	if (bpf_map_lookup_elem(&shown, &seen))
		return true;
	bpf_map_update_elem(&shown, &seen, &yes, BPF_ANY);
	return false;
}

/* Stacks are taken here: at its end, the function is no longer on that of the kernel. */
static __always_inline int begin(void *ctx, __s32 cap, __u32 opts, __u64 own_frames)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct check check = {.cap = cap, .opts = opts};

	if (IS_OTHER(pid) || (!all && (opts & CAP_OPT_NOAUDIT)))
		return 0;
	check.kernel_stack_id = kernel_stack ? bpf_get_stackid(ctx, &stacks, own_frames) : NO_STACK;
	check.user_stack_id =
	    user_stack ? bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK) : NO_STACK;
	bpf_map_update_elem(&check_start, &id, &check, BPF_ANY);
	return 0;
}

static __always_inline int end(int ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct check *check = bpf_map_lookup_elem(&check_start, &id);
	struct event *event;

	if (!check)
		return 0;
	event = (failed && !ret) || is_shown_before(check->cap) ? NULL : reserve_event();
	if (event) {
		__builtin_memset(event, 0, sizeof(*event));
		event->tid = (__u32)id;
		event->insetid = check->opts & CAP_OPT_INSETID;
		event->kernel_stack_id = check->kernel_stack_id;
		event->user_stack_id = check->user_stack_id;
		event->uid = (__u32)bpf_get_current_uid_gid();
		SET_ORIGIN(event);
		event->cap = check->cap;
		event->audit = !(check->opts & CAP_OPT_NOAUDIT);
		event->ret = ret;
		bpf_ringbuf_submit(event, 0);
	}
	bpf_map_delete_elem(&check_start, &id);
	return 0;
}

/* Each twice: the second is for kernels without trampolines. */
SEC("fentry/cap_capable")
int BPF_PROG(fentry_capable, const void *cred, void *ns, int cap, unsigned int opts)
{
	return begin(ctx, cap, opts, TRAMPOLINE_FRAMES);
}

SEC("kprobe/cap_capable")
int BPF_KPROBE(kprobe_capable, const void *cred, void *ns, int cap, unsigned int opts)
{
	return begin(ctx, cap, opts, 0);
}

SEC("fexit/cap_capable")
int BPF_PROG(fexit_capable, const void *cred, void *ns, int cap, unsigned int opts, int ret)
{
	return end(ret);
}

SEC("kretprobe/cap_capable")
int BPF_KRETPROBE(kretprobe_capable, int ret)
{
	return end(ret);
}
