// SPDX-License-Identifier: GPL-2.0
/* Results in maps: by the type of the map and of its value. */
#include "common.h"

struct key {
	int pid;
	char comm[16];
};
struct value {
	__u64 calls;
	__u32 bytes;
};
#ifndef MAP_TYPE
#define MAP_TYPE BPF_MAP_TYPE_HASH
#endif

#ifdef WITH_SLOTS
struct hist {
	__u32 slots[27];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct hist);
} hists SEC(".maps");
static struct hist zero;
#elif defined(WITH_ARRAY)
struct {
	__uint(type, MAP_TYPE);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");
#elif defined(WITH_NO_ENTRIES)
struct {
	__uint(type, MAP_TYPE);
	__type(key, struct key);
	__type(value, struct value);
} counts SEC(".maps");
#elif defined(WITH_PIN)
struct {
	__uint(type, MAP_TYPE);
	__uint(max_entries, 64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct key);
	__type(value, struct value);
} counts SEC(".maps");
#else
struct {
	__uint(type, MAP_TYPE);
	__uint(max_entries, 64);
	__type(key, struct key);
	__type(value, struct value);
} counts SEC(".maps");
/* Notes between two programs: not shown. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} start SEC(".maps");
#endif

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	if (!is_wanted())
		return 0;
#ifdef WITH_SLOTS
	__u32 zero_key = 0;
	struct hist *hist = bpf_map_lookup_elem(&hists, &zero_key);

	if (!hist) {
		bpf_map_update_elem(&hists, &zero_key, &zero, BPF_ANY);
		hist = bpf_map_lookup_elem(&hists, &zero_key);
		if (!hist)
			return 0;
	}
	__sync_fetch_and_add(&hist->slots[3], 1);
#elif defined(WITH_ARRAY)
	__u32 place = 5;
	__u64 *count = bpf_map_lookup_elem(&counts, &place);

	if (count)
		__sync_fetch_and_add(count, 1);
#else
	struct key key = {.pid = bpf_get_current_pid_tgid() >> 32};
	struct value first = {.calls = 1, .bytes = 10}, *value;

	bpf_get_current_comm(key.comm, sizeof(key.comm));
	value = bpf_map_lookup_elem(&counts, &key);
	if (value) {
		value->calls++;
		value->bytes += 10;
	} else {
		bpf_map_update_elem(&counts, &key, &first, BPF_ANY);
	}
#endif
	return 0;
}
