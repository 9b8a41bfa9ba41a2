// SPDX-License-Identifier: MIT
/*
 * The kernel's types by their names.
 *
 * For each type of an object that CO-RE relocates, libbpf compares the names of all types of the
 * kernel: half of the time of a load. The thread that reads them ahead also lists them by name. The
 * linker puts what is here in the place of a function that a patch adds to libbpf; see
 * third_party/libbpf/patches.
 */
#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* A power of two. */
#define LISTS 16384

struct shim_names {
	const struct btf *types;
	uint32_t count;
	/* Types of a list are in their order, 0 ends it. */
	uint32_t first[LISTS];
	uint32_t next[];
};

/* Of the object that this thread loads. */
static _Thread_local struct shim_names *in_use;

int __wrap_btf__next_candidate(const struct btf *btf, int from, const char *name, size_t len);

/*
 * CO-RE compares names up to their last "___": those that are equal there are equal up to the first
 * one, too.
 */
static uint32_t list_of(const char *name, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len && name[i]; i++) {
		if (name[i] == '_' && name[i + 1] == '_' && name[i + 2] == '_')
			break;
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	}
	return (hash ^ hash >> 16) & (LISTS - 1);
}

struct shim_names *shim_names_list(const struct btf *types)
{
	const uint32_t count = btf__type_cnt(types);
	struct shim_names *names = calloc(1, sizeof(*names) + count * sizeof(names->next[0]));

	if (!names)
		return NULL;
	names->types = types;
	names->count = count;
	for (uint32_t id = count - 1; id > 0; id--) {
		const struct btf_type *type = btf__type_by_id(types, id);
		uint32_t *first;

		/* Half of the names are those of functions, which nothing is relocated to. */
		if (!type->name_off || btf_is_func(type))
			continue;
		first =
		    &names->first[list_of(btf__name_by_offset(types, type->name_off), SIZE_MAX)];
		names->next[id] = *first;
		*first = id;
	}
	return names;
}

void shim_names_use(struct shim_names *names)
{
	free(in_use);
	in_use = names;
}

/* Returns the types' count after the last one. */
int __wrap_btf__next_candidate(const struct btf *btf, int from, const char *name, size_t len)
{
	uint32_t id;

	if (!in_use || btf != in_use->types)
		return from;
	id = in_use->first[list_of(name, len)];
	while (id && id < (uint32_t)from)
		id = in_use->next[id];
	return id ? (int)id : (int)in_use->count;
}
