/* SPDX-License-Identifier: MIT */
/* Objects with their maps, programs and links: the structs of libbpf's names. */
#ifndef WASM_BPF_LIBBPF_HANDLES_H
#define WASM_BPF_LIBBPF_HANDLES_H

#include <stdio.h>
#include <stdlib.h>

#include "bpf.h"
#include "libbpf_elf.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bpf_object;

/* A map; belongs to its object. */
struct bpf_map {
	struct bpf_object *obj;
	uint64_t obj_ptr; /* the object's handle, for wasm_bpf_buffer_poll() */
	struct bpf_map *next;
	const char *name;
	int token;     /* -1 until bpf_map__fd() has asked for it */
	void *initial; /* of global variables: what the guest sees and sets; else NULL */
	size_t initial_size;
	void *known; /* what the programs had when libbpf_wasm_exchange() last looked; else NULL */
	bool no_autocreate;
};

/* A program; belongs to its object. */
struct bpf_program {
	struct bpf_object *obj;
	uint64_t obj_ptr;
	struct bpf_program *next;
	const char *name;
	const char *section;
	char *target; /* set by bpf_program__set_target(); NULL for the section's */
	bool no_autoload, no_autoattach;
	/* Where the program is in the file, by which libbpf orders them. */
	uint32_t section_index;
	uint64_t offset;
};

/* An attached program, until bpf_link__destroy() or the end of its object. */
struct bpf_link {
	int token;
};

struct bpf_object {
	uint64_t handle; /* the host's; 0 means not open */
	const unsigned char *elf;
	void *owned; /* bytes read from a file */
	const char *name;
	struct bpf_object *next;
	struct bpf_map *maps;
	struct bpf_program *programs;
	bool loaded;
};

/* All open objects: a map's token alone does not identify its object. */
__attribute__((weak)) struct bpf_object *libbpf_wasm_objects;

/* Notes what the programs were given; NULL except in programs with sdk/c/compat. */
__attribute__((weak)) void (*libbpf_wasm_on_given)(struct bpf_object *obj);

/*
 * Options of opening. The host knows the kernel's types and configuration itself: a program that
 * gives its own gets -EOPNOTSUPP. Those that libbpf has beyond these are not there.
 */
struct bpf_object_open_opts {
	size_t sz;
	const char *object_name;
	const char *btf_custom_path;
	const char *kconfig;
};

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_HANDLES_H */
