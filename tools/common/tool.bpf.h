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
	unsigned long cx, dx, si, di, ax, ip;
} __attribute__((preserve_access_index));
#else
struct user_pt_regs {
	unsigned long regs[31];
	unsigned long pc;
} __attribute__((preserve_access_index));
#endif

#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "records.bpf.h"

/* bpf_get_stackid() and the readers of kernel memory are for GPL programs only. */
char LICENSE[] SEC("license") = "GPL";

#define COMM_BYTES 16
/*
 * Room for a burst: some 100,000 small events, which a traced program makes in a fifth of a second,
 * while user space is just starting or waits for a CPU.
 */
#define RING_BYTES (8 << 20)

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
	static __attribute__((unused)) __always_inline struct_event *reserve_event(void)           \
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

/* Defines the program that removes a thread's element of a STATE when the thread ends: it may do so
 * in the middle of a function, and a later thread gets its number. */
#define FORGET_ENDED(name)                                                                         \
	SEC("raw_tp/sched_process_exit")                                                           \
	int forget_##name(void *ctx)                                                               \
	{                                                                                          \
		__u32 thread = (__u32)bpf_get_current_pid_tgid();                                  \
                                                                                                   \
		bpf_map_delete_elem(&name, &thread);                                               \
		return 0;                                                                          \
	}

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

/* Defines the two programs of a system call: `enter` is evaluated with its `ctx`, then end(ctx). */
#define CALL_PROGRAMS(name, enter)                                                                 \
	SEC("tp/syscalls/sys_enter_" #name)                                                        \
	int enter_##name(struct trace_event_raw_sys_enter *ctx)                                    \
	{                                                                                          \
		return enter;                                                                      \
	}                                                                                          \
	SEC("tp/syscalls/sys_exit_" #name)                                                         \
	int exit_##name(struct trace_event_raw_sys_exit *ctx)                                      \
	{                                                                                          \
		return end(ctx);                                                                   \
	}

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* Sets `pid` and `comm` of a record to the current process. */
#define SET_PROCESS(record)                                                                        \
	do {                                                                                       \
		(record)->pid = current_tgid();                                                    \
		bpf_get_current_comm((record)->comm, sizeof((record)->comm));                      \
	} while (0)

/*
 * Number of wasm-bpf's own process, which sets it before the load; 0 in a namespace of processes
 * where the kernel has another number for it.
 */
const volatile __u32 own_pid;

/* Number of the process that wasm-bpf starts and traces, as of own_pid; 0 without one. */
const volatile __u32 command_pid;

/*
 * Control groups, by their ids: those of containers that --container, --pod and --cgroup select.
 * wasm-bpf sets the variables before the load, and adds ids while containers come and go. Without
 * these options the verifier removes all that depends on them.
 */
const volatile bool has_cgroup_filter;
const volatile bool has_cgroup_ids;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u8);
} cgroup_filter SEC(".maps");

/* Control groups within each other; containers are rarely deeper than five. */
#define CGROUP_LEVELS 16

/*
 * A helper as old as the use of bpf_get_current_ancestor_cgroup_id() in programs that trace: Linux
 * 5.15. Before, wasm-bpf adds the ids of the groups below those that are selected.
 */
enum bpf_func_id___known {
	BPF_FUNC_get_attach_cookie___known = 1,
};

/* Returns true if neither the current process's control group is to be shown, nor one around it. */
static __always_inline bool is_elsewhere(void)
{
	if (!has_cgroup_filter)
		return false;
	if (!bpf_core_enum_value_exists(enum bpf_func_id___known,
					BPF_FUNC_get_attach_cookie___known)) {
		__u64 own = bpf_get_current_cgroup_id();

		return !bpf_map_lookup_elem(&cgroup_filter, &own);
	}
	for (int level = 1; level <= CGROUP_LEVELS; level++) {
		__u64 id = bpf_get_current_ancestor_cgroup_id(level);

		if (!id)
			break;
		if (bpf_map_lookup_elem(&cgroup_filter, &id))
			return false;
	}
	return true;
}

/* Returns the id of the current process's control group if records are to have it, or 0. */
static __always_inline __u64 current_cgroup(void)
{
	return has_cgroup_ids ? bpf_get_current_cgroup_id() : 0;
}

/* Sets `pid`, `comm` and `cgroup_id` of an event to those of the current process. */
#define SET_ORIGIN(event)                                                                          \
	do {                                                                                       \
		SET_PROCESS(event);                                                                \
		(event)->cgroup_id = current_cgroup();                                             \
	} while (0)

/* Returns true if a process is not to be shown: `wanted` is one, or 0 for all but our own. */
static __always_inline bool is_other(__u32 wanted, __u32 tgid)
{
	return wanted ? tgid != wanted : own_pid && tgid == own_pid;
}

/*
 * True if the current process is not the one that `pid` selects, or is in none of the control
 * groups that are shown; 0 selects all but our own.
 */
#define IS_OTHER(pid) (is_other(pid, current_tgid()) || is_elsewhere())

/* Types of options with texts: OPTION takes no arrays. */
typedef char comm_text[COMM_BYTES];
typedef char path_text[128];

/* Returns true if a name does not begin with the wanted one; all do if that is empty. */
static __always_inline bool is_other_name(const volatile char *wanted, const char *name, int bytes)
{
	for (int i = 0; i < bytes; i++) {
		if (!wanted[i])
			return false;
		if (wanted[i] != name[i])
			return true;
	}
	return false;
}

/* Returns true if the current process's name does not begin with the wanted one. */
static __always_inline bool is_other_comm(const volatile char *wanted)
{
	char comm[COMM_BYTES] = {};

	if (!wanted[0])
		return false;
	bpf_get_current_comm(comm, sizeof(comm));
	return is_other_name(wanted, comm, COMM_BYTES);
}

/* Slots of histograms: powers of two. */
#define SLOTS_LOG2 32

/* Returns the slot of a value: its highest bit. */
static __always_inline __u32 log2_slot(__u64 value)
{
	__u32 slot = 0;

	for (__u32 step = 32; step; step /= 2) {
		if (value >> step) {
			value >>= step;
			slot += step;
		}
	}
	return slot < SLOTS_LOG2 ? slot : SLOTS_LOG2 - 1;
}

/* Defines a function that returns a map's value for a key, and adds one of zeros first. */
#define VALUES(map, type_key, type_value)                                                          \
	static const type_value map##_zero;                                                        \
	static __always_inline type_value *map##_of(const type_key *key)                           \
	{                                                                                          \
		type_value *value = bpf_map_lookup_elem(&map, key);                                \
                                                                                                   \
		if (value)                                                                         \
			return value;                                                              \
		bpf_map_update_elem(&map, key, &map##_zero, BPF_NOEXIST);                          \
		return bpf_map_lookup_elem(&map, key);                                             \
	}                                                                                          \
	_Static_assert(sizeof(type_value) > 0, "a value has members")

/* Defines a map that is shown, and its function: a hash, or one of each CPU. */
#define COUNTS(kind, name, entries, type_key, type_value)                                          \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_##kind);                                                 \
		__uint(max_entries, entries);                                                      \
		__type(key, type_key);                                                             \
		__type(value, type_value);                                                         \
	} name SEC(".maps");                                                                       \
	VALUES(name, type_key, type_value)

#define ADD(member, value) __sync_fetch_and_add(&(member), value)

#endif
