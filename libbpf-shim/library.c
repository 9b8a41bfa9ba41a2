// SPDX-License-Identifier: MIT
/* Versions of this library. */
#include "internal.h"

#ifndef SHIM_LIBBPF_VERSION
#error "SHIM_LIBBPF_VERSION is the version of the libbpf sources, a string"
#endif

int32_t shim_abi_version(void)
{
	return SHIM_ABI_VERSION;
}

const char *shim_libbpf_version(void)
{
	return SHIM_LIBBPF_VERSION;
}
