// SPDX-License-Identifier: MIT
/* capable: checks of capabilities, with their results. */
#include "tool.bpf.h"

TOOL("capable", "show checks of capabilities");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, failed, false, 'x', "only refused checks");
/* Checks that the kernel asks not to be logged are usual, and no sign of a need. */
OPTION(const volatile bool, all, false, 'a', "checks that are not audited as well");

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

/* Bit of `opts` of cap_capable(). */
#define CAP_OPT_NOAUDIT 2

struct event {
	__u32 uid;
	__u32 pid;
	char comm[COMM_BYTES];
	enum capability cap;
	bool audit;
	__s32 ret FORMAT(errno);
	__u64 cgroup_id HIDDEN;
};

struct check {
	__s32 cap;
	__u32 opts;
};

EVENTS(struct event);
STATE(check_start, __u64, struct check);

static __always_inline int begin(__s32 cap, __u32 opts)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct check check = {.cap = cap, .opts = opts};

	if (!IS_OTHER(pid) && (all || !(opts & CAP_OPT_NOAUDIT)))
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
	event = failed && !ret ? NULL : reserve_event();
	if (event) {
		__builtin_memset(event, 0, sizeof(*event));
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
	return begin(cap, opts);
}

SEC("kprobe/cap_capable")
int BPF_KPROBE(kprobe_capable, const void *cred, void *ns, int cap, unsigned int opts)
{
	return begin(cap, opts);
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
