/* SPDX-License-Identifier: MIT */
/*
 * Ring buffers and perf buffers, by libbpf's names. Events are read in batches and handed to the
 * callback from the guest's own memory, whole whatever their size; what a callback's negative
 * result leaves comes with the next call. After Ctrl-C a poll is -EINTR.
 */
#ifndef WASM_BPF_LIBBPF_BUFFER_H
#define WASM_BPF_LIBBPF_BUFFER_H

#include "libbpf_object.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*ring_buffer_sample_fn)(void *ctx, void *data, size_t size);
typedef void (*perf_buffer_sample_fn)(void *ctx, int cpu, void *data, __u32 size);
typedef void (*perf_buffer_lost_fn)(void *ctx, int cpu, __u64 cnt);

/* Bytes that are read at once, at first: an event that is larger makes it grow. */
#define LIBBPF_WASM_BATCH_BYTES 16384

/* How long one of several buffers is waited for before the next. */
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

static inline struct libbpf_wasm_reader *libbpf_wasm_reader__new(int map_fd, void *ctx)
{
	struct libbpf_wasm_reader *reader =
	    LIBBPF_WASM_CAST(struct libbpf_wasm_reader *, calloc(1, sizeof(*reader)));
	struct bpf_object *obj;
	struct bpf_map *map;

	if (!reader)
		return NULL;
	for (obj = libbpf_wasm_objects; obj; obj = obj->next) {
		for (map = obj->maps; map; map = map->next) {
			if (map->token == map_fd)
				reader->object = obj->handle;
		}
	}
	reader->token = map_fd;
	reader->ctx = ctx;
	reader->room = LIBBPF_WASM_BATCH_BYTES;
	reader->batch = LIBBPF_WASM_CAST(char *, malloc((size_t)reader->room));
	if (!reader->batch) {
		free(reader);
		return NULL;
	}
	/* Opens the buffer, so that nothing is missed from now on, and says whether the map is one.
	 */
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

/* Reads the next batch when there is nothing left of the last. 0 or more, or the kernel's -errno.
 */
static inline int libbpf_wasm_reader__fill(struct libbpf_wasm_reader *reader, int timeout_ms)
{
	const struct wasm_bpf_record *record;
	char *larger;
	int size;

	if (reader->at < reader->filled)
		return 0;
	reader->at = 0;
	reader->filled = wasm_bpf_buffer_read(reader->object, reader->token, reader->batch,
					      reader->room, timeout_ms);
	if (reader->filled != -WASM_BPF_ENOSPC)
		return reader->filled;
	record = (const struct wasm_bpf_record *)(const void *)reader->batch;
	size = (int)((sizeof(*record) + record->size + 7) & ~7U);
	reader->filled = 0;
	larger = LIBBPF_WASM_CAST(char *, realloc(reader->batch, (size_t)size));
	if (!larger)
		return -WASM_BPF_ENOMEM;
	reader->batch = larger;
	reader->room = size;
	reader->filled =
	    wasm_bpf_buffer_read(reader->object, reader->token, reader->batch, size, 0);
	return reader->filled;
}

/* Waits for events and hands over those of one batch: how many, or negative. */
static inline int libbpf_wasm_reader__poll(struct libbpf_wasm_reader *reader, int timeout_ms)
{
	int result = libbpf_wasm_reader__fill(reader, timeout_ms), count = 0;

	libbpf_wasm_reader__tell_lost(reader);
	if (result < 0) {
		reader->filled = 0;
		return libbpf_wasm_result(result);
	}
	while (reader->at < reader->filled) {
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

/* Every event that is there now. */
static inline int libbpf_wasm_readers__consume(struct libbpf_wasm_reader *reader)
{
	int total = 0, count;

	for (; reader; reader = reader->next) {
		do {
			count = libbpf_wasm_reader__poll(reader, 0);
			if (count < 0)
				return count;
			total += count;
		} while (count);
	}
	return total;
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

/* ---- ring buffers -------------------------------------------------------------------------- */

struct ring_buffer_opts {
	size_t sz;
};

struct ring_buffer {
	struct libbpf_wasm_reader *readers;
};

static inline void ring_buffer__free(struct ring_buffer *rb)
{
	if (!rb)
		return;
	libbpf_wasm_reader__free_all(rb->readers);
	free(rb);
}

/** @brief Adds another map, with a callback of its own. @return 0 or -errno */
static inline int ring_buffer__add(struct ring_buffer *rb, int map_fd,
				   ring_buffer_sample_fn sample_cb, void *ctx)
{
	struct libbpf_wasm_reader **end = &rb->readers;

	while (*end)
		end = &(*end)->next;
	*end = libbpf_wasm_reader__new(map_fd, ctx);
	if (!*end)
		return -errno;
	(*end)->on_sample = sample_cb;
	return 0;
}

/** @brief Events of a map go to a callback. @return NULL with errno set: -EINVAL for another map */
static inline struct ring_buffer *ring_buffer__new(int map_fd, ring_buffer_sample_fn sample_cb,
						   void *ctx, const struct ring_buffer_opts *opts)
{
	struct ring_buffer *rb = LIBBPF_WASM_CAST(struct ring_buffer *, calloc(1, sizeof(*rb)));

	(void)opts;
	if (rb && ring_buffer__add(rb, map_fd, sample_cb, ctx)) {
		free(rb);
		return NULL;
	}
	return rb;
}

/**
 * @brief Waits for events and hands them over.
 * @return how many, 0 on time-out, the callback's result if that was negative, or -EINTR
 */
static inline int ring_buffer__poll(struct ring_buffer *rb, int timeout_ms)
{
	return libbpf_wasm_readers__poll(rb->readers, timeout_ms);
}

/** @brief Hands over what is there, without waiting. */
static inline int ring_buffer__consume(struct ring_buffer *rb)
{
	return libbpf_wasm_readers__consume(rb->readers);
}

/* ---- perf buffers -------------------------------------------------------------------------- */

struct perf_buffer_opts {
	size_t sz;
};

struct perf_buffer {
	struct libbpf_wasm_reader *reader;
};

static inline void perf_buffer__free(struct perf_buffer *pb)
{
	if (!pb)
		return;
	libbpf_wasm_reader__free_all(pb->reader);
	free(pb);
}

/**
 * @brief Events of all CPUs go to a callback.
 * @param page_cnt not looked at: the host chooses
 * @param lost_cb is told of events that found no room; its CPU is -1, the host counts them all
 */
static inline struct perf_buffer *perf_buffer__new(int map_fd, size_t page_cnt,
						   perf_buffer_sample_fn sample_cb,
						   perf_buffer_lost_fn lost_cb, void *ctx,
						   const struct perf_buffer_opts *opts)
{
	struct perf_buffer *pb = LIBBPF_WASM_CAST(struct perf_buffer *, calloc(1, sizeof(*pb)));

	(void)page_cnt;
	(void)opts;
	if (!pb)
		return NULL;
	pb->reader = libbpf_wasm_reader__new(map_fd, ctx);
	if (!pb->reader) {
		free(pb);
		return NULL;
	}
	pb->reader->on_perf_sample = sample_cb;
	pb->reader->on_lost = lost_cb;
	return pb;
}

static inline int perf_buffer__poll(struct perf_buffer *pb, int timeout_ms)
{
	return libbpf_wasm_readers__poll(pb->reader, timeout_ms);
}

static inline int perf_buffer__consume(struct perf_buffer *pb)
{
	return libbpf_wasm_readers__consume(pb->reader);
}

/* ---- either kind --------------------------------------------------------------------------- */

typedef ring_buffer_sample_fn bpf_buffer_sample_fn;

/* What a poll that names no time-out waits. */
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

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_BUFFER_H */
