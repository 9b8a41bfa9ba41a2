// SPDX-License-Identifier: MIT
/*
 * The last look at a map, as the kernel gets it: its type and flags are on the list, its memory
 * fits in what the run may take, the run's time is not over, and a struct_ops map has its
 * permission.
 *
 * The linker puts what is here in the place of libbpf's bpf_map_create() (see
 * third_party/libbpf/symbols.json), so that no way of libbpf's leads past it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

#include "attach_rules.h"
#include "budget.h"
#include "permissions.h"

int __real_bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size,
			  __u32 value_size, __u32 max_entries,
			  const struct bpf_map_create_opts *opts);
int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size,
			  __u32 value_size, __u32 max_entries,
			  const struct bpf_map_create_opts *opts);

static int refuse(int error)
{
	errno = -error;
	return error;
}

/* 0; -EPERM for a struct_ops map without its level, -EINVAL for what is not on the list. */
static int check_shape(const struct map_shape *shape, const char *name)
{
	const char *refusal;

	if (shim_is_probing())
		return 0;
	if (shape->type == BPF_MAP_TYPE_STRUCT_OPS && !permissions_struct_ops()) {
		shim_log_add("map '%s' is refused: it is a struct_ops map\n", name ? name : "");
		return -EPERM;
	}
	refusal = budget_in_use() ? map_shape_refusal(shape) : NULL;
	if (!refusal)
		return 0;
	shim_log_add("map '%s' is refused: %s\n", name ? name : "", refusal);
	return -EINVAL;
}

bool map_create_refuses(const union bpf_attr *attr)
{
	const struct map_shape shape = {
	    .type = attr->map_type,
	    .key_size = attr->key_size,
	    .value_size = attr->value_size,
	    .max_entries = attr->max_entries,
	    .flags = attr->map_flags,
	    .extra = attr->map_extra,
	};

	return check_shape(&shape, attr->map_name) != 0;
}

int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size,
			  __u32 value_size, __u32 max_entries,
			  const struct bpf_map_create_opts *opts)
{
	const struct map_shape shape = {
	    .type = type,
	    .key_size = key_size,
	    .value_size = value_size,
	    .max_entries = max_entries,
	    .flags = opts ? opts->map_flags : 0,
	    .extra = opts ? opts->map_extra : 0,
	};
	struct shim_share *share = budget_in_use();
	uint64_t bytes;
	int result;

	result = gate_is_off(GATE_MAP_CREATE) ? 0 : check_shape(&shape, name);
	if (result)
		return refuse(result);
	if (!share)
		return __real_bpf_map_create(type, name, key_size, value_size, max_entries, opts);
	bytes = map_memory(&shape, budget_cpus());
	result = budget_take_map(share, name, bytes);
	if (result)
		return refuse(result);
	result = __real_bpf_map_create(type, name, key_size, value_size, max_entries, opts);
	shim_doing(NULL, NULL);
	if (result < 0) {
		const int error = errno;

		budget_return_map(share, bytes);
		errno = error;
	}
	return result;
}
