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

#include "perf_array.h"

/* Pages per CPU, as the reference runtimes choose. */
#define PAGES 64

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

	if (event->type == PERF_RECORD_LOST)
		array->lost += ((struct perf_lost *)event)->lost;
	if (event->type != PERF_RECORD_SAMPLE)
		return LIBBPF_PERF_EVENT_CONT;
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

int perf_array_open(struct perf_array *array, int fd)
{
	struct perf_event_attr attr = {
	    .size = sizeof(attr),
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_BPF_OUTPUT,
	    .sample_type = PERF_SAMPLE_RAW,
	    .sample_period = 1,
	    .wakeup_events = 1,
	};

	array->held = calloc(1, PERF_RECORD_MAX);
	if (!array->held)
		return -ENOMEM;
	array->buffer = perf_buffer__new_raw(fd, PAGES, &attr, on_event, array, NULL);
	if (!array->buffer) {
		int err = -errno;

		perf_array_close(array);
		return err;
	}
	return 0;
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

	if (array->held_size)
		take_held(array, batch);
	array->batch = batch;
	for (size_t i = 0; i < count && !array->held_size; i++) {
		int err = perf_buffer__consume_buffer(array->buffer, array->next_cpu);

		array->next_cpu = (array->next_cpu + 1) % count;
		if (err < 0 && !batch->used)
			return err;
	}
	/* The very first one did not fit. */
	if (array->held_size && !batch->used && !batch->too_long)
		take_held(array, batch);
	return 0;
}

void perf_array_close(struct perf_array *array)
{
	perf_buffer__free(array->buffer);
	free(array->held);
	array->buffer = NULL;
	array->held = NULL;
}
