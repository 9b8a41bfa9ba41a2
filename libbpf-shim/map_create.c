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
	const char *refusal;
	uint64_t bytes;
	int result;

	if (type == BPF_MAP_TYPE_STRUCT_OPS && !shim_is_probing() && !permissions_struct_ops()) {
		shim_log_add("map '%s' is refused: it is a struct_ops map\n", name ? name : "");
		return refuse(-EPERM);
	}
	if (!share)
		return __real_bpf_map_create(type, name, key_size, value_size, max_entries, opts);
	refusal = map_shape_refusal(&shape);
	if (refusal) {
		shim_log_add("map '%s' is refused: %s\n", name ? name : "", refusal);
		return refuse(-EINVAL);
	}
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
