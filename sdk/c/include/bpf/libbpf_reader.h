/* SPDX-License-Identifier: MIT */
/* Reader of one map's events, for ring buffers and perf buffers. */
#ifndef WASM_BPF_LIBBPF_READER_H
#define WASM_BPF_LIBBPF_READER_H

#include <limits.h>

#include "libbpf_program.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*ring_buffer_sample_fn)(void *ctx, void *data, size_t size);
typedef void (*perf_buffer_sample_fn)(void *ctx, int cpu, void *data, __u32 size);
typedef void (*perf_buffer_lost_fn)(void *ctx, int cpu, __u64 cnt);

/* Bytes that are read at once, at first: an event that is larger makes it grow. */
#define LIBBPF_WASM_BATCH_BYTES 16384

/* Longest wait for one of several buffers before the next one's turn. */
#define LIBBPF_WASM_SLICE_MS 10

/* One map's events. */
struct libbpf_wasm_reader {
	struct libbpf_wasm_reader *next;
	uint64_t object;
	int token;
	char *batch;
	int room;
	int filled, at; /* bytes read, and handed over */
	ring_buffer_sample_fn on_sample;
	perf_buffer_sample_fn on_perf_sample;
	perf_buffer_lost_fn on_lost;
	void *ctx;
	uint64_t lost;
};

/* Its first word is not 0 while the host asks the program to end; see wasm_bpf_interrupt_page(). */
__attribute__((weak, aligned(4096))) uint32_t libbpf_wasm_interrupt_page[1024];

static inline bool libbpf_wasm_is_interrupted(void)
{
	return *(volatile uint32_t *)libbpf_wasm_interrupt_page != 0;
}

/* The object whose map a token names; 0 without one. */
static inline uint64_t libbpf_wasm_object_of(int map_fd)
{
	struct bpf_object *obj;
	struct bpf_map *map;

	for (obj = libbpf_wasm_objects; obj; obj = obj->next) {
		for (map = obj->maps; map; map = map->next) {
			if (map->token == map_fd)
				return obj->handle;
		}
	}
	return 0;
}

static inline struct libbpf_wasm_reader *libbpf_wasm_reader__new(int map_fd, void *ctx)
{
	struct libbpf_wasm_reader *reader =
	    LIBBPF_WASM_CAST(struct libbpf_wasm_reader *, calloc(1, sizeof(*reader)));

	if (!reader)
		return NULL;
	reader->object = libbpf_wasm_object_of(map_fd);
	reader->token = map_fd;
	reader->ctx = ctx;
	reader->room = LIBBPF_WASM_BATCH_BYTES;
	reader->batch = LIBBPF_WASM_CAST(char *, malloc((size_t)reader->room));
	if (!reader->batch) {
		free(reader);
		return NULL;
	}
	/* One of all readers is enough; without it, a batch is handled to its end. */
	wasm_bpf_interrupt_page(libbpf_wasm_interrupt_page);
	/* Opens the buffer, so that nothing is missed from now on; fails for other maps. */
	reader->filled = wasm_bpf_buffer_read(reader->object, map_fd, reader->batch, 8, 0);
	if (reader->filled == -WASM_BPF_ENOSPC || reader->filled == -WASM_BPF_EINTR)
		reader->filled = 0;
	if (reader->filled < 0) {
		libbpf_wasm_result(reader->filled);
		free(reader->batch);
		free(reader);
		return NULL;
	}
	return reader;
}

static inline void libbpf_wasm_reader__free_all(struct libbpf_wasm_reader *reader)
{
	while (reader) {
		struct libbpf_wasm_reader *next = reader->next;

		free(reader->batch);
		free(reader);
		reader = next;
	}
}

static inline void libbpf_wasm_reader__tell_lost(struct libbpf_wasm_reader *reader)
{
	struct wasm_bpf_buffer_stats stats;

	if (!reader->on_lost || wasm_bpf_buffer_stats(reader->object, reader->token, &stats) ||
	    stats.lost == reader->lost)
		return;
	reader->on_lost(reader->ctx, -1, stats.lost - reader->lost);
	reader->lost = stats.lost;
}

static inline int libbpf_wasm_reader__filled(struct libbpf_wasm_reader *reader, int result)
{
	reader->filled = result > 0 ? result : 0;
	return result;
}

/* Takes the interrupt that ended a batch; what is left of the batch stays. 0 or -EINTR. */
static inline int libbpf_wasm_reader__take_interrupt(struct libbpf_wasm_reader *reader)
{
	struct wasm_bpf_record none;

	if (!libbpf_wasm_is_interrupted())
		return 0;
	return wasm_bpf_buffer_read(reader->object, reader->token, &none, sizeof(none), 1) ==
		       -WASM_BPF_EINTR
		   ? -WASM_BPF_EINTR
		   : 0;
}

/* Reads the next batch when there is nothing left of the last. 0 or more, or the kernel's -errno.
 */
static inline int libbpf_wasm_reader__fill(struct libbpf_wasm_reader *reader, int timeout_ms)
{
	const struct wasm_bpf_record *record;
	char *larger;
	int size;

	if (reader->at < reader->filled)
		return libbpf_wasm_reader__take_interrupt(reader);
	reader->at = reader->filled = 0;
	size = wasm_bpf_buffer_read(reader->object, reader->token, reader->batch, reader->room,
				    timeout_ms);
	if (size != -WASM_BPF_ENOSPC)
		return libbpf_wasm_reader__filled(reader, size);
	record = (const struct wasm_bpf_record *)(const void *)reader->batch;
	size = (int)((sizeof(*record) + record->size + 7) & ~7U);
	larger = LIBBPF_WASM_CAST(char *, realloc(reader->batch, (size_t)size));
	if (!larger)
		return -WASM_BPF_ENOMEM;
	reader->batch = larger;
	reader->room = size;
	return libbpf_wasm_reader__filled(
	    reader, wasm_bpf_buffer_read(reader->object, reader->token, reader->batch, size, 0));
}

/* Waits for events and hands over at most so many of one batch: how many, or negative. */
static inline int libbpf_wasm_reader__poll_some(struct libbpf_wasm_reader *reader, int timeout_ms,
						size_t most)
{
	int result = libbpf_wasm_reader__fill(reader, timeout_ms), count = 0;

	libbpf_wasm_reader__tell_lost(reader);
	if (result < 0) {
		if (result == -WASM_BPF_EINTR)
			libbpf_wasm_interrupted();
		return libbpf_wasm_result(result);
	}
	while (reader->at < reader->filled && (size_t)count < most &&
	       !libbpf_wasm_is_interrupted()) {
		struct wasm_bpf_record *record =
		    (struct wasm_bpf_record *)(void *)(reader->batch + reader->at);

		reader->at = (int)((const char *)wasm_bpf_record__next(record) - reader->batch);
		count++;
		if (reader->on_perf_sample) {
			reader->on_perf_sample(reader->ctx, (int)record->cpu, record->data,
					       record->size);
			continue;
		}
		result = reader->on_sample(reader->ctx, record->data, record->size);
		if (result < 0)
			return result;
	}
	return count;
}

static inline int libbpf_wasm_reader__poll(struct libbpf_wasm_reader *reader, int timeout_ms)
{
	return libbpf_wasm_reader__poll_some(reader, timeout_ms, INT_MAX);
}

/* Reads the events of one map that are there now, at most `most`. */
static inline int libbpf_wasm_reader__consume(struct libbpf_wasm_reader *reader, size_t most)
{
	int total = 0, count;

	do {
		count = libbpf_wasm_reader__poll_some(reader, 0, most - (size_t)total);
		if (count < 0)
			return count;
		total += count;
	} while (count && (size_t)total < most);
	return total;
}

/* Reads the events of all maps that are there now, at most `most`. */
static inline int libbpf_wasm_readers__consume_some(struct libbpf_wasm_reader *reader, size_t most)
{
	int total = 0, count;

	for (; reader && (size_t)total < most; reader = reader->next) {
		count = libbpf_wasm_reader__consume(reader, most - (size_t)total);
		if (count < 0)
			return count;
		total += count;
	}
	return total;
}

/* Every event that is there now. */
static inline int libbpf_wasm_readers__consume(struct libbpf_wasm_reader *reader)
{
	return libbpf_wasm_readers__consume_some(reader, INT_MAX);
}

/* Waits for any of several. */
static inline int libbpf_wasm_readers__poll(struct libbpf_wasm_reader *readers, int timeout_ms)
{
	struct libbpf_wasm_reader *reader = readers;
	int count;

	if (!readers)
		return libbpf_wasm_fail(EINVAL);
	if (!readers->next)
		return libbpf_wasm_reader__poll(readers, timeout_ms);
	count = libbpf_wasm_readers__consume(readers);
	while (!count && timeout_ms) {
		int slice = timeout_ms > 0 && timeout_ms < LIBBPF_WASM_SLICE_MS
				? timeout_ms
				: LIBBPF_WASM_SLICE_MS;

		count = libbpf_wasm_reader__poll(reader, slice);
		if (!count)
			count = libbpf_wasm_readers__consume(readers);
		if (timeout_ms > 0)
			timeout_ms -= slice;
		reader = reader->next ? reader->next : readers;
	}
	return count;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_READER_H */
