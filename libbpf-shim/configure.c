// SPDX-License-Identifier: MIT
/* Settings of an object's programs and maps between open and load. */
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

/*
 * Types that libbpf creates from the definition alone. It keeps more of the others (struct_ops,
 * arenas, maps of maps), which it would look for, or miss, in a map that only changed its number.
 */
static bool is_plain_type(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_STACK_TRACE:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_BLOOM_FILTER:
	case BPF_MAP_TYPE_USER_RINGBUF:
		return true;
	default:
		return false;
	}
}

static int set_map_type(struct bpf_map *map, uint32_t type)
{
	if (!is_plain_type(bpf_map__type(map)) || !is_plain_type(type))
		return -EINVAL;
	return bpf_map__set_type(map, type);
}

static int configure_map(struct bpf_map *map, uint32_t setting, uint32_t value)
{
	if (!map)
		return -ENOENT;
	/* The file determines the size of sections of global variables. */
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
	case SHIM_MAP_TYPE:
		return set_map_type(map, value);
	default:
		return -EINVAL;
	}
}

/* Programs of these types are part of something else of the object, which libbpf looks up. */
static bool is_part(uint32_t type)
{
	return type == BPF_PROG_TYPE_STRUCT_OPS || type == BPF_PROG_TYPE_EXT;
}

static int set_program_type(struct bpf_program *program, uint32_t type)
{
	if (type == BPF_PROG_TYPE_UNSPEC || type > BPF_PROG_TYPE_NETFILTER || is_part(type) ||
	    is_part(bpf_program__type(program)))
		return -EINVAL;
	return bpf_program__set_type(program, type);
}

static int set_attach_type(struct bpf_program *program, uint32_t type)
{
	/* The kernel's number of types grows; it refuses those that it does not have. */
	if (type > UINT8_MAX || is_part(bpf_program__type(program)))
		return -EINVAL;
	return bpf_program__set_expected_attach_type(program, type);
}

static int configure_program(struct bpf_program *program, uint32_t setting, uint32_t value)
{
	if (!program)
		return -ENOENT;
	switch (setting) {
	case SHIM_PROGRAM_AUTOLOAD:
		return bpf_program__set_autoload(program, value);
	case SHIM_PROGRAM_TYPE:
		return set_program_type(program, value);
	case SHIM_PROGRAM_ATTACH_TYPE:
		return set_attach_type(program, value);
	default:
		return -EINVAL;
	}
}

static bool is_of_program(uint32_t setting)
{
	return setting == SHIM_PROGRAM_AUTOLOAD || setting == SHIM_PROGRAM_TYPE ||
	       setting == SHIM_PROGRAM_ATTACH_TYPE;
}

int32_t shim_object__configure(struct shim_object *object, const char *name, uint32_t setting,
			       uint32_t value)
{
	if (object->load_tried)
		return -EBUSY;
	if (is_of_program(setting))
		return configure_program(bpf_object__find_program_by_name(object->object, name),
					 setting, value);
	return configure_map(bpf_object__find_map_by_name(object->object, name), setting, value);
}

/* Reports whether the kernel has a function or hook to which the program's type attaches by BTF. */
static bool attaches_by_types(const struct bpf_program *program)
{
	const enum bpf_prog_type type = bpf_program__type(program);

	return type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM;
}

static int32_t set_attach_target(struct shim_object *object, const char *name, const char *target)
{
	struct bpf_program *program;

	if (object->load_tried)
		return -EBUSY;
	program = bpf_object__find_program_by_name(object->object, name);
	if (!program)
		return -ENOENT;
	if (!attaches_by_types(program) || !target[0])
		return -EINVAL;
	return bpf_program__set_attach_target(program, 0, target);
}

ON_BROKER_3(shim_object__set_attach_target, set_attach_target, struct shim_object *, const char *,
	    const char *);

/* With programs and maps of libbpf's own, by a number alone. */
static int32_t probe(uint32_t kind, uint32_t number)
{
	/* More than either has in any kernel. */
	if (!number || number > UINT8_MAX)
		return -EINVAL;
	switch (kind) {
	case SHIM_SUPPORTS_MAP_TYPE:
		return libbpf_probe_bpf_map_type((enum bpf_map_type)number, NULL);
	case SHIM_SUPPORTS_PROGRAM_TYPE:
		return libbpf_probe_bpf_prog_type((enum bpf_prog_type)number, NULL);
	default:
		return -EINVAL;
	}
}

static int32_t kernel_supports(uint32_t kind, uint32_t number)
{
	const bool was_probing = shim_set_probing(true);
	const int32_t result = probe(kind, number);

	shim_set_probing(was_probing);
	return result;
}

ON_BROKER_2(shim_kernel__supports, kernel_supports, uint32_t, uint32_t);

static int32_t count_cpus(void *argument)
{
	(void)argument;
	return libbpf_num_possible_cpus();
}

int32_t shim_kernel__possible_cpus(void)
{
	return shim_broker_run(count_cpus, NULL);
}
