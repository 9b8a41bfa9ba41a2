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

/* Files of calls that have begun, by thread. */
STATE(call_start, __u32, __u64);

static __always_inline bool is_unwanted(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return IS_OTHER(pid) || !inode ||
	       (!all && (BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFREG);
}

static __always_inline int count(struct file *file, __s64 bytes, bool is_write)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct value *value;
	struct key key = {};

	if (bytes < 0)
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

static __always_inline int begin(struct file *file)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 address = (__u64)file;

	if (file && !is_unwanted(file))
		bpf_map_update_elem(&call_start, &tid, &address, BPF_ANY);
	return 0;
}

static __always_inline int end(__s64 result, bool is_write)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *file = bpf_map_lookup_elem(&call_start, &tid);

	if (!file)
		return 0;
	count((void *)*file, result, is_write);
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}

SEC("fexit/vfs_read")
int BPF_PROG(fexit_read, struct file *file, void *buffer, __u64 count_, void *at, long ret)
{
	return is_unwanted(file) ? 0 : count(file, ret, false);
}

SEC("fexit/vfs_write")
int BPF_PROG(fexit_write, struct file *file, void *buffer, __u64 count_, void *at, long ret)
{
	return is_unwanted(file) ? 0 : count(file, ret, true);
}

#define FUNCTION(name, is_write)                                                                   \
	SEC("kprobe/vfs_" #name)                                                                   \
	int BPF_KPROBE(kprobe_##name, struct file *file)                                           \
	{                                                                                          \
		return begin(file);                                                                \
	}                                                                                          \
	SEC("kretprobe/vfs_" #name)                                                                \
	int BPF_KRETPROBE(kretprobe_##name, long ret)                                              \
	{                                                                                          \
		return end(ret, is_write);                                                         \
	}

FUNCTION(read, false)
FUNCTION(write, true)

#define CALL(name, is_write)                                                                       \
	SEC("tp/syscalls/sys_enter_" #name)                                                        \
	int enter_##name(struct trace_event_raw_sys_enter *ctx)                                    \
	{                                                                                          \
		return begin(file_of((__s32)ctx->args[0]));                                        \
	}                                                                                          \
	SEC("tp/syscalls/sys_exit_" #name)                                                         \
	int exit_##name(struct trace_event_raw_sys_exit *ctx)                                      \
	{                                                                                          \
		return end(ctx->ret, is_write);                                                    \
	}

CALL(read, false)
CALL(pread64, false)
CALL(readv, false)
CALL(preadv, false)
CALL(preadv2, false)
CALL(write, true)
CALL(pwrite64, true)
CALL(writev, true)
CALL(pwritev, true)
CALL(pwritev2, true)

/* Probes of returns are last: the kernel has few at a time, which calls that wait keep. */
WAYS(read, fexit_read, enter_read + exit_read + enter_pread64 + exit_pread64,
     kprobe_read + kretprobe_read);
WAYS(write, fexit_write, enter_write + exit_write + enter_pwrite64 + exit_pwrite64,
     kprobe_write + kretprobe_write);
/* Those of several buffers go through neither function; a kernel may trace no system calls. */
OPTIONAL(enter_readv, exit_readv, enter_preadv, exit_preadv, enter_preadv2, exit_preadv2,
	 enter_writev, exit_writev, enter_pwritev, exit_pwritev, enter_pwritev2, exit_pwritev2);
