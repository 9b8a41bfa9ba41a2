// SPDX-License-Identifier: MIT
/* Ring buffers and perf event arrays: opening, waiting, and what both have in common. */
#include <bpf/libbpf.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"
#include "pace.h"
#include "perf_array.h"
#include "ring.h"
#include "tracing.h"

struct shim_buffer {
	/* One of the two is open. */
	struct ring ring;
	struct perf_array perf;
	bool is_ring;
	/* Readable when there are records; this thread's. */
	int fd;
	bool owns_fd;
	struct shim_interrupt *interrupt;
	uint64_t record_max;
	uint64_t read_count;
	/* When the wait in progress is over, if it ever is. */
	int64_t deadline;
	struct pace pace;
	/* End of the records that the last look found. */
	uint64_t seen_end;
	/* Perf events were quiet until the last look: a record of one may be written late. */
	bool was_quiet;
};

/* Records that were submitted without a wake-up are found within this time. */
#define IDLE_LOOK_NS 100000000
/* Interval of looks where quiet events could not be exchanged. */
#define QUIET_LOOK_NS 1000000

static int open_ring(struct shim_buffer *buffer, struct shim_map *map)
{
	uint32_t size = bpf_map__max_entries(map->map);

	buffer->is_ring = true;
	buffer->fd = map->fd;
	/* The kernel's own record header is as long as ours: no record is longer than the ring. */
	buffer->record_max = size;
	return ring_open(&buffer->ring, map->fd, size);
}

static int32_t open_array_here(struct perf_array *array, struct shim_map *map)
{
	return perf_array_open(array, bpf_map__fd(map->map));
}

ON_BROKER_2(open_array, open_array_here, struct perf_array *, struct shim_map *);

static int32_t close_array(void *array)
{
	perf_array_close(array);
	return 0;
}

static int open_perf(struct shim_buffer *buffer, struct shim_map *map)
{
	int err = open_array(&buffer->perf, map);

	if (err)
		return err;
	buffer->fd = perf_buffer__epoll_fd(buffer->perf.buffer);
	buffer->record_max = PERF_RECORD_MAX;
	if (!shim_broker_is_apart())
		return 0;
	err = shim_broker_fetch(&buffer->fd, &buffer->fd, 1);
	buffer->owns_fd = !err;
	return err;
}

static void release(void *object)
{
	struct shim_buffer *buffer = object;

	ring_close(&buffer->ring);
	if (!buffer->is_ring)
		shim_broker_run(close_array, &buffer->perf);
	if (buffer->owns_fd)
		close(buffer->fd);
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

void shim_buffer__set_latency(struct shim_buffer *buffer, uint32_t latency_us)
{
	uint64_t size = buffer->is_ring ? buffer->ring.mask + 1 : UINT64_MAX;

	pace_set(&buffer->pace, (int64_t)latency_us * 1000, size);
}

int32_t shim_buffer__fd(struct shim_buffer *buffer)
{
	return buffer->fd;
}

int64_t shim_buffer__record_max(struct shim_buffer *buffer)
{
	return (int64_t)buffer->record_max;
}

/* Reads available records without waiting: bytes, 0, or -errno. */
static int take(struct shim_buffer *buffer, struct batch *batch)
{
	int err = 0;

	if (buffer->is_ring)
		ring_take(&buffer->ring, batch);
	else
		err = perf_array_take(&buffer->perf, batch);
	if (batch->used)
		return (int)batch->used;
	return batch->too_long ? -ENOSPC : err;
}

/* Records into `batch`, or without one whether there are any. */
static int look(struct shim_buffer *buffer, struct batch *batch)
{
	return batch ? take(buffer, batch) : ring_has_records(&buffer->ring);
}

static int32_t make_quiet(struct perf_array *array)
{
	return perf_quiet_start(&array->quiet, array->buffer);
}

static int32_t end_quiet(struct perf_array *array)
{
	return perf_quiet_end(&array->quiet, array->buffer);
}

ON_BROKER_1(start_quiet_events, make_quiet, struct perf_array *);
ON_BROKER_1(end_quiet_events, end_quiet, struct perf_array *);

/* Has the events of an array wake the reader, or not, as the pace is. */
static void exchange_events(struct shim_buffer *buffer)
{
	struct perf_quiet *quiet = &buffer->perf.quiet;

	/* No descriptors left, for example: read each event at once, as without a latency. */
	if (buffer->pace.is_pacing && quiet->busy_count && start_quiet_events(&buffer->perf))
		pace_set(&buffer->pace, 0, UINT64_MAX);
	if (!buffer->pace.is_pacing && quiet->quiet_count) {
		end_quiet_events(&buffer->perf);
		buffer->was_quiet = true;
	}
}

/* Reports whether the last look left records that are there to be read. */
static bool has_left(const struct shim_buffer *buffer)
{
	return buffer->is_ring ? ring_position(&buffer->ring) < buffer->seen_end
			       : buffer->perf.held_size > 0;
}

/*
 * Waits before the next look when records come fast: 0, or what ended the wait. A perf event array
 * ends it when a ring of it is half full.
 */
static int pause_reading(struct shim_buffer *buffer, int32_t timeout_ms, int64_t now)
{
	int64_t wait = pace_wait(&buffer->pace, now);
	int result;

	if (!wait || has_left(buffer))
		return 0;
	if (timeout_ms > 0 && wait > buffer->deadline - now)
		wait = buffer->deadline - now;
	result =
	    shim_interrupt_wait(buffer->interrupt, buffer->is_ring ? -1 : buffer->fd, POLLIN, wait);
	return result < 0 ? result : 0;
}

static int look_at_ring(struct shim_buffer *buffer, struct batch *batch, bool *is_lean)
{
	buffer->seen_end = ring_end(&buffer->ring);
	*is_lean = ring_is_lean(&buffer->ring, buffer->seen_end);
	return look(buffer, batch);
}

static int look_at_array(struct shim_buffer *buffer, struct batch *batch, bool *is_lean)
{
	int result = look(buffer, batch);

	*is_lean = batch->count <= 1 && !has_left(buffer);
	return result;
}

/* Looks, and notes for the next pause what was there. `began` is when looking began. */
static int look_paced(struct shim_buffer *buffer, struct batch *batch, int64_t began)
{
	bool is_lean = false;
	int64_t now;
	int result;

	if (!buffer->pace.longest)
		return look(buffer, batch);
	result = buffer->is_ring ? look_at_ring(buffer, batch, &is_lean)
				 : look_at_array(buffer, batch, &is_lean);
	if (!result && !buffer->pace.is_pacing)
		return result;
	now = shim_now_ns();
	if (result > 0)
		pace_woken(&buffer->pace, began, now);
	if (!buffer->is_ring) {
		pace_fill(&buffer->pace, now, buffer->perf.filled, buffer->perf.ring_bytes);
		buffer->perf.filled = 0;
	}
	pace_read(&buffer->pace, now, is_lean);
	if (!buffer->is_ring)
		exchange_events(buffer);
	return result;
}

/*
 * Time to wait for the kernel's wake-up before the next look. Quiet events give none before
 * half of a ring is written.
 */
static int64_t longest_wait(struct shim_buffer *buffer)
{
	bool is_quiet = buffer->perf.quiet.quiet_count || buffer->was_quiet;

	if (!is_quiet)
		return IDLE_LOOK_NS;
	buffer->was_quiet = false;
	return buffer->pace.longest ? buffer->pace.longest : QUIET_LOOK_NS;
}

static int wait_and_take(struct shim_buffer *buffer, struct batch *batch, int32_t timeout_ms)
{
	int64_t began = timeout_ms ? shim_now_ns() : 0;
	int result = 0;

	if (timeout_ms > 0)
		buffer->deadline = began + (int64_t)timeout_ms * 1000000;
	/*
	 * With room for a header only, a guest opens the buffer and takes no event: one that
	 * is about to wait for its first event gets the interrupt there.
	 */
	if (timeout_ms || !batch || batch->capacity > RECORD_HEADER)
		result = shim_interrupt_take(buffer->interrupt);
	/* A guest may take what there is without waiting, however often it comes. */
	if (!result && timeout_ms)
		result = shim_interrupt_return(buffer->interrupt);
	if (!result && timeout_ms)
		result = pause_reading(buffer, timeout_ms, began);
	if (result)
		return result;
	for (;;) {
		int64_t left;

		result = timeout_ms ? look_paced(buffer, batch, began) : look(buffer, batch);
		if (result || !timeout_ms)
			return result;
		left = longest_wait(buffer);
		if (timeout_ms > 0) {
			int64_t rest = buffer->deadline - shim_now_ns();

			if (rest <= 0)
				return 0;
			if (rest < left)
				left = rest;
		}
		/*
		 * The records of a callback in progress were copied. Until the kernel has the new
		 * position they count as readable, and this would not wait.
		 */
		if (buffer->is_ring)
			ring_release(&buffer->ring);
		/* Readable is not yet an event: records may be discarded or still be written. */
		result = shim_interrupt_wait(buffer->interrupt, buffer->fd, POLLIN, left);
		if (result < 0)
			return result;
	}
}

static int fill(struct shim_buffer *buffer, struct shim_memory *memory, uint32_t offset,
		struct batch *batch, int32_t timeout_ms)
{
	batch->to = shim_memory_at(memory, offset, batch->capacity);
	if (!batch->to || batch->capacity > INT32_MAX)
		return -EFAULT;
	if (batch->capacity < RECORD_HEADER)
		return -EINVAL;
	return wait_and_take(buffer, batch, timeout_ms);
}

int32_t shim_buffer__poll(struct shim_buffer *buffer, struct shim_memory *stage, uint32_t offset,
			  uint32_t capacity, int32_t timeout_ms)
{
	struct batch batch = {.capacity = capacity};

	return fill(buffer, stage, offset, &batch, timeout_ms);
}

int32_t shim_buffer__read(struct shim_buffer *buffer, struct shim_memory *memory, uint32_t offset,
			  uint32_t capacity, int32_t timeout_ms)
{
	struct batch batch = {.capacity = capacity};
	int result = fill(buffer, memory, offset, &batch, timeout_ms);

	buffer->read_count += batch.count;
	return result;
}

int32_t shim_buffer__show(struct shim_buffer *buffer, struct shim_memory *memory)
{
	return buffer->is_ring ? ring_show(&buffer->ring, memory->base, memory->size) : -EOPNOTSUPP;
}

void shim_buffer__hide(struct shim_buffer *buffer)
{
	ring_hide(&buffer->ring);
}

int32_t shim_buffer__wait(struct shim_buffer *buffer, int32_t timeout_ms)
{
	return buffer->is_ring ? wait_and_take(buffer, NULL, timeout_ms) : -EOPNOTSUPP;
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
	return (int64_t)buffer->perf.lost;
}

void shim_buffer__free(struct shim_buffer *buffer)
{
	if (!buffer)
		return;
	shim_owned_remove(buffer);
	release(buffer);
}
