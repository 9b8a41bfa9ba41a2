/* SPDX-License-Identifier: MIT */
/*
 * For sources that were written for eunomia-bpf's header of this name: libbpf's names, and the few
 * of its own. New ones include <bpf/libbpf.h>, or wasm_bpf.h to run on every runtime.
 */
#ifndef WASM_BPF_LIBBPF_WASM_H
#define WASM_BPF_LIBBPF_WASM_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/libbpf.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t bpf_object_skel;

/* As that header declares it: the callback and its context as numbers. */
WASM_BPF_IMPORT("wasm_bpf_buffer_poll")
int libbpf_wasm_buffer_poll(bpf_object_skel program, int fd, int32_t sample_func, uint32_t ctx,
			    char *data, int max_size, int timeout_ms);
#define wasm_bpf_buffer_poll libbpf_wasm_buffer_poll

/* The commands of wasm_bpf_map_operate(). */
enum bpf_cmd {
	BPF_MAP_LOOKUP_ELEM = 1,
	BPF_MAP_UPDATE_ELEM,
	BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY,
};

/** @brief Says what a program is to be attached to: an interface, a cgroup directory, … */
static inline void bpf_set_prog_attach_target(struct bpf_program *prog, const char *attach_target)
{
	bpf_program__set_target(prog, attach_target && *attach_target ? attach_target : NULL);
}

static inline bool str_has_surfix(const char *str, const char *surfix)
{
	size_t length = strlen(str), end = strlen(surfix);

	return length >= end && !strcmp(str + length - end, surfix);
}

static inline int libbpf_err_errno(int ret)
{
	return ret < 0 ? -errno : ret;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_WASM_H */
