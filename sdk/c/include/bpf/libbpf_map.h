/* SPDX-License-Identifier: MIT */
/* Maps of objects, by libbpf's names. */
#ifndef WASM_BPF_LIBBPF_MAP_H
#define WASM_BPF_LIBBPF_MAP_H

#include "libbpf_handles.h"

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_MAP_H */
