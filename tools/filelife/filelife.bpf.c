// SPDX-License-Identifier: MIT
/* filelife: files that are created and removed again, with their age. */
#include "kernel.bpf.h"

#define NAME_BYTES 64

TOOL("filelife", "show removed files that were created meanwhile, with age");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile __u64, max_ms, 0, 'M', "only files younger than this, in milliseconds");

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	__u64 age_ns;
	char file[NAME_BYTES];
	__u64 cgroup_id HIDDEN;
};

struct removal {
	__u64 dentry;
	__u64 age_ns;
	char file[NAME_BYTES];
};

EVENTS(struct event);

/* Times of creation; files that stay make room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} birth SEC(".maps");

STATE(removal_start, __u32, struct removal);

static __always_inline int create(struct dentry *dentry)
{
	__u64 key = (__u64)dentry, now = bpf_ktime_get_ns();

	if (!IS_OTHER(pid))
		bpf_map_update_elem(&birth, &key, &now, BPF_ANY);
	return 0;
}

static __always_inline int begin(struct dentry *dentry)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct removal removal = {.dentry = (__u64)dentry};
	__u64 *born = bpf_map_lookup_elem(&birth, &removal.dentry);

	if (!born || IS_OTHER(pid))
		return 0;
	removal.age_ns = bpf_ktime_get_ns() - *born;
	bpf_probe_read_kernel_str(removal.file, NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
	bpf_map_update_elem(&removal_start, &tid, &removal, BPF_ANY);
	return 0;
}

/* By the checks of security modules: their arguments stay, those of vfs_create() do not. */
SEC("fentry/security_inode_create")
int BPF_PROG(fentry_create, void *dir, struct dentry *dentry)
{
	return create(dentry);
}

SEC("kprobe/security_inode_create")
int BPF_KPROBE(kprobe_create, void *dir, struct dentry *dentry)
{
	return create(dentry);
}

SEC("fentry/security_inode_unlink")
int BPF_PROG(fentry_unlink, void *dir, struct dentry *dentry)
{
	return begin(dentry);
}

SEC("kprobe/security_inode_unlink")
int BPF_KPROBE(kprobe_unlink, void *dir, struct dentry *dentry)
{
	return begin(dentry);
}

SEC("kretprobe/vfs_unlink")
int BPF_KRETPROBE(end_unlink, int ret)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct removal *removal = bpf_map_lookup_elem(&removal_start, &tid);
	struct event *event;

	if (!removal)
		return 0;
	if (!ret && !(max_ms && removal->age_ns / 1000000 >= max_ms)) {
		event = reserve_event();
		if (event) {
			SET_ORIGIN(event);
			event->age_ns = removal->age_ns;
			__builtin_memcpy(event->file, removal->file, NAME_BYTES);
			bpf_ringbuf_submit(event, 0);
		}
	}
	if (!ret)
		bpf_map_delete_elem(&birth, &removal->dentry);
	bpf_map_delete_elem(&removal_start, &tid);
	return 0;
}
