// SPDX-License-Identifier: MIT
/* A guest's memory, as registered by the caller. */
#include <stdlib.h>

#include "internal.h"

int32_t shim_memory__new(struct shim_memory **out)
{
	struct shim_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	*out = memory;
	return 0;
}

void shim_memory__bind(struct shim_memory *memory, void *base, uint64_t size)
{
	memory->base = base;
	memory->size = size;
}

void shim_memory__free(struct shim_memory *memory)
{
	free(memory);
}
