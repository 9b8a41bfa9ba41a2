// SPDX-License-Identifier: MIT
/* vfsstat: calls of the virtual file system's main functions. */
#include "tool.bpf.h"

TOOL("vfsstat", "count calls of the virtual file system");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");

enum call { READ, WRITE, FSYNC, OPEN, CREATE, UNLINK, MKDIR, RMDIR, CALLS };

struct key {
	enum call call;
};

struct value {
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALLS);
	__type(key, struct key);
	__type(value, struct value);
} calls SEC(".maps");

static __always_inline int count(enum call call)
{
	struct key key = {.call = call};
	struct value *value, zero = {};

	if (IS_OTHER(pid))
		return 0;
	value = bpf_map_lookup_elem(&calls, &key);
	if (!value) {
		bpf_map_update_elem(&calls, &key, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&calls, &key);
	}
	if (value)
		__sync_fetch_and_add(&value->count, 1);
	return 0;
}

/* Defines two ways to the same function: the second is for kernels without trampolines. */
#define FUNCTION(name, call)                                                                       \
	SEC("fentry/" #name)                                                                       \
	int fentry_##name(void *ctx)                                                               \
	{                                                                                          \
		(void)ctx;                                                                         \
		return count(call);                                                                \
	}                                                                                          \
	SEC("kprobe/" #name)                                                                       \
	int kprobe_##name(void *ctx)                                                               \
	{                                                                                          \
		(void)ctx;                                                                         \
		return count(call);                                                                \
	}

FUNCTION(vfs_read, READ)
FUNCTION(vfs_write, WRITE)
FUNCTION(vfs_fsync_range, FSYNC)
FUNCTION(vfs_open, OPEN)
FUNCTION(vfs_create, CREATE)
FUNCTION(vfs_unlink, UNLINK)
FUNCTION(vfs_mkdir, MKDIR)
FUNCTION(vfs_rmdir, RMDIR)
