// SPDX-License-Identifier: MIT
/* lsmguard: uses of rights over the whole machine, which it can refuse. */
#include "kernel.bpf.h"

#define TARGET_BYTES 64
#define EPERM 1

TOOL("lsmguard", "show uses of rights over the whole machine, or refuse them");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");

enum action { ALL, PTRACE, MODULE, MOUNT, BPF };

OPTION(const volatile enum action, action, ALL, 'a', "only PTRACE, MODULE, MOUNT or BPF");
OPTION(const volatile bool, deny, false, 'd', "refuse what is shown");

enum verdict { ALLOWED, REFUSED };

struct event {
	__u32 uid;
	__u32 pid;
	char comm[COMM_BYTES];
	enum action action;
	enum verdict verdict;
	char target[TARGET_BYTES];
	__u64 cgroup_id HIDDEN;
};

EVENTS(struct event);

/* Refuses or allows an action; `before` is the result of the programs that ran before. */
static __always_inline int judge(enum action what, const char *target, int before)
{
	struct event *event;

	/* A refusal of another program remains. */
	if (before || (action != ALL && action != what) || IS_OTHER(pid) || is_other_comm(name))
		return before;
	event = reserve_event();
	if (event) {
		__builtin_memset(event, 0, sizeof(*event));
		event->uid = bpf_get_current_uid_gid();
		SET_ORIGIN(event);
		event->action = what;
		event->verdict = deny ? REFUSED : ALLOWED;
		if (target)
			bpf_probe_read_kernel_str(event->target, TARGET_BYTES, target);
		bpf_ringbuf_submit(event, 0);
	}
	/* Also without room for the event. */
	if (!deny)
		return 0;
	/* Two paths: since Linux 6.12 the verifier refuses the negated bool of one. */
	barrier();
	return -EPERM;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(on_ptrace, struct task_struct *child, unsigned int mode, int before)
{
	return judge(PTRACE, child->comm, before);
}

SEC("lsm/kernel_read_file")
int BPF_PROG(on_read, struct file *file, int id, bool contents, int before)
{
	/* READING_MODULE */
	if (id != 2)
		return before;
	return judge(MODULE, (const char *)BPF_CORE_READ(file, f_path.dentry, d_name.name), before);
}

SEC("lsm/sb_mount")
int BPF_PROG(on_mount, const char *device, const struct path *path, const char *type,
	     unsigned long flags, void *data, int before)
{
	return judge(MOUNT, (const char *)BPF_CORE_READ(path, dentry, d_name.name), before);
}

SEC("lsm/bpf_prog")
int BPF_PROG(on_program, void *program, int before)
{
	return judge(BPF, NULL, before);
}
