// SPDX-License-Identifier: MIT
/* What can be said of an object's programs and maps between open and load. */
#include <bpf/libbpf.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"

/*
 * libbpf compares an arena with its global variables when it opens an object, and copies them into
 * it when it loads that, without another look.
 */
static bool holds_globals(const struct bpf_map *map, uint32_t pages)
{
	size_t size = 0;

	if (bpf_map__type(map) != BPF_MAP_TYPE_ARENA || !bpf_map__initial_value(map, &size))
		return true;
	return size <= (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int configure_map(struct bpf_map *map, uint32_t setting, uint32_t value)
{
	if (!map)
		return -ENOENT;
	/* Sections of global variables are as large as the file says. */
	if (bpf_map__is_internal(map))
		return -EINVAL;
	switch (setting) {
	case SHIM_MAP_MAX_ENTRIES:
		if (!holds_globals(map, value))
			return -EINVAL;
		return bpf_map__set_max_entries(map, value);
	case SHIM_MAP_KEY_SIZE:
		return bpf_map__set_key_size(map, value);
	case SHIM_MAP_VALUE_SIZE:
		return bpf_map__set_value_size(map, value);
	case SHIM_MAP_AUTOCREATE:
		return bpf_map__set_autocreate(map, value);
	default:
		return -EINVAL;
	}
}

int32_t shim_object__configure(struct shim_object *object, const char *name, uint32_t setting,
			       uint32_t value)
{
	struct bpf_program *program;

	if (object->load_tried)
		return -EBUSY;
	if (setting != SHIM_PROGRAM_AUTOLOAD)
		return configure_map(bpf_object__find_map_by_name(object->object, name), setting,
				     value);
	program = bpf_object__find_program_by_name(object->object, name);
	return program ? bpf_program__set_autoload(program, value) : -ENOENT;
}

static int32_t count_cpus(void *argument)
{
	(void)argument;
	return libbpf_num_possible_cpus();
}

int32_t shim_kernel__possible_cpus(void)
{
	return shim_broker_run(count_cpus, NULL);
}
