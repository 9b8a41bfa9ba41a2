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

/* bpf_get_stackid() and the readers of kernel memory are for GPL programs only. */
char LICENSE[] SEC("license") = "GPL";

/* Annotations, which loaders ignore: look of a member, option of the tool, and its summary. */
#define FORMAT(...) __attribute__((btf_decl_tag("format:" #__VA_ARGS__)))
#define OPTION(type, name, value, letter, help)                                                    \
	type name __attribute__((btf_decl_tag("option:" #letter ":" help))) = value
#define TOOL(name, about)                                                                          \
	const char wasm_bpf_tool __attribute__((section("wasm_bpf.records"), used))                \
	__attribute__((btf_decl_tag("tool:" name ":" about))) = 0

#define COMM_BYTES 16
#define RING_BYTES (1 << 20)

/* Defines the ring buffer `events` of records of a struct. */
#define EVENTS(struct_event)                                                                       \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                \
		__uint(max_entries, RING_BYTES);                                                   \
		__type(value, struct_event);                                                       \
	} events SEC(".maps")

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
