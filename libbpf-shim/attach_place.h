/* SPDX-License-Identifier: MIT */
/* Places that programs are attached to, and the gates that judge them. */
#ifndef LIBBPF_SHIM_ATTACH_PLACE_H
#define LIBBPF_SHIM_ATTACH_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of places; one word of a user's may be about several. */
enum place_kind {
	PLACE_XDP = 1 << 0,
	PLACE_TC = 1 << 1,
	PLACE_NETKIT = 1 << 2,
	PLACE_SOCKET = 1 << 3,
	PLACE_CGROUP = 1 << 4,
	PLACE_NETNS = 1 << 5,
	PLACE_NETFILTER = 1 << 6,
	PLACE_PERF_EVENT = 1 << 7,
	PLACE_UPROBE = 1 << 8,
	PLACE_USDT = 1 << 9,
	PLACE_TP = 1 << 10,
	PLACE_RAW_TP = 1 << 11,
	PLACE_TP_BTF = 1 << 12,
	PLACE_KPROBE = 1 << 13,
	PLACE_FENTRY = 1 << 14,
	PLACE_LSM = 1 << 15,
	PLACE_ITER = 1 << 16,
	PLACE_STRUCT_OPS = 1 << 17,
};

#define PLACE_INTERFACE (PLACE_XDP | PLACE_TC | PLACE_NETKIT | PLACE_SOCKET)

/* A place that a program is about to be attached to. */
struct place {
	enum place_kind kind;
	/* Of an interface: its number in this thread's network namespace. */
	uint32_t interface;
	/* Of a cgroup, a network namespace or a binary: a descriptor, which stays the caller's. */
	int fd;
	/*
	 * Of the others: CATEGORY/NAME, the name of a tracepoint, function, hook, iterator or
	 * structure, PROVIDER:NAME of a probe, or numbers such as "2:1:-128". NULL for what has no
	 * name.
	 */
	const char *name;
	/* Of a binary: offsets in the file. */
	const unsigned long *offsets;
	size_t count;
	/* Name that the guest used, or NULL; for messages. */
	const char *called;
};

/* Gates that a test build can leave out, one at a time: the others have to hold. */
enum gate {
	GATE_OBJECT = 1,       /* after open, before any map */
	GATE_PROGRAM_LOAD = 2, /* libbpf's bpf_prog_load() */
	GATE_MAP_CREATE = 3,   /* libbpf's bpf_map_create() */
	GATE_ATTACH = 4,       /* what was opened, before libbpf attaches */
	GATE_SYSTEM_CALL = 5,  /* bpf(2) and perf_event_open(2) of libbpf */
	GATE_CALL_LIST = 6,    /* list of system calls of the guest's thread */
};

#ifdef SHIM_TEST_GATES
/* Reads SHIM_TEST_GATES, a list of digits, at each call. */
bool gate_is_off(enum gate gate);
/* Compares texts in place of what was opened: a check that tests have to catch. */
bool gate_is_naive(void);
#else
static inline bool gate_is_off(enum gate gate)
{
	(void)gate;
	return false;
}
static inline bool gate_is_naive(void)
{
	return false;
}
#endif

#endif
