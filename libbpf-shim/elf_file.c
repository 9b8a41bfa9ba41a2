// SPDX-License-Identifier: MIT
/*
 * ELF files of this machine, and what their bytes are mapped as: by program headers, as the kernel
 * maps them, not by section headers alone, as libbpf converts addresses.
 */
#include <string.h>

#include "elf_symbols.h"

/* Linked files have under a hundred of these; they bound work on hostile files. */
#define MAX_SECTIONS 1024
#define MAX_SEGMENTS 128

/* Accepts executables of this machine, and 32-bit ones, whose breakpoint is the same byte. */
static bool is_native(const GElf_Ehdr *header)
{
#if defined(__x86_64__)
	return header->e_machine == EM_X86_64 || header->e_machine == EM_386;
#else
	return header->e_machine == EM_AARCH64;
#endif
}

static bool is_bounded(Elf *elf)
{
	size_t sections, segments;

	return !elf_getshdrnum(elf, &sections) && sections <= MAX_SECTIONS &&
	       !elf_getphdrnum(elf, &segments) && segments <= MAX_SEGMENTS;
}

int shim_elf__open(int fd, struct shim_elf *file)
{
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOMEM;
	file->fd = fd;
	/* Not mapped: the file may become shorter meanwhile. */
	file->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!file->elf)
		return -ENOENT;
	if (elf_kind(file->elf) == ELF_K_ELF && gelf_getehdr(file->elf, &file->header) &&
	    is_native(&file->header) && is_bounded(file->elf))
		return 0;
	elf_end(file->elf);
	return -ENOENT;
}

void shim_elf__close(struct shim_elf *file)
{
	elf_end(file->elf);
}

/* Reports whether `size` bytes at `at` lie inside the range. */
static bool is_inside(uint64_t at, uint64_t size, uint64_t start, uint64_t length)
{
	return at >= start && length >= size && at - start <= length - size;
}

bool shim_elf_find_segment(const struct shim_elf *file, uint64_t at, uint64_t size, bool by_address,
			   uint32_t flags, GElf_Phdr *segment)
{
	size_t count;

	if (elf_getphdrnum(file->elf, &count))
		return false;
	for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
		if (!gelf_getphdr(file->elf, (int)i, segment) || segment->p_type != PT_LOAD ||
		    (segment->p_flags & (PF_X | PF_W)) != flags)
			continue;
		if (is_inside(at, size, by_address ? segment->p_vaddr : segment->p_offset,
			      segment->p_filesz))
			return true;
	}
	return false;
}

/* Reports whether a section that is loaded with these flags has the bytes. */
static bool has_section(const struct shim_elf *file, uint64_t offset, uint64_t size, uint64_t flags,
			const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names))
		return false;
	while ((section = elf_nextscn(file->elf, section))) {
		const char *own;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS ||
		    (header.sh_flags & (SHF_ALLOC | flags)) != (SHF_ALLOC | flags) ||
		    !is_inside(offset, size, header.sh_offset, header.sh_size))
			continue;
		own = elf_strptr(file->elf, names, header.sh_name);
		if (!name || (own && !strcmp(own, name)))
			return true;
	}
	return false;
}

bool shim_elf__is_code(const struct shim_elf *file, uint64_t offset)
{
	GElf_Phdr segment;

	return shim_elf_find_segment(file, offset, 1, false, PF_X, &segment) &&
	       has_section(file, offset, 1, SHF_EXECINSTR, NULL);
}

bool shim_elf__is_semaphore(const struct shim_elf *file, uint64_t offset)
{
	GElf_Phdr segment;

	return !(offset % sizeof(uint16_t)) &&
	       shim_elf_find_segment(file, offset, sizeof(uint16_t), false, PF_W, &segment) &&
	       has_section(file, offset, sizeof(uint16_t), SHF_WRITE, ".probes");
}
