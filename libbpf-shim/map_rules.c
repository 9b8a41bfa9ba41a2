// SPDX-License-Identifier: MIT
/*
 * Map types and flags that an object may have, by what made the map.
 *
 * A type from the file chooses which of libbpf's pointers are used: one that the maker of the map
 * has not set is NULL, and this process ends. Flags choose what a page of the map does to the
 * reader. The list is made of what the kernel takes, less what only libbpf or a host may ask for.
 */
#include <bpf/libbpf.h>
#include <stdio.h>

#include "budget.h"

/* Newer than the headers of some fallback libbpf versions. */
#define TYPE_ARENA 33
#define TYPE_INSN_ARRAY 34
#define FLAG_NO_USER_CONV (1u << 18)

#define ACCESS (BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)
#define USER_ACCESS (BPF_F_RDONLY | BPF_F_WRONLY)
#define NODE BPF_F_NUMA_NODE

enum maker {
	DECLARED = 1,	/* in .maps */
	STRUCT_OPS = 2, /* libbpf, of a section .struct_ops */
	LIBBPF = 4,	/* libbpf, while it loads */
};

struct rule {
	uint32_t flags;
	uint32_t makers;
};

static const struct rule rules[] = {
    [BPF_MAP_TYPE_HASH] = {BPF_F_NO_PREALLOC | NODE | BPF_F_ZERO_SEED | ACCESS, DECLARED},
    [BPF_MAP_TYPE_ARRAY] = {NODE | BPF_F_MMAPABLE | BPF_F_INNER_MAP | ACCESS, DECLARED | LIBBPF},
    [BPF_MAP_TYPE_PROG_ARRAY] = {NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_PERF_EVENT_ARRAY] = {NODE | BPF_F_PRESERVE_ELEMS | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_PERCPU_HASH] = {BPF_F_NO_PREALLOC | NODE | BPF_F_ZERO_SEED | ACCESS, DECLARED},
    [BPF_MAP_TYPE_PERCPU_ARRAY] = {NODE | ACCESS, DECLARED},
    [BPF_MAP_TYPE_STACK_TRACE] = {NODE | BPF_F_STACK_BUILD_ID | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_CGROUP_ARRAY] = {NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_LRU_HASH] = {BPF_F_NO_COMMON_LRU | NODE | BPF_F_ZERO_SEED | ACCESS, DECLARED},
    [BPF_MAP_TYPE_LRU_PERCPU_HASH] = {BPF_F_NO_COMMON_LRU | NODE | BPF_F_ZERO_SEED | ACCESS,
				      DECLARED},
    [BPF_MAP_TYPE_LPM_TRIE] = {BPF_F_NO_PREALLOC | NODE | ACCESS, DECLARED},
    [BPF_MAP_TYPE_ARRAY_OF_MAPS] = {NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_HASH_OF_MAPS] = {BPF_F_NO_PREALLOC | NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_DEVMAP] = {NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_SOCKMAP] = {NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_CPUMAP] = {NODE, DECLARED},
    [BPF_MAP_TYPE_XSKMAP] = {NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_SOCKHASH] = {NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_CGROUP_STORAGE_DEPRECATED] = {NODE | ACCESS, DECLARED},
    [BPF_MAP_TYPE_REUSEPORT_SOCKARRAY] = {NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE_DEPRECATED] = {NODE | ACCESS, DECLARED},
    [BPF_MAP_TYPE_QUEUE] = {NODE | ACCESS, DECLARED},
    [BPF_MAP_TYPE_STACK] = {NODE | ACCESS, DECLARED},
    [BPF_MAP_TYPE_SK_STORAGE] = {BPF_F_NO_PREALLOC | BPF_F_CLONE, DECLARED},
    [BPF_MAP_TYPE_DEVMAP_HASH] = {NODE | USER_ACCESS, DECLARED},
    [BPF_MAP_TYPE_STRUCT_OPS] = {BPF_F_LINK | BPF_F_VTYPE_BTF_OBJ_FD, STRUCT_OPS},
    /* Not BPF_F_RB_OVERWRITE: records would change while they are read. */
    [BPF_MAP_TYPE_RINGBUF] = {NODE, DECLARED},
    [BPF_MAP_TYPE_INODE_STORAGE] = {BPF_F_NO_PREALLOC | BPF_F_CLONE, DECLARED},
    [BPF_MAP_TYPE_TASK_STORAGE] = {BPF_F_NO_PREALLOC | BPF_F_CLONE, DECLARED},
    [BPF_MAP_TYPE_BLOOM_FILTER] = {NODE | BPF_F_ZERO_SEED | ACCESS, DECLARED},
    [BPF_MAP_TYPE_USER_RINGBUF] = {NODE, DECLARED},
    [BPF_MAP_TYPE_CGRP_STORAGE] = {BPF_F_NO_PREALLOC | BPF_F_CLONE, DECLARED},
    /* Not BPF_F_SEGV_ON_FAULT: libbpf writes the initial values to pages that are not there yet. */
    [TYPE_ARENA] = {BPF_F_MMAPABLE | FLAG_NO_USER_CONV | NODE, DECLARED},
    [TYPE_INSN_ARRAY] = {BPF_F_RDONLY_PROG, LIBBPF},
};

static const struct rule *rule_of(uint32_t type)
{
	if (type >= sizeof(rules) / sizeof(rules[0]) || !rules[type].makers)
		return NULL;
	return &rules[type];
}

/* Writes the reason for refusing a map of `maker` to `text`; returns false for an allowed one. */
static bool is_refused(uint32_t type, uint32_t flags, enum maker maker, char *text, size_t size)
{
	const struct rule *rule = rule_of(type);

	if (!rule)
		snprintf(text, size, "map type %u is unknown", type);
	else if (!(rule->makers & maker) && type == BPF_MAP_TYPE_STRUCT_OPS)
		snprintf(text, size, "a struct_ops map is declared in SEC(\".struct_ops\") only");
	else if (!(rule->makers & maker))
		snprintf(text, size, "map type %u is not for maps that are declared like this",
			 type);
	else if (flags & ~rule->flags)
		snprintf(text, size, "map type %u does not take the flags 0x%x", type,
			 flags & ~rule->flags);
	else
		return false;
	return true;
}

/* Global variables are one array with one value; nothing that follows looks again. */
static bool is_global_data(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_ARRAY && bpf_map__key_size(map) == 4 &&
	       bpf_map__max_entries(map) == 1 &&
	       !(bpf_map__map_flags(map) & ~(uint32_t)(BPF_F_MMAPABLE | BPF_F_RDONLY_PROG));
}

static bool map_is_refused(const struct bpf_map *map, enum maker maker, char *text, size_t size)
{
	return is_refused(bpf_map__type(map), bpf_map__map_flags(map), maker, text, size);
}

static bool any_is_refused(struct bpf_map *map, char *text, size_t size)
{
	const struct bpf_map *inner;

	if (bpf_map__is_internal(map)) {
		snprintf(text, size, "a section of global variables is an array of one value");
		return !is_global_data(map);
	}
	/* libbpf attaches by itself what it made of a section .struct_ops, and nothing else. */
	if (map_is_refused(map, bpf_map__autoattach(map) ? STRUCT_OPS : DECLARED, text, size))
		return true;
	inner = bpf_map__inner_map(map);
	return inner && map_is_refused(inner, DECLARED, text, size);
}

int map_rules_check(const struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		char text[128];

		if (!any_is_refused(map, text, sizeof(text)))
			continue;
		shim_log_add("map '%s' is refused: %s\n", bpf_map__name(map), text);
		return -EINVAL;
	}
	return 0;
}

const char *map_shape_refusal(const struct map_shape *shape)
{
	static _Thread_local char text[128];
	const enum maker any = DECLARED | STRUCT_OPS | LIBBPF;

	return is_refused(shape->type, shape->flags, any, text, sizeof(text)) ? text : NULL;
}
