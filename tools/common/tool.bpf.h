/* SPDX-License-Identifier: MIT */
/* Common part of the tools: events through one ring buffer, losses counted, filters by process. */
#ifndef TOOL_BPF_H
#define TOOL_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

/* Registers as the kernel's types have them: CO-RE finds their places. */
#define __VMLINUX_H__
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long cx, dx, si, di, ax;
} __attribute__((preserve_access_index));
#else
struct user_pt_regs {
	unsigned long regs[31];
} __attribute__((preserve_access_index));
#endif

#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "records.bpf.h"

/* bpf_get_stackid() and the readers of kernel memory are for GPL programs only. */
char LICENSE[] SEC("license") = "GPL";

#define COMM_BYTES 16
#define RING_BYTES (1 << 20)

/*
 * Defines the ring buffer `events` of records of a struct, the counter of those that it had no room
 * for, and the function that reserves one.
 */
#define EVENTS(struct_event)                                                                       \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                \
		__uint(max_entries, RING_BYTES);                                                   \
	} events SEC(".maps");                                                                     \
	RECORDS(events, struct_event);                                                             \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                           \
		__uint(max_entries, 1);                                                            \
		__type(key, __u32);                                                                \
		__type(value, __u64);                                                              \
	} events_lost_samples SEC(".maps");                                                        \
	static __always_inline struct_event *reserve_event(void)                                   \
	{                                                                                          \
		struct_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);             \
		__u32 first = 0;                                                                   \
		__u64 *lost;                                                                       \
                                                                                                   \
		if (event)                                                                         \
			return event;                                                              \
		lost = bpf_map_lookup_elem(&events_lost_samples, &first);                          \
		if (lost)                                                                          \
			*lost += 1;                                                                \
		return NULL;                                                                       \
	}                                                                                          \
	_Static_assert(sizeof(struct_event) > 0, "an event has members")

/* Defines a hash of the state between two programs of one call, by thread or object. */
#define STATE(name, type_key, type_value)                                                          \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, 10240);                                                        \
		__type(key, type_key);                                                             \
		__type(value, type_value);                                                         \
	} name SEC(".maps")

struct trace_entry {
	unsigned short type;
} __attribute__((preserve_access_index));

struct trace_event_raw_sys_enter {
	struct trace_entry ent;
	long id;
	unsigned long args[6];
} __attribute__((preserve_access_index));

struct trace_event_raw_sys_exit {
	struct trace_entry ent;
	long id;
	long ret;
} __attribute__((preserve_access_index));

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* True if the process is not the one that `pid` selects; 0 selects all. */
#define IS_OTHER(pid) ((pid) && (pid) != current_tgid())

#endif
