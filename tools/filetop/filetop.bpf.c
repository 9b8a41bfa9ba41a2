// SPDX-License-Identifier: MIT
/* filetop: reads and writes by process and file. */
#include "kernel.bpf.h"

#define NAME_BYTES 64
#define S_IFMT 0170000
#define S_IFREG 0100000

TOOL("filetop", "count reads and writes of files, by process");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, all, false, 'a', "sockets, pipes and devices as well");

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
	__u32 dev HIDDEN;
	__u64 inode HIDDEN;
};

struct value {
	__u64 reads;
	__u64 writes;
	__u64 read_bytes;
	__u64 write_bytes;
	char file[NAME_BYTES];
};

COUNTS(HASH, files, 10240, struct key, struct value);
TABLE(files, INTERVAL(1s), SORT(-read_bytes, -write_bytes), LIMIT(20), CLEAR);

static __always_inline int count(struct file *file, __s64 bytes, bool is_write)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct value *value;
	struct key key = {};

	if (IS_OTHER(pid) || !inode || bytes < 0)
		return 0;
	if (!all && (BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFREG)
		return 0;
	SET_PROCESS(&key);
	key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	key.inode = BPF_CORE_READ(inode, i_ino);
	value = files_of(&key);
	if (!value)
		return 0;
	if (!value->file[0])
		bpf_probe_read_kernel_str(value->file, NAME_BYTES,
					  BPF_CORE_READ(dentry, d_name.name));
	ADD(*(is_write ? &value->writes : &value->reads), 1);
	ADD(*(is_write ? &value->write_bytes : &value->read_bytes), bytes);
	return 0;
}

SEC("fexit/vfs_read")
int BPF_PROG(fexit_read, struct file *file, void *buffer, __u64 count_, void *at, long ret)
{
	return count(file, ret, false);
}

SEC("fexit/vfs_write")
int BPF_PROG(fexit_write, struct file *file, void *buffer, __u64 count_, void *at, long ret)
{
	return count(file, ret, true);
}

/* The number of bytes that are wanted, not that of the bytes that come. */
SEC("kprobe/vfs_read")
int BPF_KPROBE(kprobe_read, struct file *file, void *buffer, __u64 wanted)
{
	return count(file, wanted, false);
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(kprobe_write, struct file *file, void *buffer, __u64 wanted)
{
	return count(file, wanted, true);
}

#define CALL(name, is_write)                                                                       \
	SEC("tp/syscalls/sys_enter_" #name)                                                        \
	int enter_##name(struct trace_event_raw_sys_enter *ctx)                                    \
	{                                                                                          \
		struct file *file = file_of((__s32)ctx->args[0]);                                  \
                                                                                                   \
		return file ? count(file, ctx->args[2], is_write) : 0;                             \
	}

CALL(read, false)
CALL(pread64, false)
CALL(write, true)
CALL(pwrite64, true)

WAYS(read, fexit_read, kprobe_read, enter_read + enter_pread64);
WAYS(write, fexit_write, kprobe_write, enter_write + enter_pwrite64);
