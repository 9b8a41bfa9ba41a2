/* SPDX-License-Identifier: GPL-2.0 */
/* Shared parts of the corpus. */
#ifndef OBJECTS_COMMON_H
#define OBJECTS_COMMON_H
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define RING(name)                                                                                 \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                \
		__uint(max_entries, 65536);                                                        \
	} name SEC(".maps")
#define PERF(name)                                                                                 \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);                                       \
		__uint(key_size, 4);                                                               \
		__uint(value_size, 4);                                                             \
	} name SEC(".maps")

/* Programs run for the process that a test starts: it writes its number here. */
const volatile int targ_pid = 0;

static __always_inline int is_wanted(void)
{
	int pid = bpf_get_current_pid_tgid() >> 32;

	return !targ_pid || pid == targ_pid;
}

char LICENSE[] SEC("license") = "GPL";
#endif
