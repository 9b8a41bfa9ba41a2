// SPDX-License-Identifier: MIT
/* Programs: names and types. */
#include <bpf/libbpf.h>

#include "internal.h"

const char *shim_program__name(struct shim_program *program)
{
	return bpf_program__name(program->program);
}

const char *shim_program__section(struct shim_program *program)
{
	return bpf_program__section_name(program->program);
}

int32_t shim_program__type(struct shim_program *program)
{
	return (int32_t)bpf_program__type(program->program);
}

int32_t shim_program__attach_type(struct shim_program *program)
{
	return (int32_t)bpf_program__expected_attach_type(program->program);
}
