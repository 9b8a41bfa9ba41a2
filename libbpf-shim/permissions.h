/* SPDX-License-Identifier: MIT */
/*
 * Gate of program loads: what a run's programs may call, and which kinds of programs it may load.
 * The levels and their names live in ebpf/permissions/; here is a table of yes and no.
 */
#ifndef LIBBPF_SHIM_PERMISSIONS_H
#define LIBBPF_SHIM_PERMISSIONS_H

#include <bpf/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits: helpers by number. The highest of libbpf 1.7.0 is 211; larger numbers are refused. */
#define POLICY_HELPERS 1024
/* Bits: program types times expected attach types; 33 and 59 of them in libbpf 1.7.0. */
#define POLICY_PROGRAM_TYPES 64
#define POLICY_ATTACH_TYPES 128

enum policy_flag {
	/* Kernel variables, and what the address of a map leads to, by plain loads. */
	POLICY_KERNEL_VARIABLES = 1,
	/* Maps of struct_ops: the kernel takes some without any program. */
	POLICY_STRUCT_OPS = 2,
};

/* The bytes that shim_object__permit() takes; written by ebpf/permissions/encoding.ts. */
struct shim_policy {
	uint32_t flags;
	/* Bytes of `kfuncs`. */
	uint32_t kfuncs_size;
	uint8_t helpers[POLICY_HELPERS / 8];
	uint8_t kinds[POLICY_PROGRAM_TYPES][POLICY_ATTACH_TYPES / 8];
	/* Names, each between two line feeds: "\nbpf_iter_num_new\nbpf_iter_num_next\n". */
	char kfuncs[];
};

struct bpf_object;

/* A program on its way to the kernel. */
struct program_load {
	enum bpf_prog_type type;
	const struct bpf_insn *insns;
	size_t count;
	const struct bpf_prog_load_opts *opts;
	const struct bpf_object *object;
};

/* Room for the reason of a refusal. */
#define REFUSAL_SIZE 240

/* A copy of a policy's bytes, or NULL when they are malformed (EINVAL) or memory is short. */
struct shim_policy *permissions_parse(const void *bytes, uint32_t size);

/*
 * Writes to `reason` what of a program the policy refuses; false when nothing is. Without a policy,
 * everything is refused.
 */
bool permissions_refuse(const struct shim_policy *policy, const struct program_load *load,
			char reason[REFUSAL_SIZE]);

/* Reports whether a program may load what the address of a map leads to: kernel memory. */
bool map_pointers_are_followed(const struct program_load *load);

/*
 * Refuses an object whose programs or maps the policy does not allow, before any map is made: by
 * types, flags, and the helpers that its instructions call. Logs which, and why. 0 or -EPERM.
 */
int permissions_check_object(const struct shim_policy *policy, const struct bpf_object *object);

union bpf_attr;

/* Report whether bpf(2) must not load this program, or make this map; log the reason. */
bool program_load_refuses(const union bpf_attr *attr);
bool map_create_refuses(const union bpf_attr *attr);

/* Reports whether this thread's load may make struct_ops maps. */
bool permissions_struct_ops(void);

/* Room for the name of a function of the kernel: KSYM_NAME_LEN. */
#define FUNCTION_NAME_SIZE 512

/*
 * Writes the name of a function of the kernel to `name`, as the kernel itself finds it: by a type
 * id in the kernel's BTF, or with `module` of the module whose BTF is the descriptor at that
 * index of `fds`. 0 or -errno: -ENOENT when that type is not a function.
 */
int kernel_functions_name(int32_t id, int16_t module, const int *fds,
			  char name[FUNCTION_NAME_SIZE]);

/*
 * Writes the name of a function, typedef or structure by its type id, in the BTF of that number; 0
 * is the kernel's own. 0 or -errno.
 */
int kernel_types_name(uint32_t object, int32_t id, char name[FUNCTION_NAME_SIZE]);

/* Frees what was read for this thread's names. */
void kernel_functions_forget(void);

#endif
