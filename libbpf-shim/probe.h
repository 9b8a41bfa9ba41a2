/* SPDX-License-Identifier: MIT */
/* The ELF files that probes go into, and the places in them that a guest may choose. */
#ifndef LIBBPF_SHIM_PROBE_H
#define LIBBPF_SHIM_PROBE_H

#include <gelf.h>

#include "internal.h"

struct bpf_link;

/* An ELF file of this machine's, read through a descriptor that stays the caller's. */
struct shim_elf {
	int fd;
	Elf *elf;
	GElf_Ehdr header;
};

/* A function, by offsets in the file. */
struct shim_function {
	uint64_t offset;
	/* Length of its code; 0 where the symbol does not have it. */
	uint64_t size;
};

/* 0; -ENOENT for a file that is not ELF; -ENOMEM. */
int shim_elf__open(int fd, struct shim_elf *file);

void shim_elf__close(struct shim_elf *file);

/*
 * Finds a function by its symbol: STT_FUNC of .dynsym, else of .symtab. NAME, NAME@VERSION or
 * NAME@@VERSION. 0; -ENOENT; -EINVAL when two different functions have that name.
 */
int shim_elf__find_function(const struct shim_elf *file, const char *name,
			    struct shim_function *found);

/*
 * Finds the functions whose names match a pattern with * and ?: of .symtab, else of .dynsym.
 * `offsets` is the caller's to free. 0; -ENOENT; -E2BIG; -ENOMEM.
 */
int shim_elf__match_functions(const struct shim_elf *file, const char *pattern,
			      unsigned long **offsets, size_t *count);

/*
 * Reports whether an offset in the file lies in a function whose name is, or matches, `pattern`;
 * by all names that the file has for it.
 */
bool shim_elf__covers(const struct shim_elf *file, const char *pattern, uint64_t offset);

/* Reports whether the byte at an offset in the file is mapped as code. */
bool shim_elf__is_code(const struct shim_elf *file, uint64_t offset);

/* Reports whether a USDT semaphore can lie there: 16 bits of section .probes, mapped as data. */
bool shim_elf__is_semaphore(const struct shim_elf *file, uint64_t offset);

/*
 * Checks that a place is the start of an instruction of `function`, decoded from its entry.
 * 0; -EINVAL, with why in shim_probe__refusal().
 */
int shim_probe_check_offset(const struct shim_elf *file, const struct shim_function *function,
			    uint64_t offset);

/* Reports whether a no-op is there, which is what a USDT probe leaves in code. */
bool shim_probe_is_no_op(const struct shim_elf *file, uint64_t offset);

/* Remembers an enum shim_refusal for shim_probe__refusal(); returns `error`. */
int shim_probe_refuse(int32_t refusal, int error);

/* 0; -EPERM for a binary that is never a target: this process's own, and one without a name. */
int shim_probe_check_binary(int fd);

/* A binary that is open, and which process's use of it is probed; below 0: each. */
struct shim_target {
	int fd;
	const char *path;
	/* Name that the guest used, for messages. */
	const char *called;
	int32_t pid;
	bool on_return;
};

/* Each attaches to the kind of place in its name; NULL with errno when it or the kernel refuses. */
struct bpf_link *shim_probe_attach_function(const struct bpf_program *program,
					    const struct shim_target *target, const char *symbol,
					    uint64_t offset, bool may_write);
struct bpf_link *shim_probe_attach_pattern(const struct bpf_program *program,
					   const struct shim_target *target, const char *pattern);
struct bpf_link *shim_probe_attach_usdt(const struct bpf_program *program,
					const struct shim_target *target, const char *provider,
					const char *name);

#endif
