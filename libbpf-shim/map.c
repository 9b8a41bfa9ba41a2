// SPDX-License-Identifier: MIT
/* One operation on one element of a map. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "internal.h"

const char *shim_map__name(struct shim_map *map)
{
	return bpf_map__name(map->map);
}

int32_t shim_map__type(struct shim_map *map)
{
	return (int32_t)map->type;
}

int32_t shim_map__key_size(struct shim_map *map)
{
	return (int32_t)map->key_size;
}

int64_t shim_map__value_size(struct shim_map *map)
{
	return (int64_t)map->value_size;
}

int32_t shim_map__cpus(struct shim_map *map)
{
	return (int32_t)map->cpus;
}

int64_t shim_map__max_entries(struct shim_map *map)
{
	return bpf_map__max_entries(map->map);
}

/* Queues, stacks and bloom filters have no keys: the kernel wants a null pointer for theirs. */
static int key_at(const struct shim_map *map, const struct shim_memory *memory, uint32_t offset,
		  void **out)
{
	*out = map->key_size ? shim_memory_at(memory, offset, map->key_size) : NULL;
	return map->key_size && !*out ? -EFAULT : 0;
}

static int next_key(const struct shim_map *map, const struct shim_memory *memory, uint32_t key,
		    uint32_t next)
{
	void *from = key ? shim_memory_at(memory, key, map->key_size) : NULL;
	void *to = shim_memory_at(memory, next, map->key_size);

	if (!to || (key && !from))
		return -EFAULT;
	return bpf_map_get_next_key(map->fd, from, to);
}

/* The operations on one value. */
static int operate(const struct shim_map *map, int32_t command, const void *key, void *value,
		   uint64_t flags)
{
	switch (command) {
	case BPF_MAP_LOOKUP_ELEM:
		return bpf_map_lookup_elem_flags(map->fd, key, value, flags);
	case BPF_MAP_UPDATE_ELEM:
		return bpf_map_update_elem(map->fd, key, value, flags);
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
		return bpf_map_lookup_and_delete_elem_flags(map->fd, key, value, flags);
	default:
		return -EINVAL;
	}
}

int32_t shim_map__operate(struct shim_map *map, struct shim_memory *memory, int32_t command,
			  uint32_t key, uint32_t value, uint32_t next_key_offset,
			  uint32_t flags_low, uint32_t flags_high)
{
	uint64_t flags = (uint64_t)flags_high << 32 | flags_low;
	void *key_bytes, *value_bytes;
	int err;

	if (command == BPF_MAP_GET_NEXT_KEY)
		return shim_bpf_error(next_key(map, memory, key, next_key_offset));
	err = key_at(map, memory, key, &key_bytes);
	if (err)
		return err;
	if (command == BPF_MAP_DELETE_ELEM)
		return shim_bpf_error(bpf_map_delete_elem(map->fd, key_bytes));
	value_bytes = shim_memory_at(memory, value, map->value_size);
	if (!value_bytes)
		return -EFAULT;
	return shim_bpf_error(operate(map, command, key_bytes, value_bytes, flags));
}
