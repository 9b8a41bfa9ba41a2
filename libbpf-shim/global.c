// SPDX-License-Identifier: MIT
/* Global variables of an object's programs: .rodata, .data, .bss and sections named like them. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "internal.h"

/* A section that the kernel's map is not mapped for: the whole of it is read and written back. */
static int rewrite(const struct bpf_map *map, size_t whole, uint32_t offset, const void *data,
		   uint32_t size)
{
	const uint32_t key = 0;
	uint8_t *bytes = malloc(whole);
	int err;

	if (!bytes)
		return -ENOMEM;
	err = bpf_map_lookup_elem(bpf_map__fd(map), &key, bytes);
	if (!err) {
		memcpy(bytes + offset, data, size);
		err = bpf_map_update_elem(bpf_map__fd(map), &key, bytes, BPF_ANY);
	}
	free(bytes);
	return err;
}

static int32_t set_global(struct shim_object *object, const char *section, uint32_t offset,
			  struct shim_memory *memory, uint32_t data, uint32_t size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object->object, section);
	bool is_loaded = object->maps;
	uint8_t *bytes;
	void *source;
	size_t whole;

	/* After a failed load the mappings are unknown. */
	if (object->load_tried && !is_loaded)
		return -EINVAL;
	/* Kernel configuration is written by libbpf while it loads. */
	if (!map || !bpf_map__is_internal(map) || !strcmp(section, ".kconfig"))
		return -ENOENT;
	source = shim_memory_at(memory, data, size);
	if (!source)
		return -EFAULT;
	whole = bpf_map__value_size(map);
	if (size > whole || offset > whole - size)
		return -ERANGE;
	if (is_loaded && bpf_map__map_flags(map) & BPF_F_RDONLY_PROG)
		return -EPERM;
	if (is_loaded && !(bpf_map__map_flags(map) & BPF_F_MMAPABLE))
		return rewrite(map, whole, offset, source, size);
	bytes = bpf_map__initial_value(map, &whole);
	if (!bytes)
		return -ENOENT;
	/* Before load what the kernel will be given, afterwards the kernel's own memory. */
	memcpy(bytes + offset, source, size);
	return 0;
}

ON_BROKER_6(shim_object__set_global, set_global, struct shim_object *, const char *, uint32_t,
	    struct shim_memory *, uint32_t, uint32_t);
