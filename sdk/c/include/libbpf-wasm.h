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

/* ---- either kind --------------------------------------------------------------------------- */

typedef ring_buffer_sample_fn bpf_buffer_sample_fn;

/* Time-out in milliseconds of a poll without one. */
#ifndef POLL_TIMEOUT_MS
#define POLL_TIMEOUT_MS 100
#endif

/* A ring buffer or perf event array, whichever the map is. */
struct bpf_buffer {
	struct bpf_map *events;
	struct libbpf_wasm_reader *reader;
};

/** @brief Events of a map of either kind go to a callback. @return NULL with errno set on failure
 */
static inline struct bpf_buffer *bpf_buffer__open(struct bpf_map *events,
						  bpf_buffer_sample_fn sample_cb, void *ctx)
{
	struct bpf_buffer *buffer =
	    LIBBPF_WASM_CAST(struct bpf_buffer *, calloc(1, sizeof(*buffer)));

	if (!buffer)
		return NULL;
	buffer->events = events;
	buffer->reader = libbpf_wasm_reader__new(bpf_map__fd(events), ctx);
	if (!buffer->reader) {
		free(buffer);
		return NULL;
	}
	buffer->reader->on_sample = sample_cb;
	return buffer;
}

/** @brief As ring_buffer__poll(); 0 or less waits POLL_TIMEOUT_MS. */
static inline int bpf_buffer__poll(struct bpf_buffer *buffer, int timeout_ms)
{
	return libbpf_wasm_readers__poll(buffer->reader,
					 timeout_ms > 0 ? timeout_ms : POLL_TIMEOUT_MS);
}

static inline void bpf_buffer__free(struct bpf_buffer *buffer)
{
	if (!buffer)
		return;
	libbpf_wasm_reader__free_all(buffer->reader);
	free(buffer);
}

/* The commands of wasm_bpf_map_operate(). */
enum bpf_cmd {
	BPF_MAP_LOOKUP_ELEM = 1,
	BPF_MAP_UPDATE_ELEM,
	BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY,
};

/** @brief Sets a program's attach target: an interface, a cgroup directory, … */
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
