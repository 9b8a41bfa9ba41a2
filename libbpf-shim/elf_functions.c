// SPDX-License-Identifier: MIT
/*
 * Functions of ELF files by their names.
 *
 * libbpf finds symbols as well, but converts their addresses by section headers alone, whatever the
 * section is. The kernel maps by program headers, so a place is looked up in these.
 */
#include <string.h>

#include "elf_symbols.h"

/* Chromium has 30 MB of symbols; bounds work on hostile files. */
#define MAX_SYMBOL_BYTES ((uint64_t)128 << 20)

static Elf_Scn *find_section(Elf *elf, uint32_t type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return section;
	}
	return NULL;
}

int shim_symbols_open(const struct shim_elf *file, uint32_t type, struct shim_symbols *symbols)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(file->elf, type, &header);

	*symbols = (struct shim_symbols){.file = file};
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
	    !shim_elf_find_segment(file, symbol->st_value, 1, true, PF_X, &segment))
		return false;
	function->offset = symbol->st_value - segment.p_vaddr + segment.p_offset;
	function->size = symbol->st_size;
	return true;
}

bool shim_symbols_next(struct shim_symbols *symbols, struct shim_symbol *out)
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
static bool has_name(const struct shim_symbol *symbol, const struct wanted *wanted, bool is_dynamic,
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
	struct shim_symbols symbols;
	struct shim_symbol symbol;

	if (shim_symbols_open(file, type, &symbols))
		return -ENOENT;
	while (shim_symbols_next(&symbols, &symbol)) {
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
