/* SPDX-License-Identifier: MIT */
/* Gates of attaching: before libbpf is asked, and at the system calls that it makes. */
#ifndef LIBBPF_SHIM_ATTACH_GATE_H
#define LIBBPF_SHIM_ATTACH_GATE_H

#include "attach_rules.h"

struct bpf_program;
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

/* The innermost one, or NULL. */
extern _Thread_local struct attaching *attach_in_progress;

/* Starts and ends an attach of a program of `object`; in pairs. */
void attach_gate_begin(struct attaching *attaching, const struct shim_object *object);
void attach_gate_end(struct attaching *attaching);

/* Declares that the rest of the block attaches a program of `object`. */
#define ATTACHING(object)                                                                          \
	__attribute__((cleanup(attach_gate_end))) struct attaching attaching;                      \
	attach_gate_begin(&attaching, object)

/* 0, or -EPERM for a place that the rules of the attach in progress refuse; logs the reason. */
int attach_gate_check(const struct place *place);

/* Like attach_gate_check(), for a place that a name describes. */
int attach_gate_check_name(enum place_kind kind, const char *name);

/*
 * Like attach_gate_check_name(), for an instruction of a function of the kernel: -EPERM as well
 * when there are rules and the offset leads out of the function, which names another place then.
 */
int attach_gate_check_function(const char *name, uint64_t offset);

/* Reports whether rules refuse an instruction of a function of the kernel. */
bool attach_gate_refuses_function(const struct shim_attach_rules *rules, const char *name,
				  uint64_t offset);

/* System calls are functions of the kernel with a prefix of the architecture. */
int attach_gate_check_call(const char *name);

/* 0; -ENOENT for a tracepoint that is not there; -EPERM for one that is refused. */
int attach_gate_check_tracepoint(const char *path);

/* The place that libbpf reads from a section's name; what it attaches is looked at again. */
int attach_gate_check_section(const struct bpf_program *program);

/* Checks the function, hook, tracepoint or iterator of a loaded program: 0 or -EPERM. */
int attach_gate_check_hook(int program);

/* Like attach_gate_check_hook(), by the rules that deny alone: for one attached to another place.
 */
int attach_gate_check_denied_hook(int program);

/* Reports whether rules deny what a loaded program is for. */
bool attach_gate_denies_hook(const struct shim_attach_rules *rules, int program);

/* Report whether rules refuse what a loaded program, or a struct_ops map, is for. */
bool attach_gate_refuses_hook(const struct shim_attach_rules *rules, int program);
bool attach_gate_refuses_structure(const struct shim_attach_rules *rules, int map);

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

#endif
