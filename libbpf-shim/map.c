// SPDX-License-Identifier: MIT
/* One operation on one element of a map. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>

#include "internal.h"
#include "system_call.h"

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

/*
 * One bpf(2) on an element; `value` is the next key where the command finds one. Not through
 * libbpf, which adds some nanoseconds to the call that guests make most.
 */
static int operate(const struct shim_map *map, int32_t command, const void *key, void *value,
		   uint64_t flags)
{
	union bpf_attr attr;
	const unsigned int size = offsetof(union bpf_attr, flags) + sizeof(attr.flags);

	attr.map_fd = (uint32_t)map->fd;
	/* After the descriptor: the kernel refuses padding that is not 0. */
	memset((char *)&attr + sizeof(attr.map_fd), 0,
	       offsetof(union bpf_attr, key) - sizeof(attr.map_fd));
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value;
	attr.flags = flags;
	return shim_bpf_error(
	    (int)system_call(SYS_bpf, (uintptr_t)command, (uintptr_t)&attr, size, 0));
}

static int next_key(const struct shim_map *map, const struct shim_memory *memory, uint32_t key,
		    uint32_t next)
{
	void *from = key ? shim_memory_at(memory, key, map->key_size) : NULL;
	void *to = shim_memory_at(memory, next, map->key_size);

	if (!to || (key && !from))
		return -EFAULT;
	return operate(map, BPF_MAP_GET_NEXT_KEY, from, to, 0);
}

static bool has_value(int32_t command)
{
	return command == BPF_MAP_LOOKUP_ELEM || command == BPF_MAP_UPDATE_ELEM ||
	       command == BPF_MAP_LOOKUP_AND_DELETE_ELEM;
}

int32_t shim_map__operate(struct shim_map *map, struct shim_memory *memory, int32_t command,
			  uint32_t key, uint32_t value, uint32_t next_key_offset,
			  uint32_t flags_low, uint32_t flags_high)
{
	uint64_t flags = (uint64_t)flags_high << 32 | flags_low;
	void *key_bytes, *value_bytes;
	int err;

	if (command == BPF_MAP_GET_NEXT_KEY)
		return next_key(map, memory, key, next_key_offset);
	err = key_at(map, memory, key, &key_bytes);
	if (err)
		return err;
	if (command == BPF_MAP_DELETE_ELEM)
		return operate(map, command, key_bytes, NULL, 0);
	value_bytes = shim_memory_at(memory, value, map->value_size);
	if (!value_bytes)
		return -EFAULT;
	return has_value(command) ? operate(map, command, key_bytes, value_bytes, flags) : -EINVAL;
}
