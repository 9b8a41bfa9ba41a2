/* SPDX-License-Identifier: MIT */
/*
 * Global variables of all objects at once, for programs that take a skeleton's memory for the
 * kernel's own: what the guest changed goes to the programs, what they changed comes back. What
 * both change between two exchanges is the guest's.
 */
#ifndef WASM_BPF_LIBBPF_EXCHANGE_H
#define WASM_BPF_LIBBPF_EXCHANGE_H

#include "libbpf_program.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline bool libbpf_wasm_is_exchanged(const struct bpf_map *map)
{
	return map->initial && map->obj->loaded && strncmp(map->name, ".rodata", 7) &&
	       strcmp(map->name, ".kconfig");
}

/* The guest's changes are from here on those to what the memory has now. */
static inline void libbpf_wasm_note_given(struct bpf_object *obj)
{
	struct bpf_map *map;

	for (map = obj->maps; map; map = map->next) {
		if (!libbpf_wasm_is_exchanged(map))
			continue;
		if (!map->known)
			map->known = malloc(map->initial_size ? map->initial_size : 1);
		if (map->known)
			memcpy(map->known, map->initial, map->initial_size);
	}
}

/* Before any object is loaded. */
__attribute__((constructor)) static inline void libbpf_wasm_note_what_is_given(void)
{
	libbpf_wasm_on_given = libbpf_wasm_note_given;
}

/* Writes the bytes that differ from what the programs had, in runs. */
static inline void libbpf_wasm_give(struct bpf_map *map)
{
	const char *now = LIBBPF_WASM_CAST(const char *, map->initial);
	char *known = LIBBPF_WASM_CAST(char *, map->known);
	size_t at = 0, end;

	while (at < map->initial_size) {
		if (now[at] == known[at]) {
			at++;
			continue;
		}
		for (end = at; end < map->initial_size && now[end] != known[end];)
			end++;
		wasm_bpf_global_set(map->obj->handle, map->name, (uint32_t)at, now + at,
				    (uint32_t)(end - at));
		at = end;
	}
	memcpy(known, now, map->initial_size);
}

/** @brief Sends variables that the guest has changed since the last exchange to the programs. */
static inline void libbpf_wasm_give_variables(void)
{
	struct bpf_object *obj;
	struct bpf_map *map;

	for (obj = libbpf_wasm_objects; obj; obj = obj->next) {
		for (map = obj->maps; map; map = map->next) {
			if (libbpf_wasm_is_exchanged(map) && map->known)
				libbpf_wasm_give(map);
		}
	}
}

/** @brief The guest's memory has what the programs have now. */
static inline void libbpf_wasm_take_variables(void)
{
	struct bpf_object *obj;
	struct bpf_map *map;

	for (obj = libbpf_wasm_objects; obj; obj = obj->next) {
		for (map = obj->maps; map; map = map->next) {
			if (libbpf_wasm_is_exchanged(map) && map->known && bpf_map__fd(map) >= 0 &&
			    !libbpf_wasm_read_variables(map, map->initial))
				memcpy(map->known, map->initial, map->initial_size);
		}
	}
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_EXCHANGE_H */
