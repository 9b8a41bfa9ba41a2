/* SPDX-License-Identifier: MIT */
/* Gates of attaching: before libbpf is asked, and at the system calls that it makes. */
#ifndef LIBBPF_SHIM_ATTACH_GATE_H
#define LIBBPF_SHIM_ATTACH_GATE_H

#include "attach_rules.h"

struct shim_object;

/* One attach in progress on this thread. */
struct attaching {
	const struct shim_attach_rules *rules;
	const struct attaching *before;
	/* PROVIDER:NAME while libbpf places the breakpoints of a USDT probe, else NULL. */
	const char *probe;
	/* CATEGORY/NAME that the guest or the section gave, or NULL; saves a search by number. */
	const char *tracepoint;
};

/* Starts and ends an attach of a program of `object`; in pairs. */
void attach_gate_begin(struct attaching *attaching, const struct shim_object *object);
void attach_gate_end(struct attaching *attaching);

/* Declares that the rest of the block attaches a program of `object`. */
#define ATTACHING(object)                                                                          \
	__attribute__((cleanup(attach_gate_end))) struct attaching attaching;                      \
	attach_gate_begin(&attaching, object)

/* 0, or -EPERM for a place that the rules of the attach in progress refuse; logs the reason. */
int attach_gate_check(const struct place *place);

/* Checks the function, hook, tracepoint or iterator of a loaded program: 0 or -EPERM. */
int attach_gate_check_hook(int program);

/* Checks the frequency of a perf event: 0 or -EPERM. */
int attach_gate_check_frequency(uint64_t frequency);

/* Sets what libbpf attaches now, for the gate at its system calls. */
void attach_gate_set_probe(const char *probe);
void attach_gate_set_tracepoint(const char *tracepoint);

/* The gate at the system calls of a packet socket, which libbpf does not make. */
bool attach_gate_refuse_socket(int interface);

/* In the place of syscall(2) in libbpf, and for the shim's own perf events. */
long shim_library_syscall(long number, ...);

/*
 * Writes the name of the kernel's structure that a struct_ops map replaces, such as
 * "tcp_congestion_ops"; `name` has FUNCTION_NAME_SIZE bytes. 0 or -errno.
 */
int attach_structure_name(int map, char *name);

/* The number of a tracepoint by CATEGORY/NAME, or -errno. */
int attach_tracepoint_id(const char *path);

/*
 * Calls `visit` with CATEGORY/NAME of each tracepoint whose name or number fits, until it returns
 * true; `name` NULL for any. Reports whether one did.
 */
bool attach_visit_tracepoints(const char *name, int number,
			      bool (*visit)(const char *path, void *context), void *context);

#endif
