/* SPDX-License-Identifier: MIT */
/*
 * The function that starts at a place of an ELF file: uprobes that libbpf takes as a file offset
 * have a name here, so that the host can check where they go.
 */
#ifndef WASM_BPF_LIBBPF_SYMBOL_H
#define WASM_BPF_LIBBPF_SYMBOL_H

#include <stdlib.h>

#include "libbpf_elf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Longer names than compilers make are not found. */
#define LIBBPF_WASM_SYMBOL_BYTES 1024

static inline bool libbpf_wasm_read_at(FILE *file, uint64_t offset, void *to, size_t size)
{
	/* A guest's files are below 2 GiB. */
	return offset <= INT32_MAX && !fseek(file, (long)offset, SEEK_SET) &&
	       fread(to, 1, size, file) == size;
}

/* Reads all sections' headers; NULL with errno set. The caller frees them. */
static inline struct libbpf_elf_section *libbpf_wasm_read_sections(FILE *file,
								   struct libbpf_elf_header *header)
{
	struct libbpf_elf_section *sections;
	size_t size;

	if (!libbpf_wasm_read_at(file, 0, header, sizeof(*header)) ||
	    memcmp(header->ident, "\177ELF\2\1", 6) ||
	    header->section_header_size != sizeof(*sections)) {
		errno = ENOEXEC;
		return NULL;
	}
	size = header->section_count * sizeof(*sections);
	sections = LIBBPF_WASM_CAST(struct libbpf_elf_section *, malloc(size ? size : 1));
	if (sections && !libbpf_wasm_read_at(file, header->section_headers, sections, size)) {
		free(sections);
		errno = ENOEXEC;
		return NULL;
	}
	return sections;
}

/* Reports whether a function starts at a place of the file. */
static inline bool libbpf_wasm_starts_at(const struct libbpf_elf_symbol *symbol,
					 const struct libbpf_elf_section *sections, uint32_t count,
					 uint64_t offset)
{
	const struct libbpf_elf_section *section;

	if ((symbol->info & 0xf) != LIBBPF_ELF_FUNCTION || !symbol->section ||
	    symbol->section >= count)
		return false;
	section = &sections[symbol->section];
	return symbol->value - section->address + section->offset == offset;
}

/* Looks through one table of symbols, in one pass over the file. */
static inline bool libbpf_wasm_search_symbols(FILE *file, const struct libbpf_elf_section *sections,
					      uint32_t count, uint32_t table, uint64_t offset,
					      char *name)
{
	const struct libbpf_elf_section *symbols = &sections[table];
	struct libbpf_elf_symbol symbol;
	uint64_t left = symbols->size / sizeof(symbol);
	size_t length;

	if (symbols->link >= count || symbols->offset > INT32_MAX ||
	    fseek(file, (long)symbols->offset, SEEK_SET))
		return false;
	do {
		if (!left-- || fread(&symbol, sizeof(symbol), 1, file) != 1)
			return false;
	} while (!libbpf_wasm_starts_at(&symbol, sections, count, offset));
	if (fseek(file, (long)(sections[symbols->link].offset + symbol.name), SEEK_SET))
		return false;
	length = fread(name, 1, LIBBPF_WASM_SYMBOL_BYTES, file);
	return length && name[0] && memchr(name, 0, length);
}

/**
 * @brief Finds the function that starts at an offset of an ELF file.
 * @param name gets the name, LIBBPF_WASM_SYMBOL_BYTES
 * @return 0; -ENOENT without a function there; -errno when the file cannot be read
 */
static inline int libbpf_wasm_symbol_at(const char *path, uint64_t offset, char *name)
{
	struct libbpf_elf_header header;
	struct libbpf_elf_section *sections;
	FILE *file = fopen(path, "rb");
	int err = ENOENT;

	if (!file)
		return -errno;
	sections = libbpf_wasm_read_sections(file, &header);
	if (!sections)
		err = errno;
	for (uint32_t i = 0; sections && err && i < header.section_count; i++) {
		/* SHT_SYMTAB and SHT_DYNSYM */
		if ((sections[i].type == LIBBPF_ELF_SYMTAB || sections[i].type == 11) &&
		    libbpf_wasm_search_symbols(file, sections, header.section_count, i, offset,
					       name))
			err = 0;
	}
	free(sections);
	fclose(file);
	return err ? libbpf_wasm_fail(err) : 0;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_SYMBOL_H */
