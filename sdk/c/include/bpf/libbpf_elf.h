/* SPDX-License-Identifier: MIT */
/*
 * Reader of an eBPF object's file before the load: sections, programs, variables. The host has
 * checked the file by then (bpf_object__open_mem() asks it first), so this only looks things up.
 */
#ifndef WASM_BPF_LIBBPF_ELF_H
#define WASM_BPF_LIBBPF_ELF_H

#include "libbpf_common.h"

/* <elf.h>'s Elf64_Ehdr, Elf64_Shdr and Elf64_Sym; embedded bytes need not be aligned. */
struct libbpf_elf_header {
	unsigned char ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_headers, section_headers;
	uint32_t flags;
	uint16_t size, program_header_size, program_header_count;
	uint16_t section_header_size, section_count, names_section;
} __attribute__((packed));

struct libbpf_elf_section {
	uint32_t name, type;
	uint64_t flags, address, offset, size;
	uint32_t link, info;
	uint64_t alignment, entry_size;
} __attribute__((packed));

struct libbpf_elf_symbol {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
} __attribute__((packed));

enum libbpf_elf_constant {
	LIBBPF_ELF_SYMTAB = 2,	   /* SHT_SYMTAB */
	LIBBPF_ELF_NOBITS = 8,	   /* SHT_NOBITS */
	LIBBPF_ELF_EXECUTABLE = 4, /* SHF_EXECINSTR */
	LIBBPF_ELF_OBJECT = 1,	   /* STT_OBJECT */
	LIBBPF_ELF_FUNCTION = 2,   /* STT_FUNC */
};

static inline const struct libbpf_elf_section *libbpf_elf__section(const unsigned char *elf,
								   uint32_t index)
{
	const struct libbpf_elf_header *header = (const struct libbpf_elf_header *)elf;

	if (index >= header->section_count)
		return NULL;
	return (const struct libbpf_elf_section *)(elf + (size_t)header->section_headers) + index;
}

static inline const char *libbpf_elf__string(const unsigned char *elf, uint32_t table,
					     uint32_t offset)
{
	return (const char *)elf + (size_t)libbpf_elf__section(elf, table)->offset + offset;
}

static inline const char *libbpf_elf__section_name(const unsigned char *elf, uint32_t index)
{
	const struct libbpf_elf_section *section = libbpf_elf__section(elf, index);
	uint32_t names = ((const struct libbpf_elf_header *)elf)->names_section;

	return section ? libbpf_elf__string(elf, names, section->name) : "";
}

/* Returns the first section whose name is `name`; NULL if not found. */
static inline const struct libbpf_elf_section *libbpf_elf__find_section(const unsigned char *elf,
									const char *name)
{
	const struct libbpf_elf_section *section;

	for (uint32_t i = 1; (section = libbpf_elf__section(elf, i)); i++) {
		if (!strcmp(libbpf_elf__section_name(elf, i), name))
			return section;
	}
	return NULL;
}

/* A walk over the symbols of one type; start with a zeroed one. */
struct libbpf_elf_cursor {
	const struct libbpf_elf_symbol *symbol;
	const char *name;
	uint32_t table, next;
};

static inline bool libbpf_elf__next_symbol(const unsigned char *elf, uint32_t type,
					   struct libbpf_elf_cursor *at)
{
	const struct libbpf_elf_section *table;

	while (!at->table || libbpf_elf__section(elf, at->table)->type != LIBBPF_ELF_SYMTAB) {
		if (!libbpf_elf__section(elf, ++at->table))
			return false;
	}
	table = libbpf_elf__section(elf, at->table);
	while (at->next < table->size / sizeof(*at->symbol)) {
		at->symbol =
		    (const struct libbpf_elf_symbol *)(elf + (size_t)table->offset) + at->next++;
		at->name = libbpf_elf__string(elf, table->link, at->symbol->name);
		if ((at->symbol->info & 0xf) == type)
			return true;
	}
	return false;
}

/* A program is a global function of an executable section; those of .text are called by others. */
static inline bool libbpf_elf__is_program(const unsigned char *elf,
					  const struct libbpf_elf_symbol *symbol)
{
	const struct libbpf_elf_section *section = libbpf_elf__section(elf, symbol->section);

	return section && section->flags & LIBBPF_ELF_EXECUTABLE && symbol->info >> 4 &&
	       strcmp(libbpf_elf__section_name(elf, symbol->section), ".text");
}

static inline bool libbpf_elf__find_symbol(const unsigned char *elf, uint32_t type,
					   const char *name, struct libbpf_elf_cursor *at)
{
	memset(at, 0, sizeof(*at));
	while (libbpf_elf__next_symbol(elf, type, at)) {
		if (!strcmp(at->name, name))
			return true;
	}
	return false;
}

/* <linux/btf.h>'s struct btf_header as far as it is read, and struct btf_type. */
struct libbpf_elf_btf {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t header_size, types, types_size, strings, strings_size;
} __attribute__((packed));

struct libbpf_elf_type {
	uint32_t name, info, size;
} __attribute__((packed));

/* Words that follow a type of a kind: those of each element, or a fixed number. */
static inline uint32_t libbpf_elf__type_words(uint32_t info)
{
	const uint32_t count = info & 0xffff;

	switch (info >> 24 & 0x1f) {
	case 1:	 /* int */
	case 14: /* variable */
	case 17: /* declaration tag */
		return 1;
	case 3: /* array */
		return 3;
	case 4:	 /* struct */
	case 5:	 /* union */
	case 15: /* section */
	case 19: /* 64-bit enum */
		return 3 * count;
	case 6:	 /* enum */
	case 13: /* function type */
		return 2 * count;
	default:
		return 0;
	}
}

/*
 * The most bytes that the variables declared __kconfig can take, 0 without any. They have no
 * section in the file; the host lays them out by their alignment, which is at most 8.
 */
static inline size_t libbpf_elf__kconfig_size(const unsigned char *elf)
{
	const struct libbpf_elf_section *section = libbpf_elf__find_section(elf, ".BTF");
	const struct libbpf_elf_btf *btf;
	const struct libbpf_elf_type *type;
	const unsigned char *at, *end, *strings;
	size_t size = 0;

	if (!section || section->size < sizeof(*btf))
		return 0;
	btf = (const struct libbpf_elf_btf *)(elf + (size_t)section->offset);
	at = (const unsigned char *)btf + btf->header_size + btf->types;
	end = at + btf->types_size;
	strings = (const unsigned char *)btf + btf->header_size + btf->strings;
	for (; at + sizeof(*type) <= end;
	     at += sizeof(*type) + 4 * libbpf_elf__type_words(type->info)) {
		type = (const struct libbpf_elf_type *)at;
		if ((type->info >> 24 & 0x1f) != 15 ||
		    strcmp((const char *)strings + type->name, ".kconfig"))
			continue;
		for (uint32_t i = 0; i < (type->info & 0xffff); i++) {
			uint32_t variable[3]; /* type, offset, size */

			memcpy(variable, at + sizeof(*type) + i * sizeof(variable),
			       sizeof(variable));
			size += (variable[2] + 7) & ~7U;
		}
	}
	return size;
}

#endif /* WASM_BPF_LIBBPF_ELF_H */
