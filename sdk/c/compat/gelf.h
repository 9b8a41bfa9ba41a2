/* SPDX-License-Identifier: MIT */
/* Reading of ELF files of 64 bits by libelf's names: sections, symbols, strings. */
#ifndef WASM_BPF_COMPAT_GELF_H
#define WASM_BPF_COMPAT_GELF_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
	unsigned char e_ident[16];
	uint16_t e_type, e_machine;
	uint32_t e_version;
	uint64_t e_entry, e_phoff, e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} GElf_Ehdr;

typedef struct {
	uint32_t sh_name, sh_type;
	uint64_t sh_flags, sh_addr, sh_offset, sh_size;
	uint32_t sh_link, sh_info;
	uint64_t sh_addralign, sh_entsize;
} GElf_Shdr;

typedef struct {
	uint32_t st_name;
	unsigned char st_info, st_other;
	uint16_t st_shndx;
	uint64_t st_value, st_size;
} GElf_Sym;

#define GELF_ST_TYPE(info) ((info)&0xf)
#define GELF_ST_BIND(info) ((info) >> 4)

#define EV_NONE 0
#define EV_CURRENT 1
#define ET_EXEC 2
#define ET_DYN 3
#define SHT_SYMTAB 2
#define SHT_NOBITS 8
#define SHT_DYNSYM 11
#define STT_FUNC 2

typedef enum { ELF_C_NULL, ELF_C_READ } Elf_Cmd;
typedef enum { ELF_K_NONE, ELF_K_ELF } Elf_Kind;

typedef struct {
	void *d_buf;
	size_t d_size;
} Elf_Data;

typedef struct libelf_wasm_section {
	struct libelf_wasm_file *file;
	GElf_Shdr header;
	Elf_Data data;
} Elf_Scn;

typedef struct libelf_wasm_file {
	unsigned char *bytes;
	size_t size;
	GElf_Ehdr header;
	Elf_Scn *sections;
	size_t count;
} Elf;

static inline unsigned int elf_version(unsigned int version)
{
	return version == EV_CURRENT ? EV_CURRENT : EV_NONE;
}

static inline const char *elf_errmsg(int error)
{
	(void)error;
	return "not a readable ELF file of 64 bits";
}

static inline int elf_end(Elf *elf)
{
	if (elf) {
		free(elf->sections);
		free(elf->bytes);
	}
	free(elf);
	return 0;
}

/* The whole file: as much memory as it is large. */
static inline int libelf_wasm_read(Elf *elf, int fd)
{
	const off_t size = lseek(fd, 0, SEEK_END);
	ssize_t got;

	if (size < (off_t)sizeof(elf->header) || size > INT32_MAX || lseek(fd, 0, SEEK_SET))
		return -1;
	elf->bytes = (unsigned char *)malloc((size_t)size);
	for (; elf->bytes && elf->size < (size_t)size; elf->size += (size_t)got) {
		got = read(fd, elf->bytes + elf->size, (size_t)size - elf->size);
		if (got <= 0)
			return -1;
	}
	return elf->bytes ? 0 : -1;
}

static inline int libelf_wasm_find_sections(Elf *elf)
{
	memcpy(&elf->header, elf->bytes, sizeof(elf->header));
	if (memcmp(elf->header.e_ident, "\177ELF\2\1", 6) ||
	    elf->header.e_shentsize != sizeof(GElf_Shdr) || elf->header.e_shoff > elf->size ||
	    (elf->size - elf->header.e_shoff) / sizeof(GElf_Shdr) < elf->header.e_shnum)
		return -1;
	elf->count = elf->header.e_shnum;
	elf->sections = (Elf_Scn *)calloc(elf->count ? elf->count : 1, sizeof(Elf_Scn));
	if (!elf->sections)
		return -1;
	for (size_t i = 0; i < elf->count; i++) {
		Elf_Scn *section = &elf->sections[i];
		GElf_Shdr *header = &section->header;

		section->file = elf;
		memcpy(header, elf->bytes + elf->header.e_shoff + i * sizeof(*header),
		       sizeof(*header));
		if (header->sh_type == SHT_NOBITS || header->sh_offset > elf->size ||
		    header->sh_size > elf->size - header->sh_offset)
			continue;
		section->data.d_buf = elf->bytes + header->sh_offset;
		section->data.d_size = (size_t)header->sh_size;
	}
	return 0;
}

/** @brief Reads a file. @return NULL when it cannot be read or is not an ELF file of 64 bits */
static inline Elf *elf_begin(int fd, Elf_Cmd command, Elf *reference)
{
	Elf *elf = (Elf *)calloc(1, sizeof(*elf));

	(void)reference;
	if (elf && command == ELF_C_READ && !libelf_wasm_read(elf, fd) &&
	    !libelf_wasm_find_sections(elf))
		return elf;
	elf_end(elf);
	return NULL;
}

static inline Elf_Kind elf_kind(Elf *elf)
{
	return elf ? ELF_K_ELF : ELF_K_NONE;
}

static inline GElf_Ehdr *gelf_getehdr(Elf *elf, GElf_Ehdr *header)
{
	*header = elf->header;
	return header;
}

static inline int elf_getshdrstrndx(Elf *elf, size_t *index)
{
	if (!elf)
		return -1;
	*index = elf->header.e_shstrndx;
	return 0;
}

/** @brief The section after another, from number 1; NULL at the end. */
static inline Elf_Scn *elf_nextscn(Elf *elf, Elf_Scn *section)
{
	const size_t next = section ? (size_t)(section - elf->sections) + 1 : 1;

	return next < elf->count ? &elf->sections[next] : NULL;
}

static inline Elf_Scn *elf_getscn(Elf *elf, size_t index)
{
	return index < elf->count ? &elf->sections[index] : NULL;
}

static inline GElf_Shdr *gelf_getshdr(Elf_Scn *section, GElf_Shdr *header)
{
	*header = section->header;
	return header;
}

static inline Elf_Data *elf_getdata(Elf_Scn *section, Elf_Data *after)
{
	return after || !section->data.d_buf ? NULL : &section->data;
}

static inline GElf_Sym *gelf_getsym(Elf_Data *data, int index, GElf_Sym *symbol)
{
	if (index < 0 || (size_t)index >= data->d_size / sizeof(*symbol))
		return NULL;
	memcpy(symbol, (const char *)data->d_buf + (size_t)index * sizeof(*symbol),
	       sizeof(*symbol));
	return symbol;
}

/** @brief A string of a table; NULL when it does not end in it. */
static inline char *elf_strptr(Elf *elf, size_t section, size_t offset)
{
	Elf_Scn *table = elf_getscn(elf, section);
	char *text;

	if (!table || !table->data.d_buf || offset >= table->data.d_size)
		return NULL;
	text = (char *)table->data.d_buf + offset;
	return memchr(text, 0, table->data.d_size - offset) ? text : NULL;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_GELF_H */
