/* SPDX-License-Identifier: MIT */
/* Programs and maps of closed objects that another process keeps in the kernel; see holders.c. */
#ifndef LIBBPF_SHIM_HOLDERS_H
#define LIBBPF_SHIM_HOLDERS_H

#include "internal.h"

/* Kinds of parts, which the kernel numbers apart. */
enum kernel_kind { KIND_PROGRAM, KIND_MAP };

/* A program or map of a closed object. */
struct left {
	enum kernel_kind kind;
	uint32_t id;
	char name[64];
	/* Its object had a struct_ops map, which keeps the others as well. */
	bool has_struct_ops;
	/* Reports a holder, or a program that is held and uses the map. */
	bool is_explained;
	/* A process, with the first bytes of its command; 0 for a pin, or when none was found. */
	int32_t pid;
	/* Command of the process, or path of the pin; empty when none was found. */
	char holder[128];
};

/* Remembers programs and maps of a loaded object, before it is closed. On the broker's thread. */
void holders_note(const struct bpf_object *object);

/*
 * Fills in the holders of `count` entries: processes with a descriptor of the program, the map, or
 * a link of the program; pins in the file systems that are mounted here. Ends after `deadline_ns`
 * of CLOCK_MONOTONIC.
 */
void holders_find(struct left *entries, size_t count, int64_t deadline_ns);

#endif
