// SPDX-License-Identifier: MIT
/*
 * Functions of ELF files, and what their bytes are mapped as.
 *
 * libbpf finds symbols as well, but converts their addresses by section headers alone, whatever the
 * section is. The kernel maps by program headers, so a place is looked up in these.
 */
#include <stdlib.h>
#include <string.h>

#include "probe.h"

/* Chromium has 30 MB of symbols, and linked files have under a hundred of the others; these bound
 * work on hostile files.
 */
#define MAX_SYMBOL_BYTES ((uint64_t)128 << 20)
#define MAX_SECTIONS 1024
#define MAX_SEGMENTS 128

/* Longer names match no pattern: each * makes the work grow by their length. */
#define MAX_NAME_LENGTH 4096

/* MAX_UPROBE_MULTI_CNT of the kernel. */
#define MAX_MATCHES ((size_t)1 << 20)

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

/* ---- what bytes are mapped as ---------------------------------------------------------------- */

/* Reports whether `size` bytes at `at` lie inside the range. */
static bool is_inside(uint64_t at, uint64_t size, uint64_t start, uint64_t length)
{
	return at >= start && length >= size && at - start <= length - size;
}

/* The first segment that is loaded with exactly these rights to write and execute, and fits. */
static bool find_segment(const struct shim_elf *file, uint64_t at, uint64_t size, bool by_address,
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

	return find_segment(file, offset, 1, false, PF_X, &segment) &&
	       has_section(file, offset, 1, SHF_EXECINSTR, NULL);
}

bool shim_elf__is_semaphore(const struct shim_elf *file, uint64_t offset)
{
	GElf_Phdr segment;

	return !(offset % sizeof(uint16_t)) &&
	       find_segment(file, offset, sizeof(uint16_t), false, PF_W, &segment) &&
	       has_section(file, offset, sizeof(uint16_t), SHF_WRITE, ".probes");
}

/* ---- symbols --------------------------------------------------------------------------------- */

/* The functions of one symbol table. */
struct symbols {
	const struct shim_elf *file;
	Elf_Data *data;
	size_t count;
	size_t names;
	size_t next;
	/* Of .dynsym only, or NULL. */
	Elf_Data *versions;
};

struct symbol {
	const char *name;
	uint8_t bind;
	/* Its number in .gnu.version, without the bit for hidden ones; 0 without a version. */
	uint16_t version;
	struct shim_function function;
};

static Elf_Scn *find_section(Elf *elf, uint32_t type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return section;
	}
	return NULL;
}

/* 0; -ENOENT when there is no such table, or a damaged one. */
static int open_symbols(const struct shim_elf *file, uint32_t type, struct symbols *symbols)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(file->elf, type, &header);

	*symbols = (struct symbols){.file = file};
	if (!section || header.sh_size > MAX_SYMBOL_BYTES ||
	    header.sh_entsize != gelf_fsize(file->elf, ELF_T_SYM, 1, EV_CURRENT))
		return -ENOENT;
	symbols->data = elf_getdata(section, NULL);
	if (!symbols->data)
		return -ENOENT;
	symbols->count = header.sh_size / header.sh_entsize;
	symbols->names = header.sh_link;
	section = type == SHT_DYNSYM ? find_section(file->elf, SHT_GNU_versym, &header) : NULL;
	if (section && header.sh_size <= MAX_SYMBOL_BYTES)
		symbols->versions = elf_getdata(section, NULL);
	return 0;
}

/* Reports whether the symbol is a function in code that is loaded from the file, and where there.
 */
static bool place_function(const struct shim_elf *file, const GElf_Sym *symbol,
			   struct shim_function *function)
{
	GElf_Phdr segment;

	if (GELF_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
	    !find_segment(file, symbol->st_value, 1, true, PF_X, &segment))
		return false;
	function->offset = symbol->st_value - segment.p_vaddr + segment.p_offset;
	function->size = symbol->st_size;
	return true;
}

static bool next_function(struct symbols *symbols, struct symbol *out)
{
	while (symbols->next < symbols->count && symbols->next <= INT32_MAX) {
		const int index = (int)symbols->next++;
		GElf_Versym version = 0;
		GElf_Sym symbol;

		if (!gelf_getsym(symbols->data, index, &symbol) ||
		    !place_function(symbols->file, &symbol, &out->function))
			continue;
		out->name = elf_strptr(symbols->file->elf, symbols->names, symbol.st_name);
		if (!out->name)
			continue;
		if (symbols->versions && !gelf_getversym(symbols->versions, index, &version))
			continue;
		out->version = version & 0x7fff;
		out->bind = GELF_ST_BIND(symbol.st_info);
		return true;
	}
	return false;
}

/* The number of a version that the file defines; 0 when it defines none of that name. */
static uint16_t find_version(const struct shim_elf *file, const char *name)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(file->elf, SHT_GNU_verdef, &header);
	Elf_Data *data =
	    section && header.sh_size <= MAX_SYMBOL_BYTES ? elf_getdata(section, NULL) : NULL;
	GElf_Verdef definition;
	int64_t at = 0;

	/* Each is after the one before, so a damaged list ends. */
	while (data && at <= INT32_MAX && gelf_getverdef(data, (int)at, &definition)) {
		const int64_t auxiliary = at + definition.vd_aux;
		GElf_Verdaux names;
		const char *own = NULL;

		if (auxiliary <= INT32_MAX && gelf_getverdaux(data, (int)auxiliary, &names))
			own = elf_strptr(file->elf, header.sh_link, names.vda_name);
		if (own && !strcmp(own, name))
			return definition.vd_ndx;
		if (!definition.vd_next)
			break;
		at += definition.vd_next;
	}
	return 0;
}

/* A name that was asked for, in its parts. */
struct wanted {
	const char *whole;
	size_t length;
	/* Text after @ or @@, or NULL. */
	const char *version;
};

static struct wanted split_name(const char *name)
{
	const char *at = strchr(name, '@');

	return (struct wanted){
	    .whole = name,
	    .length = at ? (size_t)(at - name) : strlen(name),
	    .version = at ? at + (at[1] == '@' ? 2 : 1) : NULL,
	};
}

/* Reports whether a symbol has the name. Those of .symtab carry their versions in it. */
static bool has_name(const struct symbol *symbol, const struct wanted *wanted, bool is_dynamic,
		     uint16_t version)
{
	const char *rest;

	if (strncmp(symbol->name, wanted->whole, wanted->length))
		return false;
	rest = symbol->name + wanted->length;
	if (*rest && *rest != '@')
		return false;
	if (!wanted->version)
		return true;
	return is_dynamic ? version && symbol->version == version
			  : !strcmp(symbol->name, wanted->whole);
}

static int find_in(const struct shim_elf *file, uint32_t type, const struct wanted *wanted,
		   struct shim_function *found)
{
	const bool is_dynamic = type == SHT_DYNSYM;
	const uint16_t version =
	    is_dynamic && wanted->version ? find_version(file, wanted->version) : 0;
	bool is_found = false, is_weak = false;
	struct symbols symbols;
	struct symbol symbol;

	if (open_symbols(file, type, &symbols))
		return -ENOENT;
	while (next_function(&symbols, &symbol)) {
		const bool weak = symbol.bind == STB_WEAK;

		if (!has_name(&symbol, wanted, is_dynamic, version) ||
		    (is_found && (weak || symbol.function.offset == found->offset)))
			continue;
		if (is_found && !is_weak)
			return -EINVAL;
		*found = symbol.function;
		is_found = true;
		is_weak = weak;
	}
	return is_found ? 0 : -ENOENT;
}

int shim_elf__find_function(const struct shim_elf *file, const char *name,
			    struct shim_function *found)
{
	const struct wanted wanted = split_name(name);
	int err = find_in(file, SHT_DYNSYM, &wanted, found);

	if (err == -ENOENT)
		err = find_in(file, SHT_SYMTAB, &wanted, found);
	if (!err && !shim_elf__is_code(file, found->offset))
		err = -ENOENT;
	return err;
}

/* ---- patterns -------------------------------------------------------------------------------- */

/* Reports whether the text matches. On a mismatch the last * takes one character more. */
static bool matches(const char *text, const char *pattern)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static int match_in(const struct shim_elf *file, uint32_t type, const char *pattern,
		    unsigned long **offsets, size_t *count)
{
	unsigned long *found = NULL;
	size_t used = 0, room = 0;
	struct symbols symbols;
	struct symbol symbol;
	int err = -ENOENT;

	if (open_symbols(file, type, &symbols))
		return -ENOENT;
	while (next_function(&symbols, &symbol)) {
		if (strnlen(symbol.name, MAX_NAME_LENGTH) == MAX_NAME_LENGTH ||
		    !matches(symbol.name, pattern) ||
		    !shim_elf__is_code(file, symbol.function.offset))
			continue;
		if (used == MAX_MATCHES) {
			err = -E2BIG;
			goto err_out;
		}
		if (used == room) {
			unsigned long *grown;

			room = room ? room * 2 : 64;
			grown = realloc(found, room * sizeof(*found));
			if (!grown) {
				err = -ENOMEM;
				goto err_out;
			}
			found = grown;
		}
		found[used++] = symbol.function.offset;
	}
	if (!used)
		goto err_out;
	*offsets = found;
	*count = used;
	return 0;

err_out:
	free(found);
	return err;
}

int shim_elf__match_functions(const struct shim_elf *file, const char *pattern,
			      unsigned long **offsets, size_t *count)
{
	int err = match_in(file, SHT_SYMTAB, pattern, offsets, count);

	return err == -ENOENT ? match_in(file, SHT_DYNSYM, pattern, offsets, count) : err;
}

/* ---- one place ------------------------------------------------------------------------------- */

/* Reports whether the symbol's name is, or matches, what a rule has; versions are left out. */
static bool is_named(const char *name, const char *pattern)
{
	char plain[MAX_NAME_LENGTH];
	const size_t length = strcspn(name, "@"), wanted = strcspn(pattern, "@");
	char own[MAX_NAME_LENGTH];

	if (length >= sizeof(own) || wanted >= sizeof(plain))
		return false;
	memcpy(own, name, length);
	own[length] = '\0';
	memcpy(plain, pattern, wanted);
	plain[wanted] = '\0';
	return matches(own, plain);
}

static bool covers_in(const struct shim_elf *file, uint32_t type, const char *pattern,
		      uint64_t offset)
{
	struct symbols symbols;
	struct symbol symbol;

	if (open_symbols(file, type, &symbols))
		return false;
	while (next_function(&symbols, &symbol)) {
		const struct shim_function *function = &symbol.function;

		/* A function without a size has its entry. */
		if (offset >= function->offset &&
		    offset - function->offset < (function->size ? function->size : 1) &&
		    is_named(symbol.name, pattern))
			return true;
	}
	return false;
}

bool shim_elf__covers(const struct shim_elf *file, const char *pattern, uint64_t offset)
{
	return covers_in(file, SHT_DYNSYM, pattern, offset) ||
	       covers_in(file, SHT_SYMTAB, pattern, offset);
}
