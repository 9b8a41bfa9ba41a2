// SPDX-License-Identifier: MIT
/*
 * The native twin of bench/guests/measure/measure.c: the same measurements through libbpf, as a
 *tool written by hand would take them.
 *
 *	measure OBJECT consume|batch ROUNDS
 *	measure OBJECT [percpu-]lookup|[percpu-]update ROUNDS
 *	measure OBJECT uprobe COUNT BINARY:SYMBOL
 *	measure OBJECT numbered COUNT
 *	measure OBJECT stream|stream_perf COUNT [timed|later]
 *	measure OBJECT shown COUNT    prints a line for each event, as tools do
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../guests/measure/measure.h"

static struct bpf_object *object;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int map(const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		exit(1);
	return fd;
}

static void attach(const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (!program || !bpf_program__attach(program))
		exit(1);
}

static struct ring_buffer *open_ring(const char *name, ring_buffer_sample_fn callback, void *ctx)
{
	struct ring_buffer *ring = ring_buffer__new(map(name), callback, ctx, NULL);

	if (!ring)
		exit(1);
	return ring;
}

static int count(void *ctx, void *data, size_t size)
{
	(void)data;
	*(unsigned int *)ctx += size == sizeof(struct event);
	return 0;
}

/* Puts this thread under the filter that a guest's has, by the library that MEASURE_FILTER names.
 */
static void confine(void)
{
	const char *path = getenv("MEASURE_FILTER");
	void *library = path ? dlopen(path, RTLD_NOW) : NULL;
	int (*confine)(int files);

	if (!path)
		return;
	confine = library ? (int (*)(int))dlsym(library, "shim_seccomp__confine") : NULL;
	if (!confine || confine(0))
		exit(3);
}

static void consume(int rounds)
{
	unsigned int zero = 0, wanted = FILL_COUNT, seen = 0;
	struct ring_buffer *ring = open_ring("filled", count, &seen);
	int order = map("order");

	attach("fill");
	/* The filter refuses what opening a ring asks of the kernel. */
	confine();
	for (int round = 0; round < rounds; round++) {
		double start;

		seen = 0;
		if (bpf_map_update_elem(order, &zero, &wanted, 0))
			exit(1);
		start = now_ns();
		while (ring_buffer__consume(ring) > 0)
			;
		if (seen != FILL_COUNT)
			exit(1);
		printf("%.2f\n", (now_ns() - start) / FILL_COUNT);
	}
}

static unsigned long long values_of_cpus[CPUS_MAX];

static void update_round(int map)
{
	for (unsigned long long i = 0; i < LOOKUP_COUNT; i++) {
		unsigned long long key = i % HASH_USED;

		values_of_cpus[0] = key;
		if (bpf_map_update_elem(map, &key, values_of_cpus, 0))
			exit(1);
	}
}

static void lookup_round(int map)
{
	for (unsigned long long i = 0; i < LOOKUP_COUNT; i++) {
		unsigned long long key = i % HASH_USED;

		if (bpf_map_lookup_elem(map, &key, values_of_cpus) || values_of_cpus[0] != key)
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

static unsigned long long keys[BATCH_SIZE], values[BATCH_SIZE];

static void fill_hash(int hash)
{
	for (unsigned long long done = 0; done < BATCH_TOTAL;) {
		unsigned int now =
		    BATCH_TOTAL - done < BATCH_SIZE ? BATCH_TOTAL - done : BATCH_SIZE;

		for (unsigned int i = 0; i < now; i++)
			keys[i] = values[i] = done + i;
		if (bpf_map_update_batch(hash, keys, values, &now, NULL))
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

		err = bpf_map_lookup_batch(hash, from, &batch, keys, values, &now, NULL);
		total += now;
		from = &batch;
	} while (!err);
	return err == -ENOENT ? total : 0;
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

static void uprobe(unsigned int count, char *target)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options);
	struct timing timing = {0};
	double last = 0;
	struct ring_buffer *ring = open_ring("numbered", time_event, &timing);
	char *symbol = strrchr(target, ':');
	struct bpf_program *program = bpf_object__find_program_by_name(object, "traced");

	if (!symbol || !program)
		exit(2);
	*symbol++ = '\0';
	options.func_name = symbol;
	if (!bpf_program__attach_uprobe_opts(program, -1, target, 0, &options))
		exit(1);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		if (ring_buffer__poll(ring, 20000) < 0)
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
	struct ring_buffer *ring = open_ring("numbered", tally, &seen);

	attach("produce");
	printf("ready\n");
	fflush(stdout);
	while (seen.next <= total)
		if (ring_buffer__poll(ring, 20000) < 0)
			exit(1);
	printf("%llu %llu %llu\n", seen.received, seen.dropped, seen.wrong);
}

static struct stream streamed;

static int on_streamed(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)size;
	stream_event(&streamed, data);
	return 0;
}

static void on_sampled(void *ctx, int cpu, void *data, __u32 size)
{
	(void)cpu;
	on_streamed(ctx, data, size);
}

static void stream(const char *program, unsigned long long total)
{
	struct ring_buffer *ring = NULL;
	struct perf_buffer *perf = NULL;

	streamed.total = total + 1;
	if (!strcmp(program, "stream"))
		ring = open_ring("filled", on_streamed, NULL);
	else
		perf = perf_buffer__new(map("sampled"), 64, on_sampled, NULL, NULL, NULL);
	if (!ring && !perf)
		exit(1);
	attach(program);
	printf("ready\n");
	fflush(stdout);
	while (streamed.tally.next <= total)
		if ((ring ? ring_buffer__poll(ring, 20000) : perf_buffer__poll(perf, 20000)) < 0)
			exit(1);
	print_stream(&streamed);
}

static int on_shown(void *ctx, void *data, size_t size)
{
	const unsigned long long *words = data;
	time_t now = time(NULL);
	struct tm local;
	char text[16];

	(void)size;
	*(unsigned long long *)ctx += 1;
	localtime_r(&now, &local);
	strftime(text, sizeof(text), "%H:%M:%S", &local);
	printf("%-8s %6llu %7llu %16llu", text, words[0], words[1], words[2]);
	for (int i = 3; i < 8; i++)
		printf(" %4llu", words[i]);
	putchar('\n');
	return 0;
}

static void show(unsigned long long total)
{
	unsigned long long seen = 0;
	struct ring_buffer *ring = open_ring("filled", on_shown, &seen);

	/* Each event is to be seen at once. */
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	attach("stream");
	while (seen < total)
		if (ring_buffer__poll(ring, 100) < 0)
			exit(1);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	object = bpf_object__open_file(argv[1], NULL);
	if (!object || bpf_object__load(object))
		return 1;
	if (strcmp(argv[2], "consume"))
		confine();
	if (!strcmp(argv[2], "consume"))
		consume(atoi(argv[3]));
	else if (!strcmp(argv[2], "lookup"))
		operate(map("hash"), lookup_round, atoi(argv[3]));
	else if (!strcmp(argv[2], "update"))
		operate(map("hash"), update_round, atoi(argv[3]));
	else if (!strcmp(argv[2], "percpu-lookup"))
		operate(map("percpu"), lookup_round, atoi(argv[3]));
	else if (!strcmp(argv[2], "percpu-update"))
		operate(map("percpu"), update_round, atoi(argv[3]));
	else if (!strcmp(argv[2], "batch"))
		batch(atoi(argv[3]));
	else if (!strcmp(argv[2], "uprobe") && argc == 5)
		uprobe(atoi(argv[3]), argv[4]);
	else if (!strcmp(argv[2], "shown"))
		show(strtoull(argv[3], NULL, 10));
	else if (!strcmp(argv[2], "numbered"))
		numbered(strtoull(argv[3], NULL, 10));
	else if (!strncmp(argv[2], "stream", 6)) {
		if (argc == 5)
			time_stream(&streamed, argv[4]);
		stream(argv[2], strtoull(argv[3], NULL, 10));
	} else
		return 2;
	return 0;
}
