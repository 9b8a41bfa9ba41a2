/* SPDX-License-Identifier: MIT */
/* Objects, by libbpf's names: opened, configured, loaded and closed. */
#ifndef WASM_BPF_LIBBPF_OBJECT_H
#define WASM_BPF_LIBBPF_OBJECT_H

#include "libbpf_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In libbpf's order: by section, and by place in it. */
static inline void libbpf_wasm_insert_program(struct bpf_object *obj, struct bpf_program *program)
{
	struct bpf_program **at = &obj->programs;

	while (*at && ((*at)->section_index < program->section_index ||
		       ((*at)->section_index == program->section_index &&
			(*at)->offset <= program->offset)))
		at = &(*at)->next;
	program->next = *at;
	*at = program;
}

static inline int libbpf_wasm_find_programs(struct bpf_object *obj)
{
	struct libbpf_elf_cursor at;

	memset(&at, 0, sizeof(at));
	while (libbpf_elf__next_symbol(obj->elf, LIBBPF_ELF_FUNCTION, &at)) {
		struct bpf_program *program;

		if (!libbpf_elf__is_program(obj->elf, at.symbol))
			continue;
		program = LIBBPF_WASM_CAST(struct bpf_program *, calloc(1, sizeof(*program)));
		if (!program)
			return -1;
		program->obj = obj;
		program->obj_ptr = obj->handle;
		program->name = at.name;
		program->section = libbpf_elf__section_name(obj->elf, at.symbol->section);
		/* Sections that begin with it are loaded only on request. */
		program->no_autoload = program->section[0] == '?';
		program->section += program->no_autoload;
		program->section_index = at.symbol->section;
		program->offset = at.symbol->value;
		libbpf_wasm_insert_program(obj, program);
	}
	return 0;
}

/** @brief Detaches, frees and unloads everything of the object; NULL is allowed. */
static inline void bpf_object__close(struct bpf_object *obj)
{
	struct bpf_object **at = &libbpf_wasm_objects;

	if (!obj)
		return;
	while (*at && *at != obj)
		at = &(*at)->next;
	if (*at)
		*at = obj->next;
	while (obj->maps) {
		struct bpf_map *next = obj->maps->next;

		free(obj->maps->initial);
		free(obj->maps->known);
		free(obj->maps);
		obj->maps = next;
	}
	while (obj->programs) {
		struct bpf_program *next = obj->programs->next;

		free(obj->programs->target);
		free(obj->programs);
		obj->programs = next;
	}
	if (obj->handle)
		wasm_close_bpf_object(obj->handle);
	free(obj->owned);
	free(obj);
}

/**
 * @brief Opens a compiled eBPF object; nothing is loaded yet.
 * @param obj_buf the bytes of the ELF file; they must stay until the object is closed
 * @return NULL with errno set on failure; the reason stands on stderr
 */
static inline struct bpf_object *bpf_object__open_mem(const void *obj_buf, size_t obj_buf_sz,
						      const struct bpf_object_open_opts *opts)
{
	struct bpf_object *obj;

	if (opts && (opts->btf_custom_path || opts->kconfig)) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	obj = LIBBPF_WASM_CAST(struct bpf_object *, calloc(1, sizeof(*obj)));
	if (!obj)
		return NULL;
	obj->elf = LIBBPF_WASM_CAST(const unsigned char *, obj_buf);
	obj->name = opts && opts->object_name ? opts->object_name : "";
	obj->next = libbpf_wasm_objects;
	libbpf_wasm_objects = obj;
	obj->handle = wasm_bpf_object_open(obj_buf, (uint32_t)obj_buf_sz);
	if (!obj->handle) {
		bpf_object__close(obj);
		libbpf_wasm_result(-wasm_bpf_last_errno());
		return NULL;
	}
	if (libbpf_wasm_find_maps(obj) || libbpf_wasm_find_programs(obj)) {
		bpf_object__close(obj);
		errno = ENOMEM;
		return NULL;
	}
	return obj;
}

/** @brief Opens an object file, where the guest was given the folder it is in. */
static inline struct bpf_object *bpf_object__open_file(const char *path,
						       const struct bpf_object_open_opts *opts)
{
	struct bpf_object *obj = NULL;
	FILE *file = fopen(path, "rb");
	size_t size = 0, room = 0, got = 0;
	char *bytes = NULL;

	if (!file)
		return NULL;
	do {
		size += got;
		if (size == room) {
			char *larger = LIBBPF_WASM_CAST(char *, realloc(bytes, room + 65536));

			if (!larger)
				goto out;
			bytes = larger;
			room += 65536;
		}
		got = fread(bytes + size, 1, room - size, file);
	} while (got);
	if (!ferror(file))
		obj = bpf_object__open_mem(bytes, size, opts);
out:
	fclose(file);
	if (obj)
		obj->owned = bytes;
	else
		free(bytes);
	return obj;
}

static inline struct bpf_object *bpf_object__open(const char *path)
{
	return bpf_object__open_file(path, NULL);
}

/* Reports whether its variables have other values than the file gives them. */
static inline bool libbpf_wasm_was_set(const struct bpf_map *map)
{
	const struct libbpf_elf_section *section =
	    libbpf_elf__find_section(map->obj->elf, map->name);
	const char *value = LIBBPF_WASM_CAST(const char *, map->initial);

	/* The kernel's configuration is not the guest's to set. */
	if (!section)
		return false;
	if (section->type != LIBBPF_ELF_NOBITS)
		return memcmp(value, map->obj->elf + (size_t)section->offset, map->initial_size);
	for (size_t i = 0; i < map->initial_size; i++) {
		if (value[i])
			return true;
	}
	return false;
}

/** @brief Finds a map; global variables as ".rodata" or with an object's name in front. */
static inline struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *obj,
							   const char *name)
{
	struct bpf_map *map;

	for (map = obj->maps; map; map = map->next) {
		const char *wanted = map->initial ? libbpf_wasm_section_of(name) : name;

		if (!strcmp(map->name, wanted))
			return map;
	}
	errno = ENOENT;
	return NULL;
}

/* Copies what the programs have of a section of variables. 0 or -errno. */
static inline int libbpf_wasm_read_variables(const struct bpf_map *map, void *to)
{
	struct wasm_bpf_map_info info = libbpf_wasm_map_info(map);
	uint32_t zero = 0;

	/* One value, which the memory here was made for. */
	if (!info.value_size || info.value_size > ((map->initial_size + 15) & ~(size_t)15))
		return libbpf_wasm_fail(EINVAL);
	return bpf_map_lookup_elem(map->token, &zero, to);
}

/**
 * @brief Loads maps and programs into the kernel, with global variables as they were set.
 * @return 0, or negative: the reason stands on stderr
 */
static inline int bpf_object__load(struct bpf_object *obj)
{
	struct bpf_map *map;
	int err = 0;

	if (obj->loaded)
		return libbpf_wasm_fail(EALREADY);
	for (map = obj->maps; map && !err; map = map->next) {
		if (map->initial && libbpf_wasm_was_set(map))
			err = wasm_bpf_global_set(obj->handle, map->name, 0, map->initial,
						  (uint32_t)map->initial_size);
	}
	if (!err)
		err = wasm_bpf_object_load(obj->handle);
	obj->loaded = !err;
	map = err ? NULL : bpf_object__find_map_by_name(obj, ".kconfig");
	if (map)
		libbpf_wasm_read_variables(map, map->initial);
	if (!err && libbpf_wasm_on_given)
		libbpf_wasm_on_given(obj);
	return libbpf_wasm_result(err);
}

static inline const char *bpf_object__name(const struct bpf_object *obj)
{
	return obj->name;
}

static inline struct bpf_map *bpf_object__next_map(const struct bpf_object *obj,
						   const struct bpf_map *map)
{
	return map ? map->next : obj->maps;
}

#define bpf_object__for_each_map(pos, obj)                                                         \
	for ((pos) = bpf_object__next_map((obj), NULL); (pos);                                     \
	     (pos) = bpf_object__next_map((obj), (pos)))

static inline struct bpf_program *bpf_object__next_program(const struct bpf_object *obj,
							   struct bpf_program *prog)
{
	return prog ? prog->next : obj->programs;
}

#define bpf_object__for_each_program(pos, obj)                                                     \
	for ((pos) = bpf_object__next_program((obj), NULL); (pos);                                 \
	     (pos) = bpf_object__next_program((obj), (pos)))

static inline int bpf_object__find_map_fd_by_name(const struct bpf_object *obj, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

	return map ? bpf_map__fd(map) : libbpf_wasm_fail(ENOENT);
}

static inline struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *obj,
								   const char *name)
{
	struct bpf_program *program;

	for (program = obj->programs; program; program = program->next) {
		if (!strcmp(program->name, name))
			return program;
	}
	errno = ENOENT;
	return NULL;
}

/* Where a variable's value is in the memory of its section; NULL with errno set if it is not.
 */
static inline char *libbpf_wasm_variable(const struct bpf_object *obj, const char *name,
					 size_t size, struct bpf_map **map)
{
	struct libbpf_elf_cursor at;

	*map = NULL;
	if (libbpf_elf__find_symbol(obj->elf, LIBBPF_ELF_OBJECT, name, &at))
		*map = bpf_object__find_map_by_name(
		    obj, libbpf_elf__section_name(obj->elf, at.symbol->section));
	errno = !*map || !(*map)->initial ? ENOENT : at.symbol->size != size ? EINVAL : 0;
	return errno ? NULL : (char *)(*map)->initial + (size_t)at.symbol->value;
}

/**
 * @brief Sets a global variable of the eBPF half by its name, which libbpf does through a skeleton.
 * @return 0; -ENOENT if there is no such variable, -EINVAL if it has another size, -EPERM for a
 *         constant of a loaded object
 *
 * Before the load it sets what the variable starts with; later what it is.
 */
static inline int bpf_object__set_variable(struct bpf_object *obj, const char *name,
					   const void *value, size_t size)
{
	struct bpf_map *map;
	char *at = libbpf_wasm_variable(obj, name, size, &map);

	if (!at)
		return -errno;
	memcpy(at, value, size);
	if (!obj->loaded)
		return 0;
	return libbpf_wasm_result(wasm_bpf_global_set(
	    obj->handle, map->name, (uint32_t)(at - (char *)map->initial), value, (uint32_t)size));
}

/**
 * @brief Reads what the programs have made of global variables into the memory that
 * bpf_map__initial_value() and skeletons show. libbpf shares that memory with the kernel; a guest
 * has to ask.
 */
static inline int bpf_map__refresh(struct bpf_map *map)
{
	uint32_t zero = 0;
	int fd = bpf_map__fd(map);

	if (fd < 0 || !map->initial)
		return libbpf_wasm_fail(EINVAL);
	return bpf_map_lookup_elem(fd, &zero, map->initial);
}

/** @brief Reads a global variable as it is now. @return 0; -ENOENT, -EINVAL as when it is set */
static inline int bpf_object__get_variable(const struct bpf_object *obj, const char *name,
					   void *value, size_t size)
{
	struct bpf_map *map;
	const char *at = libbpf_wasm_variable(obj, name, size, &map);
	int err = !at ? -errno : obj->loaded ? bpf_map__refresh(map) : 0;

	if (!err)
		memcpy(value, at, size);
	return err;
}

/** @brief The other way: the programs get the variables as that memory has them. */
static inline int bpf_map__flush(struct bpf_map *map)
{
	if (!map->initial || !map->obj->loaded)
		return libbpf_wasm_fail(EINVAL);
	return libbpf_wasm_result(wasm_bpf_global_set(map->obj->handle, map->name, 0, map->initial,
						      (uint32_t)map->initial_size));
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_OBJECT_H */
