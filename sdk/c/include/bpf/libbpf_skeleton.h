/* SPDX-License-Identifier: MIT */
/*
 * Skeletons: what `bpftool gen skeleton` writes compiles as it is. One thing is otherwise than with
 * libbpf: `skel->bss` and its like are the guest's own copy of the programs' variables. Set before
 * the load or the attach, they are given to the programs then; afterwards bpf_map__refresh() reads
 * and bpf_map__flush() writes them.
 */
#ifndef WASM_BPF_LIBBPF_SKELETON_H
#define WASM_BPF_LIBBPF_SKELETON_H

#include "libbpf_program.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bpf_map_skeleton {
	const char *name;
	struct bpf_map **map;
	void **mmaped;
	struct bpf_link **link;
};

struct bpf_prog_skeleton {
	const char *name;
	struct bpf_program **prog;
	struct bpf_link **link;
};

struct bpf_object_skeleton {
	size_t sz;
	const char *name;
	const void *data;
	size_t data_sz;
	struct bpf_object **obj;
	int map_cnt;
	int map_skel_sz;
	struct bpf_map_skeleton *maps;
	int prog_cnt;
	int prog_skel_sz;
	struct bpf_prog_skeleton *progs;
	/* Of eunomia-bpf's skeletons, which have no `obj`. */
	size_t rodata_offset, bss_offset;
	struct bpf_object *own;
};

/* Skeletons have the size of these arrays' elements, which other versions may change. */
static inline struct bpf_map_skeleton *libbpf_wasm_map_skeleton(struct bpf_object_skeleton *s,
								int i)
{
	return (struct bpf_map_skeleton *)((char *)s->maps + i * s->map_skel_sz);
}

static inline struct bpf_prog_skeleton *libbpf_wasm_prog_skeleton(struct bpf_object_skeleton *s,
								  int i)
{
	return (struct bpf_prog_skeleton *)((char *)s->progs + i * s->prog_skel_sz);
}

/* Reports a name that the skeleton has and the file lacks: they are of different versions. */
static inline int libbpf_wasm_lacks(const char *what, const char *name)
{
	fputs("error: Cannot open the skeleton: the object has no ", stderr);
	fputs(what, stderr);
	fputs(name, stderr);
	fputs("\n", stderr);
	return libbpf_wasm_fail(ENOENT);
}

/** @brief Opens the skeleton's object and fills in its maps and programs. @return 0 or -errno */
static inline int bpf_object__open_skeleton(struct bpf_object_skeleton *s,
					    const struct bpf_object_open_opts *opts)
{
	struct bpf_object_open_opts named;
	struct bpf_object *obj;

	memset(&named, 0, sizeof(named));
	if (opts)
		named = *opts;
	if (!named.object_name)
		named.object_name = s->name;
	obj = bpf_object__open_mem(s->data, s->data_sz, &named);
	if (!obj)
		return -errno;
	s->own = obj;
	if (s->obj)
		*s->obj = obj;
	for (int i = 0; i < s->map_cnt; i++) {
		struct bpf_map_skeleton *map = libbpf_wasm_map_skeleton(s, i);

		*map->map = bpf_object__find_map_by_name(obj, map->name);
		if (!*map->map)
			return libbpf_wasm_lacks("map ", map->name);
		if (map->mmaped)
			*map->mmaped = (*map->map)->initial;
	}
	for (int i = 0; i < s->prog_cnt; i++) {
		struct bpf_prog_skeleton *prog = libbpf_wasm_prog_skeleton(s, i);

		*prog->prog = bpf_object__find_program_by_name(obj, prog->name);
		if (!*prog->prog)
			return libbpf_wasm_lacks("program ", prog->name);
	}
	return 0;
}

static inline int bpf_object__load_skeleton(struct bpf_object_skeleton *s)
{
	return bpf_object__load(s->own);
}

static inline void bpf_object__detach_skeleton(struct bpf_object_skeleton *s)
{
	for (int i = 0; i < s->prog_cnt; i++) {
		struct bpf_prog_skeleton *prog = libbpf_wasm_prog_skeleton(s, i);

		if (prog->link) {
			bpf_link__destroy(*prog->link);
			*prog->link = NULL;
		}
	}
}

/**
 * @brief Attaches every program that has a target or whose section has a place, except those that
 * are attached already or have autoattach off.
 * @return 0, or -errno: the reason stands on stderr
 */
static inline int bpf_object__attach_skeleton(struct bpf_object_skeleton *s)
{
	for (int i = 0; i < s->map_cnt; i++) {
		struct bpf_map *map = *libbpf_wasm_map_skeleton(s, i)->map;

		if (map->initial && strncmp(map->name, ".rodata", 7) && libbpf_wasm_was_set(map) &&
		    bpf_map__flush(map))
			return -errno;
	}
	if (libbpf_wasm_on_given)
		libbpf_wasm_on_given(s->own);
	for (int i = 0; i < s->prog_cnt; i++) {
		struct bpf_prog_skeleton *prog = libbpf_wasm_prog_skeleton(s, i);
		const struct bpf_program *program = *prog->prog;
		struct bpf_link *link;

		if (!libbpf_wasm_autoattaches(program) || (prog->link && *prog->link))
			continue;
		link = bpf_program__attach(program);
		if (!link)
			return -errno;
		if (prog->link)
			*prog->link = link;
		else
			free(link);
	}
	return 0;
}

/** @brief Detaches, closes the object and frees the skeleton; NULL is allowed. */
static inline void bpf_object__destroy_skeleton(struct bpf_object_skeleton *s)
{
	if (!s)
		return;
	if (s->progs)
		bpf_object__detach_skeleton(s);
	bpf_object__close(s->own);
	if (s->obj)
		*s->obj = NULL;
	free(s->maps);
	free(s->progs);
	free(s);
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_SKELETON_H */
