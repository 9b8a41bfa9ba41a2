/* SPDX-License-Identifier: MIT */
/* Objects, their maps and programs, and links, by libbpf's names. */
#ifndef WASM_BPF_LIBBPF_OBJECT_H
#define WASM_BPF_LIBBPF_OBJECT_H

#include <stdio.h>
#include <stdlib.h>

#include "bpf.h"
#include "libbpf_elf.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bpf_object;

/* A map; belongs to its object. */
struct bpf_map {
	struct bpf_object *obj;
	uint64_t obj_ptr; /* the object's handle, for wasm_bpf_buffer_poll() */
	struct bpf_map *next;
	const char *name;
	int token;     /* -1 until bpf_map__fd() has asked for it */
	void *initial; /* of global variables: what the guest sees and sets; else NULL */
	size_t initial_size;
	void *known; /* what the programs had when libbpf_wasm_exchange() last looked; else NULL */
	bool no_autocreate;
};

/* A program; belongs to its object. */
struct bpf_program {
	struct bpf_object *obj;
	uint64_t obj_ptr;
	struct bpf_program *next;
	const char *name;
	const char *section;
	char *target; /* set by bpf_program__set_target(); NULL for the section's */
	bool no_autoload, no_autoattach;
	/* Where the program is in the file, by which libbpf orders them. */
	uint32_t section_index;
	uint64_t offset;
};

/* An attached program, until bpf_link__destroy() or the end of its object. */
struct bpf_link {
	int token;
};

struct bpf_object {
	uint64_t handle; /* the host's; 0 means not open */
	const unsigned char *elf;
	void *owned; /* bytes read from a file */
	const char *name;
	struct bpf_object *next;
	struct bpf_map *maps;
	struct bpf_program *programs;
	bool loaded;
};

/* All open objects: a map's token alone does not identify its object. */
__attribute__((weak)) struct bpf_object *libbpf_wasm_objects;

/* Notes what the programs were given; NULL except in programs with sdk/c/compat. */
__attribute__((weak)) void (*libbpf_wasm_on_given)(struct bpf_object *obj);

/*
 * Options of opening. The host knows the kernel's types and configuration itself: a program that
 * gives its own gets -EOPNOTSUPP. Those that libbpf has beyond these are not there.
 */
struct bpf_object_open_opts {
	size_t sz;
	const char *object_name;
	const char *btf_custom_path;
	const char *kconfig;
};

/* ---- maps ---------------------------------------------------------------------------------- */

/* From the dot on: libbpf puts the object's name in front of ".rodata" and its like. */
static inline const char *libbpf_wasm_section_of(const char *map_name)
{
	const char *dot = strchr(map_name, '.');

	return dot ? dot : map_name;
}

static inline struct bpf_map *libbpf_wasm_add_map(struct bpf_object *obj, const char *name)
{
	struct bpf_map *map = LIBBPF_WASM_CAST(struct bpf_map *, calloc(1, sizeof(*map)));
	struct bpf_map **end = &obj->maps;

	if (!map)
		return NULL;
	map->obj = obj;
	map->obj_ptr = obj->handle;
	map->name = name;
	map->token = -1;
	while (*end)
		end = &(*end)->next;
	*end = map;
	return map;
}

/* Memory for the variables of a section, with their initial values. */
static inline int libbpf_wasm_copy_section(struct bpf_map *map,
					   const struct libbpf_elf_section *section)
{
	map->initial_size = (size_t)section->size;
	/* A skeleton's struct of the variables ends at its own alignment, perhaps after them. */
	map->initial = calloc(1, (map->initial_size + 15) & ~(size_t)15);
	if (!map->initial)
		return -1;
	if (section->type != LIBBPF_ELF_NOBITS)
		memcpy(map->initial, map->obj->elf + (size_t)section->offset, map->initial_size);
	return 0;
}

static inline bool libbpf_wasm_holds_variables(const char *section)
{
	static const char *const names[] = {".rodata", ".data", ".bss"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);

		if (!strncmp(section, names[i], length) &&
		    (!section[length] || section[length] == '.'))
			return true;
	}
	return false;
}

/* The variables that the kernel's configuration gives values: zeros until the load. */
static inline int libbpf_wasm_add_kconfig(struct bpf_object *obj)
{
	const size_t size = libbpf_elf__kconfig_size(obj->elf);
	struct bpf_map *map;

	if (!size)
		return 0;
	map = libbpf_wasm_add_map(obj, ".kconfig");
	if (!map)
		return -1;
	map->initial_size = size;
	map->initial = calloc(1, (size + 15) & ~(size_t)15);
	return map->initial ? 0 : -1;
}

static inline int libbpf_wasm_find_maps(struct bpf_object *obj)
{
	const unsigned char *elf = obj->elf;
	const struct libbpf_elf_section *section;
	struct libbpf_elf_cursor at;
	struct bpf_map *map;

	memset(&at, 0, sizeof(at));
	while (libbpf_elf__next_symbol(elf, LIBBPF_ELF_OBJECT, &at)) {
		if (!strcmp(libbpf_elf__section_name(elf, at.symbol->section), ".maps") &&
		    !libbpf_wasm_add_map(obj, at.name))
			return -1;
	}
	for (uint32_t i = 1; (section = libbpf_elf__section(elf, i)); i++) {
		const char *name = libbpf_elf__section_name(elf, i);

		if (!section->size || !libbpf_wasm_holds_variables(name))
			continue;
		map = libbpf_wasm_add_map(obj, name);
		if (!map || libbpf_wasm_copy_section(map, section))
			return -1;
	}
	return libbpf_wasm_add_kconfig(obj);
}

static inline const char *bpf_map__name(const struct bpf_map *map)
{
	return map->name;
}

/** @brief The map's descriptor for bpf_map_lookup_elem() and its like; -EINVAL before the load. */
static inline int bpf_map__fd(const struct bpf_map *map)
{
	if (!map || !map->obj->loaded)
		return libbpf_wasm_fail(EINVAL);
	if (map->token < 0)
		((struct bpf_map *)map)->token =
		    wasm_bpf_map_fd_by_name(map->obj->handle, map->name);
	return libbpf_wasm_result(map->token);
}

static inline bool bpf_map__is_internal(const struct bpf_map *map)
{
	return map->initial != NULL;
}

/** @brief The memory of a section of global variables: set it before the load. NULL for others. */
static inline void *bpf_map__initial_value(const struct bpf_map *map, size_t *psize)
{
	if (psize)
		*psize = map->initial_size;
	return map->initial;
}

static inline int bpf_map__set_initial_value(struct bpf_map *map, const void *data, size_t size)
{
	if (!map->initial || size != map->initial_size)
		return libbpf_wasm_fail(EINVAL);
	if (map->obj->loaded)
		return libbpf_wasm_fail(EBUSY);
	memcpy(map->initial, data, size);
	return 0;
}

/* Zeros before the load. */
static inline struct wasm_bpf_map_info libbpf_wasm_map_info(const struct bpf_map *map)
{
	struct wasm_bpf_map_info info;

	int fd = bpf_map__fd(map);

	if (fd < 0 || wasm_bpf_map_info(fd, &info))
		memset(&info, 0, sizeof(info));
	return info;
}

/** @brief Returns the type of a loaded map in the kernel; 0 before the load. */
static inline enum bpf_map_type bpf_map__type(const struct bpf_map *map)
{
	return (enum bpf_map_type)libbpf_wasm_map_info(map).type;
}

static inline __u32 bpf_map__key_size(const struct bpf_map *map)
{
	return libbpf_wasm_map_info(map).key_size;
}

/** @brief Of one value; of a per-CPU map that of one CPU, rounded up to 8. */
static inline __u32 bpf_map__value_size(const struct bpf_map *map)
{
	struct wasm_bpf_map_info info = libbpf_wasm_map_info(map);

	return info.cpus ? info.value_size / info.cpus : 0;
}

static inline __u32 bpf_map__max_entries(const struct bpf_map *map)
{
	return libbpf_wasm_map_info(map).max_entries;
}

static inline int libbpf_wasm_configure_map(const struct bpf_map *map, uint32_t setting,
					    uint32_t value)
{
	return libbpf_wasm_result(
	    wasm_bpf_object_configure(map->obj->handle, map->name, setting, value));
}

/** @brief Until the load; -EBUSY after it. The same for the three below. */
static inline int bpf_map__set_max_entries(struct bpf_map *map, __u32 max_entries)
{
	return libbpf_wasm_configure_map(map, WASM_BPF_MAP_MAX_ENTRIES, max_entries);
}

static inline int bpf_map__set_key_size(struct bpf_map *map, __u32 size)
{
	return libbpf_wasm_configure_map(map, WASM_BPF_MAP_KEY_SIZE, size);
}

static inline int bpf_map__set_value_size(struct bpf_map *map, __u32 size)
{
	return libbpf_wasm_configure_map(map, WASM_BPF_MAP_VALUE_SIZE, size);
}

/** @brief Sets whether the load creates the map; without it, programs that use it must not be
 * loaded. */
static inline int bpf_map__set_autocreate(struct bpf_map *map, bool autocreate)
{
	int err = libbpf_wasm_configure_map(map, WASM_BPF_MAP_AUTOCREATE, autocreate);

	if (!err)
		map->no_autocreate = !autocreate;
	return err;
}

static inline bool bpf_map__autocreate(const struct bpf_map *map)
{
	return !map->no_autocreate;
}

/** @brief Between types that are created from key, value and size alone; -EINVAL for others. */
static inline int bpf_map__set_type(struct bpf_map *map, enum bpf_map_type type)
{
	return libbpf_wasm_configure_map(map, WASM_BPF_MAP_TYPE, (uint32_t)type);
}

static inline int libbpf_wasm_check_sizes(const struct bpf_map *map, size_t key_size,
					  size_t value_size, bool has_value)
{
	struct wasm_bpf_map_info info = libbpf_wasm_map_info(map);

	if (key_size != info.key_size || (has_value && value_size != info.value_size))
		return libbpf_wasm_fail(EINVAL);
	return 0;
}

/** @brief As bpf_map_lookup_elem_flags(), and the sizes are checked: -EINVAL. */
static inline int bpf_map__lookup_elem(const struct bpf_map *map, const void *key, size_t key_sz,
				       void *value, size_t value_sz, __u64 flags)
{
	int err = libbpf_wasm_check_sizes(map, key_sz, value_sz, true);

	return err ? err : bpf_map_lookup_elem_flags(map->token, key, value, flags);
}

static inline int bpf_map__update_elem(const struct bpf_map *map, const void *key, size_t key_sz,
				       const void *value, size_t value_sz, __u64 flags)
{
	int err = libbpf_wasm_check_sizes(map, key_sz, value_sz, true);

	return err ? err : bpf_map_update_elem(map->token, key, value, flags);
}

static inline int bpf_map__delete_elem(const struct bpf_map *map, const void *key, size_t key_sz,
				       __u64 flags)
{
	int err = libbpf_wasm_check_sizes(map, key_sz, 0, false);

	return err ? err : bpf_map_delete_elem_flags(map->token, key, flags);
}

static inline int bpf_map__lookup_and_delete_elem(const struct bpf_map *map, const void *key,
						  size_t key_sz, void *value, size_t value_sz,
						  __u64 flags)
{
	int err = libbpf_wasm_check_sizes(map, key_sz, value_sz, true);

	return err ? err : bpf_map_lookup_and_delete_elem_flags(map->token, key, value, flags);
}

static inline int bpf_map__get_next_key(const struct bpf_map *map, const void *cur_key,
					void *next_key, size_t key_sz)
{
	int err = libbpf_wasm_check_sizes(map, key_sz, 0, false);

	return err ? err : bpf_map_get_next_key(map->token, cur_key, next_key);
}

/* ---- objects ------------------------------------------------------------------------------- */

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

/* ---- programs and links -------------------------------------------------------------------- */

static inline const char *bpf_program__name(const struct bpf_program *prog)
{
	return prog->name;
}

static inline const char *bpf_program__section_name(const struct bpf_program *prog)
{
	return prog->section;
}

static inline bool bpf_program__autoload(const struct bpf_program *prog)
{
	return !prog->no_autoload;
}

/** @brief Sets whether the load includes the program. @return 0, or -EBUSY after it */
static inline int bpf_program__set_autoload(struct bpf_program *prog, bool autoload)
{
	int err = wasm_bpf_object_configure(prog->obj->handle, prog->name,
					    WASM_BPF_PROGRAM_AUTOLOAD, autoload);

	if (!err)
		prog->no_autoload = !autoload;
	return libbpf_wasm_result(err);
}

static inline int libbpf_wasm_configure_program(const struct bpf_program *prog, uint32_t setting,
						uint32_t value)
{
	return libbpf_wasm_result(
	    wasm_bpf_object_configure(prog->obj->handle, prog->name, setting, value));
}

/** @brief Until the load; not to or from struct_ops and extensions: -EINVAL. */
static inline int bpf_program__set_type(struct bpf_program *prog, enum bpf_prog_type type)
{
	return libbpf_wasm_configure_program(prog, WASM_BPF_PROGRAM_TYPE, (uint32_t)type);
}

static inline int bpf_program__set_expected_attach_type(struct bpf_program *prog,
							enum bpf_attach_type type)
{
	return libbpf_wasm_configure_program(prog, WASM_BPF_PROGRAM_ATTACH_TYPE, (uint32_t)type);
}

/**
 * @brief Sets which kernel function or hook a tracing or LSM program is for, until the load.
 * @param attach_prog_fd 0: a guest has no descriptors of other programs
 * @return 0; -EOPNOTSUPP for another program, -ESRCH when the kernel has no such function
 */
static inline int bpf_program__set_attach_target(struct bpf_program *prog, int attach_prog_fd,
						 const char *attach_func_name)
{
	if (attach_prog_fd)
		return libbpf_wasm_fail(EOPNOTSUPP);
	if (!attach_func_name)
		return libbpf_wasm_fail(EINVAL);
	return libbpf_wasm_result(
	    wasm_bpf_program_set_target(prog->obj->handle, prog->name, attach_func_name));
}

/** @brief A token for the program, to be written as an element of a program array. */
static inline int bpf_program__fd(const struct bpf_program *prog)
{
	return libbpf_wasm_result(wasm_bpf_program_token(prog->obj->handle, prog->name));
}

static inline bool bpf_program__autoattach(const struct bpf_program *prog)
{
	return !prog->no_autoattach;
}

/** @brief Sets whether attaching the whole object attaches this program. */
static inline void bpf_program__set_autoattach(struct bpf_program *prog, bool autoattach)
{
	prog->no_autoattach = !autoattach;
}

/**
 * @brief Sets the target that the program is attached to, in the form of its type: an interface, a
 * cgroup directory, … libbpf has a function a type instead, most of which take descriptors.
 * @return 0, or -ENOMEM
 */
static inline int bpf_program__set_target(struct bpf_program *prog, const char *target)
{
	char *copy = target ? strdup(target) : NULL;

	if (target && !copy)
		return libbpf_wasm_fail(ENOMEM);
	free(prog->target);
	prog->target = copy;
	return 0;
}

/** @brief Attaches to a target. @return NULL with errno set on failure; the reason is on stderr */
static inline struct bpf_link *bpf_program__attach_to(const struct bpf_program *prog,
						      const char *target)
{
	struct bpf_link *link = LIBBPF_WASM_CAST(struct bpf_link *, calloc(1, sizeof(*link)));

	if (!link)
		return NULL;
	link->token = wasm_bpf_link_attach(prog->obj->handle, prog->name, target);
	if (link->token < 0) {
		libbpf_wasm_result(link->token);
		free(link);
		return NULL;
	}
	return link;
}

/** @brief Attaches to the target of bpf_program__set_target(), or else to the section's. */
static inline struct bpf_link *bpf_program__attach(const struct bpf_program *prog)
{
	return bpf_program__attach_to(prog, prog->target);
}

/* Reports whether a section's name has a place for its programs; libbpf leaves out the others as
   well. */
static inline bool libbpf_wasm_attaches_itself(const char *section)
{
	static const char *const places[] = {
	    "tp/",	 "tracepoint/", "raw_tp",    "raw_tracepoint", "tp_btf/",
	    "kprobe",	 "kretprobe",	"ksyscall/", "kretsyscall/",   "uprobe",
	    "uretprobe", "usdt/",	"fentry",    "fexit",	       "fmod_ret",
	    "freplace",	 "lsm/",	"lsm.s/",    "iter",
	};

	if (!strchr(section, '/'))
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!strncmp(section, places[i], strlen(places[i])))
			return true;
	}
	return false;
}

/* Reports whether attaching everything is to attach this one. */
static inline bool libbpf_wasm_autoattaches(const struct bpf_program *prog)
{
	return !prog->no_autoload && !prog->no_autoattach &&
	       (prog->target || libbpf_wasm_attaches_itself(prog->section));
}

/**
 * @brief Attaches every program that has a target or whose section has a place, as a skeleton's
 * attach does; until the object is closed.
 * @return 0, or -errno of the first that failed: the reason stands on stderr
 */
static inline int bpf_object__attach(struct bpf_object *obj)
{
	struct bpf_program *prog;

	for (prog = obj->programs; prog; prog = prog->next) {
		struct bpf_link *link;

		if (!libbpf_wasm_autoattaches(prog))
			continue;
		link = bpf_program__attach(prog);
		if (!link)
			return -errno;
		/* The host keeps it attached. */
		free(link);
	}
	return 0;
}

/** @brief Detaches; the object stays loaded. @return 0; -EINVAL if its object is closed already */
static inline int bpf_link__destroy(struct bpf_link *link)
{
	int result;

	if (!link)
		return 0;
	result = libbpf_wasm_result(wasm_bpf_link_detach(link->token));
	free(link);
	return result;
}

static inline int bpf_link__fd(const struct bpf_link *link)
{
	return link->token;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_OBJECT_H */
