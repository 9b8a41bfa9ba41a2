// SPDX-License-Identifier: MIT
/*
 * Reads a perf event array through libbpf, which moves past a record once its callback has seen it,
 * whatever the callback returns: a record that the batch has no room for is held for the next.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "perf_array.h"

/*
 * Bytes of one CPU's ring: a share of what all CPUs have together, a power of two. A record costs
 * the traced program no wake-up while reading is coalesced, so it is several times as fast and
 * needs more room while the reader waits for a processor.
 */
#define RINGS_BYTES (16 << 20)
#define RING_BYTES_MAX (4 << 20)
/* As the reference runtimes choose. */
#define RING_BYTES_MIN (256 << 10)

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

static void put(uint8_t *to, int cpu, const struct perf_sample *sample)
{
	const uint32_t header[2] = {sample->size, (uint32_t)cpu};

	memcpy(to, header, sizeof(header));
	memcpy(to + RECORD_HEADER, sample->data, sample->size);
}

static enum bpf_perf_event_ret on_event(void *context, int cpu, struct perf_event_header *event)
{
	const struct perf_sample *sample = (struct perf_sample *)event;
	struct perf_array *array = context;
	struct batch *batch = array->batch;
	uint64_t size;

	array->filled_here += event->size;
	if (event->type == PERF_RECORD_LOST)
		array->lost += ((struct perf_lost *)event)->lost;
	if (event->type != PERF_RECORD_SAMPLE)
		return LIBBPF_PERF_EVENT_CONT;
	perf_quiet_note(&array->quiet, array->next_cpu, cpu);
	size = record_size(sample->size);
	if (size > batch->capacity - batch->used) {
		put(array->held, cpu, sample);
		array->held_size = size;
		return LIBBPF_PERF_EVENT_DONE;
	}
	put(batch->to + batch->used, cpu, sample);
	batch->used += size;
	batch->count++;
	return LIBBPF_PERF_EVENT_CONT;
}

static size_t ring_bytes(int cpus)
{
	size_t bytes = RING_BYTES_MAX;

	while (bytes > RING_BYTES_MIN && bytes * (size_t)cpus > RINGS_BYTES)
		bytes /= 2;
	return bytes;
}

/* With rings that are smaller where a user's limit of locked memory is: 0 or -errno. */
static int open_rings(struct perf_array *array, int fd)
{
	struct perf_event_attr attr = {
	    .size = sizeof(attr),
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_BPF_OUTPUT,
	    .sample_type = PERF_SAMPLE_RAW,
	    .sample_period = 1,
	    .wakeup_events = 1,
	};
	int cpus = libbpf_num_possible_cpus();

	for (size_t bytes = ring_bytes(cpus > 0 ? cpus : 1);; bytes /= 2) {
		size_t pages = bytes / (size_t)sysconf(_SC_PAGESIZE);

		array->buffer =
		    perf_buffer__new_raw(fd, pages ? pages : 1, &attr, on_event, array, NULL);
		array->ring_bytes = bytes;
		if (array->buffer || bytes <= RING_BYTES_MIN || (errno != EPERM && errno != ENOMEM))
			return array->buffer ? 0 : -errno;
	}
}

int perf_array_open(struct perf_array *array, int fd)
{
	int err;

	array->held = calloc(1, PERF_RECORD_MAX);
	if (!array->held)
		return -ENOMEM;
	err = open_rings(array, fd);
	if (!err)
		err = perf_quiet_open(&array->quiet, fd, perf_buffer__buffer_cnt(array->buffer));
	if (err)
		perf_array_close(array);
	return err;
}

/* Puts the held record into the batch; -ENOSPC when it alone is longer than that. */
static void take_held(struct perf_array *array, struct batch *batch)
{
	uint64_t size = array->held_size;

	if (size > batch->capacity) {
		memcpy(batch->to, array->held, RECORD_HEADER);
		batch->too_long = 1;
		return;
	}
	memcpy(batch->to, array->held, size);
	batch->used = size;
	batch->count = 1;
	array->held_size = 0;
}

int perf_array_take(struct perf_array *array, struct batch *batch)
{
	size_t count = perf_buffer__buffer_cnt(array->buffer);
	uint64_t filled = 0;

	if (array->held_size)
		take_held(array, batch);
	array->batch = batch;
	for (size_t i = 0; i < count && !array->held_size; i++) {
		int err;

		array->filled_here = 0;
		err = perf_buffer__consume_buffer(array->buffer, array->next_cpu);
		filled = array->filled_here > filled ? array->filled_here : filled;
		array->next_cpu = (array->next_cpu + 1) % count;
		if (err < 0 && !batch->used)
			return err;
	}
	array->filled += filled;
	/* The very first one did not fit. */
	if (array->held_size && !batch->used && !batch->too_long)
		take_held(array, batch);
	return 0;
}

void perf_array_close(struct perf_array *array)
{
	/* Takes the events out of the array, whichever they are. */
	perf_buffer__free(array->buffer);
	perf_quiet_close(&array->quiet);
	free(array->held);
	array->buffer = NULL;
	array->held = NULL;
}
