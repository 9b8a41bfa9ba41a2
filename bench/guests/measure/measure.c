// SPDX-License-Identifier: MIT
/*
 * The measured guest; bench/native/measure.c is its native twin. Prints figures, one a line.
 *
 *	measure consume ROUNDS       ns an event that waits in the ring, through the callback
 *	measure read ROUNDS          the same, through buffer_read
 *	measure lookup|update ROUNDS  ns a lookup or update in a hash of 8-byte keys
 *	measure percpu-lookup|percpu-update ROUNDS  the same in a per-CPU hash
 *	measure batch ROUNDS         ns an element of a hash of 100,000, read in batches
 *	measure uprobe COUNT TARGET  ns an event of a uprobe on TARGET, from the first to the last
 *	measure numbered COUNT       consumes numbered events until COUNT and one were tried; prints
 *a tally
 *	measure received ROUNDS      prints the callbacks of a ring with FILL_COUNT events
 *	measure attached 0           prints a line when a program is attached, and ends
 *
 * With BASE_ALONE it has none of the calls that the extension module is for: read, batch. Other
 * runtimes run it then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wasm_bpf_ext.h"
#include "measure.h"

WASM_BPF_EMBED(measure_bpf, "measure.bpf.o");

static uint64_t object;
static struct event buffer;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int map(const char *name)
{
	int token = wasm_bpf_map_fd_by_name(object, name);

	if (token < 0)
		exit(1);
	return token;
}

static void attach(const char *program)
{
	if (wasm_attach_bpf_program(object, program, NULL))
		exit(1);
}

static int count(void *ctx, void *data, size_t size)
{
	(void)data;
	*(unsigned int *)ctx += size == sizeof(struct event);
	return 0;
}

static void consume(int rounds)
{
	int order = map("order"), filled = map("filled");

	attach("fill");
	for (int round = 0; round < rounds; round++) {
		unsigned int zero = 0, wanted = FILL_COUNT, seen = 0;
		double start;

		if (wasm_bpf_map_operate(order, WASM_BPF_MAP_UPDATE, &zero, &wanted, NULL, 0))
			exit(1);
		start = now_ns();
		while (wasm_bpf_buffer_poll(object, filled, count, &seen, &buffer, sizeof(buffer),
					    0) > 0)
			;
		if (seen != FILL_COUNT)
			exit(1);
		printf("%.2f\n", (now_ns() - start) / FILL_COUNT);
	}
}

static void received(int rounds)
{
	int order = map("order"), filled = map("filled");

	attach("fill");
	for (int round = 0; round < rounds; round++) {
		unsigned int zero = 0, wanted = FILL_COUNT, seen = 0, before;

		if (wasm_bpf_map_operate(order, WASM_BPF_MAP_UPDATE, &zero, &wanted, NULL, 0))
			exit(1);
		/* Not by the result: other runtimes return 0 for events, too. */
		do {
			before = seen;
			if (wasm_bpf_buffer_poll(object, filled, count, &seen, &buffer,
						 sizeof(buffer), 0) < 0)
				exit(1);
		} while (seen != before);
		printf("%u\n", seen);
	}
}

#ifndef BASE_ALONE
static unsigned int read_all(int ring)
{
	/* Few enough to stay in a processor's cache. */
	static unsigned long long records[4 * 1024 / sizeof(unsigned long long)];
	unsigned int seen = 0;
	int size;

	while ((size = wasm_bpf_buffer_read(object, ring, records, sizeof(records), 0)) > 0) {
		struct wasm_bpf_cursor cursor = wasm_bpf_cursor(records, size);
		const struct wasm_bpf_record *record;

		while ((record = wasm_bpf_cursor__next(&cursor)))
			seen += record->size == sizeof(struct event);
	}
	return seen;
}

static void read_records(int rounds)
{
	int order = map("order"), filled = map("filled");

	attach("fill");
	for (int round = 0; round < rounds; round++) {
		unsigned int zero = 0, wanted = FILL_COUNT;
		double start;

		if (wasm_bpf_map_operate(order, WASM_BPF_MAP_UPDATE, &zero, &wanted, NULL, 0))
			exit(1);
		start = now_ns();
		if (read_all(filled) != FILL_COUNT)
			exit(1);
		printf("%.2f\n", (now_ns() - start) / FILL_COUNT);
	}
}
#endif

static unsigned long long values_of_cpus[CPUS_MAX];

static void update_round(int map)
{
	for (unsigned long long i = 0; i < LOOKUP_COUNT; i++) {
		unsigned long long key = i % HASH_USED;

		values_of_cpus[0] = key;
		if (wasm_bpf_map_operate(map, WASM_BPF_MAP_UPDATE, &key, values_of_cpus, NULL, 0))
			exit(1);
	}
}

static void lookup_round(int map)
{
	for (unsigned long long i = 0; i < LOOKUP_COUNT; i++) {
		unsigned long long key = i % HASH_USED;

		if (wasm_bpf_map_operate(map, WASM_BPF_MAP_LOOKUP, &key, values_of_cpus, NULL, 0) ||
		    values_of_cpus[0] != key)
			exit(1);
	}
}

/* A function a round: a guest's loop is compiled well when it is entered again. */
static void operate(int map, void (*round)(int map), int rounds)
{
	update_round(map);
	for (int i = 0; i < rounds; i++) {
		double start = now_ns();

		round(map);
		printf("%.2f\n", (now_ns() - start) / LOOKUP_COUNT);
	}
}

#ifndef BASE_ALONE
static unsigned long long keys[BATCH_SIZE], values[BATCH_SIZE];

static void fill_hash(int hash)
{
	for (unsigned long long done = 0; done < BATCH_TOTAL;) {
		unsigned int now =
		    BATCH_TOTAL - done < BATCH_SIZE ? BATCH_TOTAL - done : BATCH_SIZE;

		for (unsigned int i = 0; i < now; i++)
			keys[i] = values[i] = done + i;
		if (wasm_bpf_map_batch(hash, WASM_BPF_BATCH_UPDATE, NULL, NULL, keys, values, &now,
				       0))
			exit(1);
		done += now;
	}
}

static unsigned int read_hash(int hash)
{
	unsigned long long batch;
	unsigned int total = 0;
	void *from = NULL;
	int err;

	do {
		unsigned int now = BATCH_SIZE;

		err = wasm_bpf_map_batch(hash, WASM_BPF_BATCH_LOOKUP, from, &batch, keys, values,
					 &now, 0);
		total += now;
		from = &batch;
	} while (!err);
	return err == -WASM_BPF_ENOENT ? total : 0;
}

static void batch(int rounds)
{
	int hash = map("hash");

	fill_hash(hash);
	for (int round = 0; round < rounds; round++) {
		double start = now_ns();

		if (read_hash(hash) != BATCH_TOTAL)
			exit(1);
		printf("%.2f\n", (now_ns() - start) / BATCH_TOTAL);
	}
}
#endif

struct timing {
	double first;
	unsigned long long next;
};

static int time_event(void *ctx, void *data, size_t size)
{
	struct timing *timing = ctx;

	(void)size;
	if (!timing->next)
		timing->first = now_ns();
	timing->next = ((const struct event *)data)->number + 1;
	return 0;
}

static void uprobe(unsigned int count, const char *target)
{
	struct timing timing = {0};
	double last = 0;
	int ring = map("numbered");

	if (wasm_attach_bpf_program(object, "traced", target))
		exit(1);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		if (wasm_bpf_buffer_poll(object, ring, time_event, &timing, &buffer, sizeof(buffer),
					 20000) < 0)
			exit(1);
		/* The event after a pause. */
		if (timing.next > count)
			break;
		last = now_ns();
	}
	printf("%.2f\n", (last - timing.first) / (count - 1));
}

static int tally(void *ctx, void *data, size_t size)
{
	(void)size;
	tally_event(ctx, data);
	return 0;
}

static void numbered(unsigned long long total)
{
	struct tally seen = {0};
	int ring = map("numbered");

	attach("produce");
	printf("ready\n");
	fflush(stdout);
	while (seen.next <= total)
		if (wasm_bpf_buffer_poll(object, ring, tally, &seen, &buffer, sizeof(buffer),
					 20000) < 0)
			exit(1);
	printf("%llu %llu %llu\n", seen.received, seen.dropped, seen.wrong);
}

static void attached(void)
{
	attach("fill");
	printf("attached\n");
	fflush(stdout);
}

static struct stream streamed;
/* A perf event's payload is padded: longer than the event. */
static struct event stream_buffer[2];

static int on_streamed(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)size;
	stream_event(&streamed, data);
	return 0;
}

static void stream(const char *program, unsigned long long total, int timeout_ms)
{
	int buffers = map(strcmp(program, "stream") ? "sampled" : "filled");

	streamed.total = total + 1;
	/* The first call opens the buffer, and nothing is to be lost before. */
	wasm_bpf_buffer_poll(object, buffers, on_streamed, NULL, stream_buffer,
			     sizeof(stream_buffer), 0);
	attach(program);
	printf("ready\n");
	fflush(stdout);
	while (streamed.tally.next <= total)
		if (wasm_bpf_buffer_poll(object, buffers, on_streamed, NULL, stream_buffer,
					 sizeof(stream_buffer), timeout_ms) < 0)
			exit(1);
	print_stream(&streamed);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	object = wasm_load_bpf_object(measure_bpf, WASM_BPF_SIZE(measure_bpf));
	if (!object)
		return 1;
	if (!strcmp(argv[1], "consume"))
		consume(atoi(argv[2]));
	else if (!strcmp(argv[1], "received"))
		received(atoi(argv[2]));
#ifndef BASE_ALONE
	else if (!strcmp(argv[1], "read"))
		read_records(atoi(argv[2]));
	else if (!strcmp(argv[1], "batch"))
		batch(atoi(argv[2]));
#endif
	else if (!strcmp(argv[1], "lookup"))
		operate(map("hash"), lookup_round, atoi(argv[2]));
	else if (!strcmp(argv[1], "update"))
		operate(map("hash"), update_round, atoi(argv[2]));
	else if (!strcmp(argv[1], "percpu-lookup"))
		operate(map("percpu"), lookup_round, atoi(argv[2]));
	else if (!strcmp(argv[1], "percpu-update"))
		operate(map("percpu"), update_round, atoi(argv[2]));
	else if (!strcmp(argv[1], "attached"))
		attached();
	else if (!strcmp(argv[1], "uprobe") && argc == 4)
		uprobe(atoi(argv[2]), argv[3]);
	else if (!strcmp(argv[1], "numbered"))
		numbered(strtoull(argv[2], NULL, 10));
	else if (!strncmp(argv[1], "stream", 6)) {
		if (argc >= 4)
			time_stream(&streamed, argv[3]);
		stream(argv[1], strtoull(argv[2], NULL, 10), argc == 5 ? atoi(argv[4]) : 20000);
	} else
		return 2;
	return 0;
}
