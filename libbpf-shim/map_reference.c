// SPDX-License-Identifier: MIT
/*
 * Maps whose values or keys are descriptors to the kernel: the caller names maps, programs and
 * processes, and the descriptors stay here.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"

/* { u32 interface or queue; i32 program } is the longest of them. */
#define VALUE_MAX 8

/* With the broker's descriptors: those of programs are nowhere else. */
static int32_t store(struct shim_map *map, struct shim_memory *memory, uint32_t key, uint32_t value,
		     struct shim_map *inner, struct shim_program *program, uint64_t flags)
{
	const void *key_bytes = shim_memory_at(memory, key, map->key_size);
	const void *value_bytes = shim_memory_at(memory, value, map->value_size);
	uint8_t stored[VALUE_MAX];
	int fd = 0;

	if (map->value_size < sizeof(fd) || map->value_size > VALUE_MAX)
		return -EINVAL;
	if (!key_bytes || !value_bytes)
		return -EFAULT;
	if (inner)
		fd = bpf_map__fd(inner->map);
	else if (program)
		fd = bpf_program__fd(program->program);
	if (fd < 0)
		return -EINVAL;
	memcpy(stored, value_bytes, map->value_size);
	memcpy(stored + map->value_size - sizeof(fd), &fd, sizeof(fd));
	return shim_bpf_error(bpf_map_update_elem(bpf_map__fd(map->map), key_bytes, stored, flags));
}

ON_BROKER_7(store_on_broker, store, struct shim_map *, struct shim_memory *, uint32_t, uint32_t,
	    struct shim_map *, struct shim_program *, uint64_t);

int32_t shim_map__store(struct shim_map *map, struct shim_memory *memory, uint32_t key,
			uint32_t value, struct shim_map *inner, struct shim_program *program,
			uint32_t flags_low, uint32_t flags_high)
{
	return store_on_broker(map, memory, key, value, inner, program,
			       (uint64_t)flags_high << 32 | flags_low);
}

static int operate(const struct shim_map *map, int32_t command, const void *key, void *value,
		   uint64_t flags)
{
	switch (command) {
	case BPF_MAP_LOOKUP_ELEM:
		return bpf_map_lookup_elem_flags(map->fd, key, value, flags);
	case BPF_MAP_UPDATE_ELEM:
		return bpf_map_update_elem(map->fd, key, value, flags);
	default:
		return bpf_map_delete_elem(map->fd, key);
	}
}

int32_t shim_map__operate_on_task(struct shim_map *map, struct shim_memory *memory, int32_t command,
				  uint32_t key, uint32_t value, uint32_t flags_low,
				  uint32_t flags_high)
{
	const void *pid_at = shim_memory_at(memory, key, sizeof(int32_t));
	void *value_bytes = NULL;
	int32_t pid;
	int fd, err;

	if (command < BPF_MAP_LOOKUP_ELEM || command > BPF_MAP_DELETE_ELEM)
		return -EOPNOTSUPP;
	if (!pid_at)
		return -EFAULT;
	if (command != BPF_MAP_DELETE_ELEM) {
		value_bytes = shim_memory_at(memory, value, map->value_size);
		if (!value_bytes)
			return -EFAULT;
	}
	memcpy(&pid, pid_at, sizeof(pid));
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return -errno;
	err = operate(map, command, &fd, value_bytes, (uint64_t)flags_high << 32 | flags_low);
	close(fd);
	return shim_bpf_error(err);
}

static int32_t map_id(struct shim_map *map)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int err = bpf_map_get_info_by_fd(bpf_map__fd(map->map), &info, &size);

	return err ? err : (int32_t)info.id;
}

ON_BROKER_1(shim_map__id, map_id, struct shim_map *);

static int32_t program_id(struct shim_program *program)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int err = bpf_prog_get_info_by_fd(bpf_program__fd(program->program), &info, &size);

	return err ? err : (int32_t)info.id;
}

ON_BROKER_1(shim_program__id, program_id, struct shim_program *);
