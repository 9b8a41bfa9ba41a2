/* SPDX-License-Identifier: MIT */
/* Symbols of ELF files that are functions in code: for lookups by name, by pattern and by place. */
#ifndef LIBBPF_SHIM_ELF_SYMBOLS_H
#define LIBBPF_SHIM_ELF_SYMBOLS_H

#include "probe.h"

/* The first segment that is loaded with exactly these rights to write and execute, and fits. */
bool shim_elf_find_segment(const struct shim_elf *file, uint64_t at, uint64_t size, bool by_address,
			   uint32_t flags, GElf_Phdr *segment);

/* The functions of one symbol table. */
struct shim_symbols {
	const struct shim_elf *file;
	Elf_Data *data;
	size_t count;
	size_t names;
	size_t next;
	/* Of .dynsym only, or NULL. */
	Elf_Data *versions;
};

struct shim_symbol {
	const char *name;
	uint8_t bind;
	/* Its number in .gnu.version, without the bit for hidden ones; 0 without a version. */
	uint16_t version;
	struct shim_function function;
};

/* 0; -ENOENT when there is no such table, or a damaged one. */
int shim_symbols_open(const struct shim_elf *file, uint32_t type, struct shim_symbols *symbols);

/* Reports whether there is another function, and returns it. */
bool shim_symbols_next(struct shim_symbols *symbols, struct shim_symbol *out);

#endif
