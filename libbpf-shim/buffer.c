// SPDX-License-Identifier: MIT
/*
 * Ring buffers and perf event arrays, read in batches. libbpf moves past a record once its callback
 * has seen it, whatever the callback answers. So a batch for the stage ends after a record was
 * stored, while there is still room for the largest one; and a record that a guest's own buffer has
 * no room for is held, to be the first of the next batch.
 */
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define RECORD_HEADER 8
/* Pages per CPU of a perf event array's user side, as the reference runtimes choose. */
#define PERF_PAGES 64
/* perf_event_header.size has 16 bits. */
#define PERF_SAMPLE_MAX 65536

struct shim_buffer {
	struct ring_buffer *ring;
	struct perf_buffer *perf;
	int epoll_fd;
	struct shim_interrupt *interrupt;
	int64_t deadline;
	/* Where the next batch of a perf event array starts, so that no CPU starves another. */
	size_t next_cpu;
	uint64_t record_max;
	uint64_t lost;
	uint64_t read_count;
	/* Room for one record, and how long the one in it is with its header: 0 when there is none.
	 */
	uint8_t *held;
	uint64_t held_size;
	/* The batch in progress: it ends when more than `limit` of `capacity` bytes are used. */
	uint8_t *stage;
	uint64_t capacity;
	uint64_t limit;
	uint64_t used;
	uint64_t count;
};

static uint64_t padded(uint64_t size)
{
	return (size + 7) & ~(uint64_t)7;
}

static void put(uint8_t *at, uint32_t cpu, const void *data, uint32_t size)
{
	memcpy(at, &size, sizeof(size));
	memcpy(at + 4, &cpu, sizeof(cpu));
	memcpy(at + RECORD_HEADER, data, size);
}

static bool is_full(const struct shim_buffer *buffer)
{
	return buffer->held_size || buffer->used > buffer->limit;
}

/* Stores or holds one record; false when the batch ends with it. */
static bool store(struct shim_buffer *buffer, uint32_t cpu, const void *data, uint32_t size)
{
	uint64_t record = RECORD_HEADER + padded(size);

	if (record > buffer->capacity - buffer->used) {
		put(buffer->held, cpu, data, size);
		buffer->held_size = record;
		return false;
	}
	put(buffer->stage + buffer->used, cpu, data, size);
	buffer->used += record;
	buffer->count++;
	return buffer->used <= buffer->limit;
}

/* Stores the record that an earlier batch had no room for; false when this one has none either. */
static bool store_held(struct shim_buffer *buffer)
{
	if (!buffer->held_size)
		return true;
	if (buffer->held_size > buffer->capacity) {
		memcpy(buffer->stage, buffer->held, RECORD_HEADER);
		return false;
	}
	memcpy(buffer->stage, buffer->held, buffer->held_size);
	buffer->used = buffer->held_size;
	buffer->count = 1;
	buffer->held_size = 0;
	return true;
}

static int on_ring_sample(void *context, void *data, size_t size)
{
	return store(context, 0, data, (uint32_t)size) ? 0 : -ENOSPC;
}

struct perf_sample {
	struct perf_event_header header;
	uint32_t size;
	char data[];
};

struct perf_lost {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

static enum bpf_perf_event_ret on_perf_event(void *context, int cpu,
					     struct perf_event_header *event)
{
	struct shim_buffer *buffer = context;

	if (event->type == PERF_RECORD_LOST) {
		buffer->lost += ((struct perf_lost *)event)->lost;
	} else if (event->type == PERF_RECORD_SAMPLE) {
		struct perf_sample *sample = (struct perf_sample *)event;

		if (!store(buffer, (uint32_t)cpu, sample->data, sample->size))
			return LIBBPF_PERF_EVENT_DONE;
	}
	return LIBBPF_PERF_EVENT_CONT;
}

static int open_ring(struct shim_buffer *buffer, struct shim_map *map)
{
	buffer->ring = ring_buffer__new(map->fd, on_ring_sample, buffer, NULL);
	if (!buffer->ring)
		return -errno;
	buffer->epoll_fd = ring_buffer__epoll_fd(buffer->ring);
	/* The kernel's own record header is as long as ours, so no record is longer than the ring.
	 */
	buffer->record_max = bpf_map__max_entries(map->map);
	return 0;
}

static int open_perf(struct shim_buffer *buffer, struct shim_map *map)
{
	struct perf_event_attr attr = {
	    .size = sizeof(attr),
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_BPF_OUTPUT,
	    .sample_type = PERF_SAMPLE_RAW,
	    .sample_period = 1,
	    .wakeup_events = 1,
	};

	buffer->perf =
	    perf_buffer__new_raw(map->fd, PERF_PAGES, &attr, on_perf_event, buffer, NULL);
	if (!buffer->perf)
		return -errno;
	buffer->epoll_fd = perf_buffer__epoll_fd(buffer->perf);
	buffer->record_max = RECORD_HEADER + PERF_SAMPLE_MAX;
	return 0;
}

static void release(void *object)
{
	struct shim_buffer *buffer = object;

	ring_buffer__free(buffer->ring);
	perf_buffer__free(buffer->perf);
	free(buffer->held);
	free(buffer);
}

int32_t shim_buffer__open(struct shim_map *map, struct shim_interrupt *interrupt,
			  struct shim_buffer **out)
{
	struct shim_buffer *buffer;
	int err;

	if (map->type != BPF_MAP_TYPE_RINGBUF && map->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return -EINVAL;
	buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return -ENOMEM;
	buffer->interrupt = interrupt;
	err = map->type == BPF_MAP_TYPE_RINGBUF ? open_ring(buffer, map) : open_perf(buffer, map);
	if (!err)
		err = shim_owned_add(buffer, release);
	if (err) {
		release(buffer);
		return err;
	}
	*out = buffer;
	return 0;
}

int64_t shim_buffer__record_max(struct shim_buffer *buffer)
{
	return (int64_t)buffer->record_max;
}

/* One round over the CPUs; each gives what it has while there is room. */
static int drain_perf(struct shim_buffer *buffer)
{
	size_t count = perf_buffer__buffer_cnt(buffer->perf);

	for (size_t i = 0; i < count && !is_full(buffer); i++) {
		int err = perf_buffer__consume_buffer(buffer->perf, buffer->next_cpu);

		buffer->next_cpu = (buffer->next_cpu + 1) % count;
		if (err < 0)
			return err;
	}
	return 0;
}

static int drain(struct shim_buffer *buffer)
{
	int err = 0;

	if (is_full(buffer))
		return (int)buffer->used;
	if (buffer->perf) {
		err = drain_perf(buffer);
	} else {
		err = ring_buffer__consume(buffer->ring);
		if (err == -ENOSPC)
			err = 0;
	}
	if (buffer->used)
		return (int)buffer->used;
	/* What came is longer than all there is: store_held() says so. */
	if (!store_held(buffer))
		return -ENOSPC;
	return err < 0 ? err : 0;
}

/* Waits for a batch in the `capacity` bytes at `stage`, which may end `reserve` bytes before that.
 */
static int take_batch(struct shim_buffer *buffer, uint64_t reserve, int32_t timeout_ms)
{
	int result;

	buffer->limit = buffer->capacity - reserve;
	buffer->used = 0;
	buffer->count = 0;
	if (timeout_ms > 0)
		buffer->deadline = shim_now_ns() + (int64_t)timeout_ms * 1000000;
	result = shim_interrupt_take(buffer->interrupt);
	if (result)
		return result;
	if (!store_held(buffer))
		return -ENOSPC;
	for (;;) {
		int64_t left = -1;

		result = drain(buffer);
		if (result || !timeout_ms)
			return result;
		if (timeout_ms > 0) {
			left = buffer->deadline - shim_now_ns();
			if (left <= 0)
				return 0;
		}
		/* Readable is not yet an event: records may be discarded or still be written. */
		result = shim_interrupt_wait(buffer->interrupt, buffer->epoll_fd, POLLIN, left);
		if (result <= 0)
			return result;
	}
}

int32_t shim_buffer__poll(struct shim_buffer *buffer, struct shim_memory *stage, uint32_t offset,
			  uint32_t capacity, int32_t timeout_ms)
{
	buffer->stage = shim_memory_at(stage, offset, capacity);
	if (!buffer->stage || capacity > INT32_MAX)
		return -EFAULT;
	if (capacity < buffer->record_max)
		return -EINVAL;
	buffer->capacity = capacity;
	return take_batch(buffer, buffer->record_max, timeout_ms);
}

int32_t shim_buffer__read(struct shim_buffer *buffer, struct shim_memory *memory, uint32_t offset,
			  uint32_t capacity, int32_t timeout_ms)
{
	int result;

	buffer->stage = shim_memory_at(memory, offset, capacity);
	if (!buffer->stage || capacity > INT32_MAX)
		return -EFAULT;
	if (capacity < RECORD_HEADER)
		return -EINVAL;
	if (!buffer->held)
		buffer->held = calloc(1, buffer->record_max);
	if (!buffer->held)
		return -ENOMEM;
	buffer->capacity = capacity;
	result = take_batch(buffer, RECORD_HEADER, timeout_ms);
	if (result > 0)
		buffer->read_count += buffer->count;
	return result;
}

int64_t shim_buffer__read_count(struct shim_buffer *buffer)
{
	return (int64_t)buffer->read_count;
}

int32_t shim_buffer__left_ms(struct shim_buffer *buffer)
{
	int64_t left = buffer->deadline - shim_now_ns();

	return left > 0 ? (int32_t)((left + 999999) / 1000000) : 0;
}

int64_t shim_buffer__lost(struct shim_buffer *buffer)
{
	return (int64_t)buffer->lost;
}

void shim_buffer__free(struct shim_buffer *buffer)
{
	if (!buffer)
		return;
	shim_owned_remove(buffer);
	release(buffer);
}
