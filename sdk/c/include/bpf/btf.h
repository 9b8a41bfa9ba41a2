/* SPDX-License-Identifier: MIT */
/*
 * BTF by libbpf's names: reading raw BTF from files that the guest was given (--dir
 * /sys/kernel/btf), and a set of strings. Types cannot be added, loaded or dumped.
 */
#ifndef WASM_BPF_BPF_BTF_H
#define WASM_BPF_BPF_BTF_H

#include <stdlib.h>

#include "libbpf_elf.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef __LINUX_BTF_H__
enum {
	BTF_KIND_UNKN,
	BTF_KIND_INT,
	BTF_KIND_PTR,
	BTF_KIND_ARRAY,
	BTF_KIND_STRUCT,
	BTF_KIND_UNION,
	BTF_KIND_ENUM,
	BTF_KIND_FWD,
	BTF_KIND_TYPEDEF,
	BTF_KIND_VOLATILE,
	BTF_KIND_CONST,
	BTF_KIND_RESTRICT,
	BTF_KIND_FUNC,
	BTF_KIND_FUNC_PROTO,
	BTF_KIND_VAR,
	BTF_KIND_DATASEC,
	BTF_KIND_FLOAT,
	BTF_KIND_DECL_TAG,
	BTF_KIND_TYPE_TAG,
	BTF_KIND_ENUM64,
};

#define BTF_INFO_KIND(info) (((info) >> 24) & 0x1f)
#define BTF_INFO_VLEN(info) ((info)&0xffff)

struct btf_type {
	__u32 name_off;
	__u32 info;
	union {
		__u32 size;
		__u32 type;
	};
};

struct btf_member {
	__u32 name_off;
	__u32 type;
	__u32 offset;
};

struct btf_param {
	__u32 name_off;
	__u32 type;
};

struct btf_array {
	__u32 type;
	__u32 index_type;
	__u32 nelems;
};
#endif

struct btf {
	const struct btf *base;
	char *bytes; /* of a file; strings and types are in it */
	char *strings;
	__u32 strings_size, strings_room;
	const struct btf_type **types; /* by number, from the first of its own */
	__u32 first, count;
	bool is_mine; /* whether `strings` is memory of its own */
};

static inline void btf__free(struct btf *btf)
{
	if (!btf)
		return;
	if (btf->is_mine)
		free(btf->strings);
	free(btf->types);
	free(btf->bytes);
	free(btf);
}

/* ---- reading ------------------------------------------------------------------------------- */

static inline int libbpf_wasm_btf_index(struct btf *btf, const char *at, const char *end)
{
	__u32 room = 0;

	btf->first = btf->base ? btf->base->first + btf->base->count : 1;
	while (end - at >= (ptrdiff_t)sizeof(struct btf_type)) {
		const struct btf_type *type = (const struct btf_type *)(const void *)at;
		const size_t size = sizeof(*type) + 4 * libbpf_elf__type_words(type->info);

		if ((size_t)(end - at) < size)
			return -1;
		if (btf->count == room) {
			void *larger;

			room = room ? 2 * room : 1024;
			larger = realloc(btf->types, room * sizeof(*btf->types));
			if (!larger)
				return -1;
			btf->types = LIBBPF_WASM_CAST(const struct btf_type **, larger);
		}
		btf->types[btf->count++] = type;
		at += size;
	}
	return at == end ? 0 : -1;
}

/* Takes over the bytes of a file. */
static inline int libbpf_wasm_btf_read(struct btf *btf, size_t size)
{
	const struct libbpf_elf_btf *header =
	    (const struct libbpf_elf_btf *)(const void *)btf->bytes;
	size_t body;

	if (size < sizeof(*header) || header->magic != 0xeb9f || header->header_size > size ||
	    header->header_size % 4)
		return -1;
	body = size - header->header_size;
	if (header->types > body || header->types_size > body - header->types ||
	    header->types % 4 || header->strings > body ||
	    header->strings_size > body - header->strings || !header->strings_size)
		return -1;
	btf->strings = btf->bytes + header->header_size + header->strings;
	btf->strings_size = header->strings_size;
	if (btf->strings[btf->strings_size - 1])
		return -1;
	return libbpf_wasm_btf_index(btf, btf->bytes + header->header_size + header->types,
				     btf->bytes + header->header_size + header->types +
					 header->types_size);
}

/* Reads a whole file without knowing its size, which /sys does not report. */
static inline char *libbpf_wasm_read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	size_t room = 0, got = 0;
	char *bytes = NULL;

	*size = 0;
	if (!file)
		return NULL;
	do {
		*size += got;
		if (*size == room) {
			void *larger = realloc(bytes, room ? 2 * room : 65536);

			if (!larger)
				break;
			bytes = LIBBPF_WASM_CAST(char *, larger);
			room = room ? 2 * room : 65536;
		}
		got = fread(bytes + *size, 1, room - *size, file);
	} while (got);
	fclose(file);
	if (!got)
		return bytes;
	free(bytes);
	errno = ENOMEM;
	return NULL;
}

/** @brief Reads raw BTF of a kernel module, on top of the kernel. @return NULL with errno set */
static inline struct btf *btf__parse_split(const char *path, struct btf *base_btf)
{
	struct btf *btf = LIBBPF_WASM_CAST(struct btf *, calloc(1, sizeof(*btf)));
	size_t size;

	if (!btf)
		return NULL;
	btf->base = base_btf;
	btf->bytes = libbpf_wasm_read_file(path, &size);
	if (!btf->bytes) {
		free(btf);
		return NULL;
	}
	if (!libbpf_wasm_btf_read(btf, size))
		return btf;
	btf__free(btf);
	errno = EINVAL;
	return NULL;
}

/** @param btf_ext must be NULL: EOPNOTSUPP */
static inline struct btf *btf__parse(const char *path, void **btf_ext)
{
	if (!btf_ext)
		return btf__parse_split(path, NULL);
	errno = EOPNOTSUPP;
	return NULL;
}

static inline struct btf *btf__load_vmlinux_btf(void)
{
	return btf__parse("/sys/kernel/btf/vmlinux", NULL);
}

static inline struct btf *btf__load_module_btf(const char *module_name, struct btf *vmlinux_btf)
{
	char path[128];

	if (snprintf(path, sizeof(path), "/sys/kernel/btf/%s", module_name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return btf__parse_split(path, vmlinux_btf);
}

/* ---- looking up ---------------------------------------------------------------------------- */

static inline __u32 btf__type_cnt(const struct btf *btf)
{
	return btf->first + btf->count;
}

/** @brief NULL with errno EINVAL when there is no such type; 0 is void. */
static inline const struct btf_type *btf__type_by_id(const struct btf *btf, __u32 type_id)
{
	static const struct btf_type nothing = {0, 0, {0}};

	if (!type_id)
		return &nothing;
	while (btf && type_id < btf->first)
		btf = btf->base;
	if (btf && type_id - btf->first < btf->count)
		return btf->types[type_id - btf->first];
	errno = EINVAL;
	return NULL;
}

static inline const char *btf__str_by_offset(const struct btf *btf, __u32 offset)
{
	const __u32 before = btf->base ? btf->base->strings_size : 0;

	if (offset < before)
		return btf__str_by_offset(btf->base, offset);
	if (offset - before < btf->strings_size)
		return btf->strings + (offset - before);
	errno = EINVAL;
	return NULL;
}

static inline const char *btf__name_by_offset(const struct btf *btf, __u32 offset)
{
	return btf__str_by_offset(btf, offset);
}

/** @return the type's number, or -ENOENT */
static inline __s32 btf__find_by_name_kind(const struct btf *btf, const char *type_name, __u32 kind)
{
	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name;

		if (!type || BTF_INFO_KIND(type->info) != kind)
			continue;
		name = btf__str_by_offset(btf, type->name_off);
		if (name && !strcmp(name, type_name))
			return (__s32)id;
	}
	return libbpf_wasm_fail(ENOENT);
}

/** @brief Bytes of a type. @return -EINVAL for those without */
static inline __s64 btf__resolve_size(const struct btf *btf, __u32 type_id)
{
	__s64 count = 1;

	for (int depth = 0; depth < 32; depth++) {
		const struct btf_type *type = btf__type_by_id(btf, type_id);
		const struct btf_array *array = (const struct btf_array *)(const void *)(type + 1);

		if (!type)
			break;
		switch (BTF_INFO_KIND(type->info)) {
		case BTF_KIND_INT:
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
		case BTF_KIND_DATASEC:
		case BTF_KIND_FLOAT:
			return count * type->size;
		case BTF_KIND_PTR:
			return count * 8;
		case BTF_KIND_ARRAY:
			count *= array->nelems;
			type_id = array->type;
			break;
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_VAR:
		case BTF_KIND_DECL_TAG:
		case BTF_KIND_TYPE_TAG:
			type_id = type->type;
			break;
		default:
			return libbpf_wasm_fail(EINVAL);
		}
	}
	return libbpf_wasm_fail(EINVAL);
}

/* ---- a set of strings ---------------------------------------------------------------------- */

/** @brief Without types; btf__add_str() fills it. */
static inline struct btf *btf__new_empty(void)
{
	struct btf *btf = LIBBPF_WASM_CAST(struct btf *, calloc(1, sizeof(*btf)));

	if (!btf)
		return NULL;
	btf->first = 1;
	btf->is_mine = true;
	btf->strings = LIBBPF_WASM_CAST(char *, calloc(1, 1));
	btf->strings_size = btf->strings_room = 1;
	if (btf->strings)
		return btf;
	free(btf);
	return NULL;
}

/** @brief Adds a string; equal ones are there as often as they are added. @return its offset */
static inline int btf__add_str(struct btf *btf, const char *text)
{
	const size_t size = strlen(text) + 1;
	const __u32 at = btf->strings_size;

	if (!btf->is_mine)
		return libbpf_wasm_fail(EOPNOTSUPP);
	if (size > INT32_MAX / 4U - at)
		return libbpf_wasm_fail(E2BIG);
	if (at + size > btf->strings_room) {
		const size_t room = 2 * (at + size);
		void *larger = realloc(btf->strings, room);

		if (!larger)
			return libbpf_wasm_fail(ENOMEM);
		btf->strings = LIBBPF_WASM_CAST(char *, larger);
		btf->strings_room = (__u32)room;
	}
	memcpy(btf->strings + at, text, size);
	btf->strings_size += (__u32)size;
	return (int)at;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_BPF_BTF_H */
