// SPDX-License-Identifier: MIT
/*
 * Changes an eBPF object in the parts that control a reader: section headers and names, symbols,
 * relocations, types (BTF), their extension (BTF.ext), map definitions and instructions.
 */
#include <elf.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Upper bound of an input's size, far above the corpus. */
#define MAX_SIZE (4u << 20)

static const uint32_t NUMBERS[] = {
    0,		1,	    2,		3,	    4,		7,	    8,
    9,		15,	    16,		31,	    32,		33,	    63,
    64,		65,	    127,	128,	    255,	256,	    4095,
    4096,	4097,	    65535,	65536,	    0x7fff,	24,	    40,
    48,		1000,	    1024,	8192,	    1u << 20,	1u << 24,   0x7ffffffe,
    0x7fffffff, 0x80000000, 0x80000001, 0xfffffff0, 0xfffffff8, 0xfffffffe, 0xffffffff,
};

static const char *const NAMES[] = {
    ".maps",
    ".data",
    ".rodata",
    ".bss",
    ".kconfig",
    ".ksyms",
    ".struct_ops",
    ".struct_ops.link",
    "?.struct_ops",
    ".addr_space.1",
    ".jumptables",
    "license",
    "version",
    ".text",
    ".BTF",
    ".BTF.ext",
    ".rel.maps",
    ".rel.struct_ops",
    ".data.x",
    ".rodata.x",
    ".bss.x",
    ".symtab",
    "maps",
    "values",
    "type",
    "key",
    "value",
    "key_size",
    "value_size",
    "max_entries",
    "map_flags",
    "map_extra",
    "numa_node",
    "pinning",
    "CONFIG_HZ",
    "LINUX_KERNEL_VERSION",
    "tp/a/b",
    "kprobe/x",
    "uprobe//a:b",
    "usdt//a:b:c",
    "fentry/x",
    "struct_ops/x",
    "iter/task",
    "lsm/file_open",
    "xdp",
    "tc",
    "syscall",
    "sk_skb/stream_parser",
    "freplace/x",
    "exception_callback:x",
    "btf_decl_tag",
    "__bpf_usdt_specs",
    "",
    ".rel.text",
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static uint32_t number(struct random *random, uint32_t old)
{
	switch (random_below(random, 7)) {
	case 0:
		return old + 1;
	case 1:
		return old - 1;
	case 2:
		return 1u << random_below(random, 32);
	case 3:
		return old ^ 1u << random_below(random, 32);
	case 4:
		return random_below(random, 40);
	case 5:
		return (uint32_t)random_next(random);
	default:
		return NUMBERS[random_below(random, COUNT(NUMBERS))];
	}
}

/* ---- views ----------------------------------------------------------------------------------- */

/* Returns `size` bytes at `offset`, or NULL if they are not within the file. */
static void *view(const struct object *object, uint64_t offset, uint64_t size)
{
	if (size > object->size || offset > object->size - size)
		return NULL;
	return object->bytes + offset;
}

static uint32_t section_count(const struct object *object)
{
	const Elf64_Ehdr *header = view(object, 0, sizeof(*header));

	if (!header || !view(object, header->e_shoff, header->e_shnum * sizeof(Elf64_Shdr)))
		return 0;
	return header->e_shnum;
}

static Elf64_Shdr *section_at(const struct object *object, uint32_t index)
{
	const Elf64_Ehdr *header = view(object, 0, sizeof(*header));

	return index < section_count(object)
		   ? (Elf64_Shdr *)(object->bytes + header->e_shoff) + index
		   : NULL;
}

static const char *section_name(const struct object *object, const Elf64_Shdr *section)
{
	const Elf64_Ehdr *header = view(object, 0, sizeof(*header));
	const Elf64_Shdr *names = section_at(object, header->e_shstrndx);
	const char *name = names ? view(object, names->sh_offset + section->sh_name, 1) : NULL;

	return name && memchr(name, 0,
			      object->size - (size_t)((const uint8_t *)name - object->bytes))
		   ? name
		   : "";
}

static Elf64_Shdr *section_named(const struct object *object, const char *name)
{
	for (uint32_t i = 1; i < section_count(object); i++) {
		Elf64_Shdr *section = section_at(object, i);

		if (!strcmp(section_name(object, section), name) &&
		    view(object, section->sh_offset, section->sh_size))
			return section;
	}
	return NULL;
}

static Elf64_Shdr *section_of_type(const struct object *object, uint32_t type, uint64_t flag,
				   struct random *random)
{
	const uint32_t count = section_count(object), first = random_below(random, count);

	for (uint32_t i = 0; i < count; i++) {
		Elf64_Shdr *section = section_at(object, (first + i) % count);

		if (section->sh_type == type && (section->sh_flags & flag) == flag &&
		    section->sh_size && view(object, section->sh_offset, section->sh_size))
			return section;
	}
	return NULL;
}

/* Moves a section's content to the end of the file, with `more` bytes; its index stays the same. */
static uint8_t *extend(struct object *object, uint32_t index, size_t more)
{
	Elf64_Shdr *section = section_at(object, index);
	const size_t start = (object->size + 7) & ~(size_t)7;
	size_t size;
	uint8_t *grown;

	if (!section || section->sh_type == SHT_NOBITS ||
	    !view(object, section->sh_offset, section->sh_size))
		return NULL;
	size = section->sh_size;
	if (start + size + more > MAX_SIZE)
		return NULL;
	grown = realloc(object->bytes, start + size + more);
	if (!grown)
		return NULL;
	memset(grown + object->size, 0, start + size + more - object->size);
	object->bytes = grown;
	object->size = start + size + more;
	section = section_at(object, index);
	memcpy(grown + start, grown + section->sh_offset, size);
	section->sh_offset = start;
	section->sh_size = size + more;
	return grown + start + size;
}

static uint32_t index_of(const struct object *object, const Elf64_Shdr *section)
{
	return (uint32_t)(section - section_at(object, 0));
}

/* ---- mutations ------------------------------------------------------------------------------- */

static void change_header(struct object *object, struct random *random)
{
	Elf64_Ehdr *header = view(object, 0, sizeof(*header));

	if (!header)
		return;
	switch (random_below(random, 6)) {
	case 0:
		header->e_ident[random_below(random, 8)] ^= 1u << random_below(random, 8);
		break;
	case 1:
		header->e_machine = (uint16_t)number(random, header->e_machine);
		break;
	case 2:
		header->e_shnum = (uint16_t)number(random, header->e_shnum);
		break;
	case 3:
		header->e_shstrndx = (uint16_t)number(random, header->e_shstrndx);
		break;
	case 4:
		header->e_type = (uint16_t)number(random, header->e_type);
		break;
	default:
		header->e_shoff = number(random, (uint32_t)header->e_shoff);
	}
}

static void rename_section(struct object *object, struct random *random)
{
	const Elf64_Ehdr *header = view(object, 0, sizeof(*header));
	const uint32_t index = random_below(random, section_count(object));
	const char *name = NAMES[random_below(random, COUNT(NAMES))];
	const uint32_t names = header ? header->e_shstrndx : 0;
	uint8_t *at = section_at(object, index) ? extend(object, names, strlen(name) + 1) : NULL;

	if (!at)
		return;
	memcpy(at, name, strlen(name) + 1);
	section_at(object, index)->sh_name =
	    (uint32_t)(at - object->bytes - section_at(object, names)->sh_offset);
}

static void change_section(struct object *object, struct random *random)
{
	const uint32_t count = section_count(object);
	Elf64_Shdr *section = section_at(object, random_below(random, count));
	const Elf64_Shdr *other = section_at(object, random_below(random, count));

	if (!section)
		return;
	switch (random_below(random, 11)) {
	case 0:
		section->sh_type = random_below(random, 20);
		break;
	case 1:
		section->sh_flags ^= 1u << random_below(random, 12);
		break;
	case 2:
		section->sh_offset = number(random, (uint32_t)section->sh_offset);
		break;
	case 3:
		section->sh_size = number(random, (uint32_t)section->sh_size);
		break;
	case 4:
		section->sh_size = (uint64_t)number(random, 0) << 32 | section->sh_size;
		break;
	case 5:
		section->sh_link = random_below(random, count + 2);
		break;
	case 6:
		section->sh_info = random_below(random, count + 2);
		break;
	case 7:
		section->sh_entsize = number(random, (uint32_t)section->sh_entsize);
		break;
	case 8:
		section->sh_name = other->sh_name;
		break;
	case 9:
		*section = *other;
		break;
	default:
		section->sh_size = random_below(random, (uint32_t)section->sh_size + 9);
	}
}

static void change_symbol(struct object *object, struct random *random)
{
	Elf64_Shdr *section = section_of_type(object, SHT_SYMTAB, 0, random);
	const uint32_t count = section ? (uint32_t)(section->sh_size / sizeof(Elf64_Sym)) : 0;
	Elf64_Sym *symbols = section ? view(object, section->sh_offset, section->sh_size) : NULL;
	Elf64_Sym *symbol = symbols + random_below(random, count);
	const Elf64_Sym *other = symbols + random_below(random, count);

	if (!count)
		return;
	switch (random_below(random, 8)) {
	case 0:
		symbol->st_name = other->st_name;
		break;
	case 1:
		symbol->st_info = (uint8_t)random_next(random);
		break;
	case 2:
		symbol->st_shndx = (uint16_t)random_below(random, section_count(object) + 1);
		break;
	case 3:
		symbol->st_shndx = (uint16_t)number(random, symbol->st_shndx);
		break;
	case 4:
		symbol->st_value = number(random, (uint32_t)symbol->st_value);
		break;
	case 5:
		symbol->st_value += 8 * (random_below(random, 9) - 4ull);
		break;
	case 6:
		symbol->st_size = number(random, (uint32_t)symbol->st_size);
		break;
	default:
		*symbol = *other;
	}
}

static void change_relocation(struct object *object, struct random *random)
{
	Elf64_Shdr *section = section_of_type(object, SHT_REL, 0, random);
	const Elf64_Shdr *symbols = section_of_type(object, SHT_SYMTAB, 0, random);
	const uint32_t count = section ? (uint32_t)(section->sh_size / sizeof(Elf64_Rel)) : 0;
	Elf64_Rel *relocation = section ? view(object, section->sh_offset, section->sh_size) : NULL;
	uint64_t symbol;

	if (!count || !symbols)
		return;
	relocation += random_below(random, count);
	symbol = random_below(random, (uint32_t)(symbols->sh_size / sizeof(Elf64_Sym)) + 1);
	switch (random_below(random, 5)) {
	case 0:
		relocation->r_offset = number(random, (uint32_t)relocation->r_offset);
		break;
	case 1:
		relocation->r_offset += 8 * (random_below(random, 9) - 4ull);
		break;
	case 2:
		relocation->r_info = symbol << 32 | (uint32_t)relocation->r_info;
		break;
	case 3:
		relocation->r_info = relocation->r_info >> 32 << 32 | random_below(random, 12);
		break;
	default:
		relocation->r_offset = random_below(random, 64) * 8;
	}
}

static void change_instruction(struct object *object, struct random *random)
{
	Elf64_Shdr *section = section_of_type(object, SHT_PROGBITS, SHF_EXECINSTR, random);
	const uint32_t count = section ? (uint32_t)(section->sh_size / sizeof(struct bpf_insn)) : 0;
	struct bpf_insn *insn = section ? view(object, section->sh_offset, section->sh_size) : NULL;

	if (!count)
		return;
	insn += random_below(random, 3) ? random_below(random, count) : count - 1;
	switch (random_below(random, 8)) {
	case 0:
		insn->code = (uint8_t)random_next(random);
		break;
	case 1:
		insn->code = BPF_LD | BPF_IMM | BPF_DW;
		insn->src_reg = random_below(random, 8);
		break;
	case 2:
		insn->code = BPF_JMP | BPF_CALL;
		insn->src_reg = random_below(random, 4);
		break;
	case 3:
		insn->imm = (int32_t)number(random, (uint32_t)insn->imm);
		break;
	case 4:
		insn->off = (int16_t)number(random, (uint32_t)insn->off);
		break;
	case 5:
		insn->src_reg = random_below(random, 16);
		break;
	case 6:
		insn->dst_reg = random_below(random, 16);
		break;
	default:
		memset(insn, 0, sizeof(*insn));
	}
}

/* ---- types ----------------------------------------------------------------------------------- */

static uint32_t extra_words(uint32_t info)
{
	const uint32_t count = BTF_INFO_VLEN(info);

	switch (BTF_INFO_KIND(info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 1;
	case BTF_KIND_ARRAY:
		return 3;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 2 * count;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return 3 * count;
	default:
		return 0;
	}
}

#define MAX_TYPES 4096

/* Lists each type's words in a section of types; returns the number of types. */
static uint32_t list_types(const struct object *object, uint32_t *types[MAX_TYPES])
{
	const Elf64_Shdr *section = section_named(object, ".BTF");
	const struct btf_header *header = section && section->sh_size >= sizeof(*header)
					      ? view(object, section->sh_offset, sizeof(*header))
					      : NULL;
	uint32_t count = 0, words, at = 0;
	uint32_t *base;

	if (!header || (header->hdr_len | header->type_off) % 4)
		return 0;
	base =
	    view(object, section->sh_offset + header->hdr_len + header->type_off, header->type_len);
	words = header->type_len / 4;
	while (base && at + 3 <= words && count < MAX_TYPES) {
		const uint32_t size = 3 + extra_words(base[at + 1]);

		if (size > words - at)
			break;
		types[count++] = base + at;
		at += size;
	}
	return count;
}

/* Changes an array's length: map definitions consist of them. */
static void change_array(uint32_t *type, uint32_t count, struct random *random)
{
	switch (random_below(random, 6)) {
	case 0:
		type[3] = 1 + random_below(random, count);
		break;
	case 1:
		type[5] = number(random, type[5]);
		break;
	case 2:
		type[5] ^= 1u << random_below(random, 20);
		break;
	default:
		type[5] = random_below(random, 37);
	}
}

static void change_type(struct object *object, struct random *random)
{
	static uint32_t *types[MAX_TYPES];
	const uint32_t count = list_types(object, types);
	uint32_t *type = count ? types[random_below(random, count)] : NULL;
	uint32_t words;

	if (!type)
		return;
	words = extra_words(type[1]);
	switch (random_below(random, 9)) {
	case 0:
		type[1] = (type[1] & ~(31u << 24)) | random_below(random, 21) << 24;
		break;
	case 1:
		type[1] = (type[1] & ~0xffffu) | (number(random, type[1]) & 0xffff);
		break;
	case 2:
		type[1] ^= 1u << 31;
		break;
	case 3:
		type[2] = number(random, type[2]);
		break;
	case 4:
		type[2] = random_below(random, count + 2);
		break;
	case 5:
		type[0] = types[random_below(random, count)][0];
		break;
	default:
		if (BTF_INFO_KIND(type[1]) == BTF_KIND_ARRAY && random_below(random, 4))
			change_array(type, count, random);
		else if (words && random_below(random, 2))
			type[3 + random_below(random, words)] = random_below(random, count + 2);
		else if (words)
			type[3 + random_below(random, words)] =
			    number(random, type[3 + random_below(random, words)]);
	}
}

/* Changes only lengths of arrays: types, sizes and flags of maps. */
static void change_map(struct object *object, struct random *random)
{
	static uint32_t *types[MAX_TYPES];
	const uint32_t count = list_types(object, types), first = random_below(random, count);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t *type = types[(first + i) % count];

		if (BTF_INFO_KIND(type[1]) != BTF_KIND_ARRAY)
			continue;
		change_array(type, count, random);
		return;
	}
}

/* Renames a type or member to a name with a meaning. */
static void rename_type(struct object *object, struct random *random)
{
	static uint32_t *types[MAX_TYPES];
	const Elf64_Shdr *section = section_named(object, ".BTF");
	const char *name = NAMES[random_below(random, COUNT(NAMES))];
	struct btf_header *header;
	uint32_t count, index, at, words;
	uint8_t *end;

	if (!section || section->sh_size < sizeof(*header))
		return;
	index = index_of(object, section);
	end = extend(object, index, (strlen(name) + 4) & ~3u);
	if (!end)
		return;
	header = view(object, section_at(object, index)->sh_offset, sizeof(*header));
	at = header->str_len;
	if ((uint64_t)header->hdr_len + header->str_off + at != (uint64_t)(end - (uint8_t *)header))
		return;
	memcpy(end, name, strlen(name) + 1);
	header->str_len += (uint32_t)((strlen(name) + 4) & ~3u);
	count = list_types(object, types);
	index = random_below(random, count);
	words = count ? extra_words(types[index][1]) : 0;
	if (words >= 2 && random_below(random, 2))
		types[index][3 + random_below(random, words)] = at;
	else if (count)
		types[index][0] = at;
}

static void change_words(struct object *object, const char *name, uint32_t header,
			 struct random *random)
{
	const Elf64_Shdr *section = section_named(object, name);
	const uint32_t words = section ? (uint32_t)(section->sh_size / 4) : 0;
	uint32_t *base = section ? view(object, section->sh_offset, section->sh_size) : NULL;

	if (!words)
		return;
	base += random_below(random, random_below(random, 3) ? words : header);
	if (random_below(random, 3))
		*base = number(random, *base);
	else
		*base = random_below(random, 64);
}

/* ---- everything else ------------------------------------------------------------------------- */

/* Copies a section's content from a section of the same name in another object. */
static void cross(struct object *object, const struct object *other, struct random *random)
{
	const Elf64_Shdr *section = section_at(object, random_below(random, section_count(object)));
	const Elf64_Shdr *from =
	    section ? section_named(other, section_name(object, section)) : NULL;
	uint32_t index;
	uint8_t *to;

	if (!from || from->sh_type == SHT_NOBITS)
		return;
	index = index_of(object, section);
	if (!extend(object, index, from->sh_size))
		return;
	to = view(object, section_at(object, index)->sh_offset, from->sh_size);
	memcpy(to, other->bytes + from->sh_offset, from->sh_size);
	section_at(object, index)->sh_size = from->sh_size;
}

static void change_bytes(struct object *object, struct random *random)
{
	const uint32_t size = (uint32_t)object->size;

	switch (random_below(random, 4)) {
	case 0:
		object->size = 1 + random_below(random, size);
		break;
	case 1:
		object->bytes[random_below(random, size)] = (uint8_t)random_next(random);
		break;
	case 2:
		object->bytes[random_below(random, size)] ^= 1u << random_below(random, 8);
		break;
	default: {
		const uint32_t length = 1 + random_below(random, size < 64 ? size : 64);
		const uint32_t from = random_below(random, size - length + 1);
		const uint32_t to = random_below(random, size - length + 1);

		memmove(object->bytes + to, object->bytes + from, length);
	}
	}
}

static void change(struct object *object, const struct object *other, struct random *random)
{
	switch (random_below(random, 24)) {
	case 0:
		return change_header(object, random);
	case 1:
		return rename_section(object, random);
	case 2:
	case 3:
		return change_section(object, random);
	case 4:
	case 5:
		return change_symbol(object, random);
	case 6:
	case 7:
		return change_relocation(object, random);
	case 8:
	case 9:
	case 10:
		return change_instruction(object, random);
	case 11:
	case 12:
	case 13:
		return change_type(object, random);
	case 14:
	case 15:
	case 16:
	case 17:
		return change_map(object, random);
	case 18:
		return rename_type(object, random);
	case 19:
		return change_words(object, ".BTF", sizeof(struct btf_header) / 4, random);
	case 20:
	case 21:
		return change_words(object, ".BTF.ext", 8, random);
	case 22:
		return cross(object, other, random);
	default:
		if (!random_below(random, 4))
			change_bytes(object, random);
	}
}

struct object mutate(const struct object *corpus, size_t count, struct random *random)
{
	const struct object *sample = &corpus[random_below(random, (uint32_t)count)];
	struct object object = {.bytes = malloc(sample->size), .size = sample->size};
	const uint32_t times = 1 + random_below(random, 1u << random_below(random, 4));

	if (!object.bytes)
		abort();
	memcpy(object.bytes, sample->bytes, sample->size);
	for (uint32_t i = 0; i < times; i++)
		change(&object, &corpus[random_below(random, (uint32_t)count)], random);
	return object;
}
