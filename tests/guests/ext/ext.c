// SPDX-License-Identifier: MIT
/*
 * Calls the wasm_bpf_ext imports, one behaviour a sub-command, and prints the results, which the
 * test compares. Exits with 1 if the setup fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasm_bpf_ext.h"
#include "ext.h"

WASM_BPF_EMBED(ext_bpf, "ext.bpf.o");

static uint64_t object;
static unsigned int seen;
static unsigned int wrong;
static char buffer[4096] __attribute__((aligned(8)));

/* ---- shared by the sub-commands -------------------------------------------------------------- */

static void load(void)
{
	object = wasm_load_bpf_object(ext_bpf, WASM_BPF_SIZE(ext_bpf));
	if (!object)
		exit(1);
}

static void load_and_attach(void)
{
	load();
	if (wasm_attach_bpf_program(object, "produce", NULL))
		exit(1);
}

static void order(unsigned int what, unsigned int count)
{
	/* One host call, one system call: wasi-libc's getentropy() has a limit of 256 bytes. */
	extern int random_get(void *, size_t)
	    __attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get")));
	size_t size = (what << 16) + count;
	char *bytes = malloc(size);

	if (!bytes || random_get(bytes, size))
		exit(1);
	free(bytes);
}

static int token(const char *name)
{
	return wasm_bpf_map_fd_by_name(object, name);
}

static int read_events(const char *map, uint32_t size, int timeout_ms)
{
	return wasm_bpf_buffer_read(object, token(map), buffer, (int32_t)size, timeout_ms);
}

/* Counts the records in the buffer, and those out of order. */
static void look(int bytes)
{
	const struct wasm_bpf_record *record, *next = (const void *)buffer;
	struct wasm_bpf_cursor cursor = wasm_bpf_cursor(buffer, bytes);

	while ((record = wasm_bpf_cursor__next(&cursor))) {
		const struct event *event = (const void *)record->data;

		if (record != next || event->number != seen++ || strcmp(event->text, "event"))
			wrong++;
		next = wasm_bpf_record__next(record);
	}
}

/* ---- buffer_read, buffer_stats --------------------------------------------------------------- */

static void read_in_order(void)
{
	for (int round = 0; round < 100; round++) {
		int bytes;

		order(ORDER_RING, 1000);
		while ((bytes = read_events("ring", sizeof(buffer), 0)) > 0)
			look(bytes);
		if (bytes)
			exit(1);
	}
	printf("seen %u wrong %u\n", seen, wrong);
}

static int stop_at_third(void *ctx, void *data, size_t size)
{
	const struct event *event = data;

	(void)ctx;
	(void)size;
	if (event->number != seen++)
		wrong++;
	return seen == 3 ? -77 : 0;
}

static void read_after_poll(void)
{
	static char one[64];
	int bytes;

	order(ORDER_RING, 10);
	printf("poll %d", wasm_bpf_buffer_poll(object, token("ring"), stop_at_third, NULL, one,
					       sizeof(one), 0));
	order(ORDER_RING, 10);
	bytes = read_events("ring", 2 * 72 + 71, 0);
	look(bytes);
	printf(" read %d", bytes);
	printf(" small %d size %u", read_events("ring", 71, 0), *(unsigned int *)buffer);
	while ((bytes = read_events("ring", sizeof(buffer), 0)) > 0)
		look(bytes);
	printf(" seen %u wrong %u\n", seen, wrong);
}

static void poll_after_read(void)
{
	static char one[64];
	int bytes;

	order(ORDER_RING, 10);
	/* Reads one record; the next one does not fit and is kept. */
	bytes = read_events("ring", 80, 0);
	look(bytes);
	printf("read %d", bytes);
	printf(" poll %d", wasm_bpf_buffer_poll(object, token("ring"), stop_at_third, NULL, one,
						sizeof(one), 0));
	bytes = read_events("ring", sizeof(buffer), 0);
	look(bytes);
	printf(" read %d seen %u wrong %u\n", bytes, seen, wrong);
}

static void read_long(void)
{
	order(ORDER_LONG, 1);
	memset(buffer, '?', sizeof(buffer));
	printf("small %d size %u", read_events("ring", 64, 0), *(unsigned int *)buffer);
	printf(" after %c", buffer[8]);
	printf(" header %d", read_events("ring", 8, -1));
	printf(" again %d", read_events("ring", 8 + LONG_SIZE, 0));
	printf(" text %s after %c", buffer + 8, buffer[8 + LONG_SIZE]);
	printf(" empty %d\n", read_events("ring", sizeof(buffer), 0));
}

static void read_perf(void)
{
	int bytes;

	printf("opened %d", read_events("perf", sizeof(buffer), 0));
	order(ORDER_PERF, 200);
	while ((bytes = read_events("perf", 1000, 100)) > 0)
		look(bytes);
	printf(" end %d seen %u wrong %u\n", bytes, seen, wrong);
}

static void bad_reads(void)
{
	int ring = token("ring");
	uint32_t end;

	order(ORDER_RING, 1);
	end = (uint32_t)__builtin_wasm_memory_size(0) * 65536;
	printf("object %d", wasm_bpf_buffer_read(99, ring, buffer, 64, 0));
	printf(" token %d", wasm_bpf_buffer_read(object, 99, buffer, 64, 0));
	printf(" map %d", wasm_bpf_buffer_read(object, token("hash"), buffer, 64, 0));
	printf(" none %d", wasm_bpf_buffer_read(object, ring, buffer, 0, 0));
	printf(" negative %d", wasm_bpf_buffer_read(object, ring, buffer, -1, 0));
	printf(" end %d", wasm_bpf_buffer_read(object, ring, (void *)(end - 71), 72, 0));
	printf(" good %d\n", wasm_bpf_buffer_read(object, ring, (void *)(end - 72), 72, 0));
}

static void stats(void)
{
	struct wasm_bpf_buffer_stats stats = {9, 9, 9};
	static char one[16];
	unsigned long long sent = 200000;
	int ring = token("ring");

	printf("none %d %llu", wasm_bpf_buffer_stats(object, ring, &stats), stats.delivered);
	order(ORDER_RING, 10);
	wasm_bpf_buffer_poll(object, ring, stop_at_third, NULL, one, sizeof(one), 0);
	read_events("ring", sizeof(buffer), 0);
	order(ORDER_RING, 5);
	read_events("ring", sizeof(buffer), 0);
	wasm_bpf_buffer_stats(object, ring, &stats);
	printf(" delivered %llu lost %llu truncated %llu", stats.delivered, stats.lost,
	       stats.truncated);
	read_events("perf", sizeof(buffer), 0);
	for (int i = 0; i < 100; i++)
		order(ORDER_PERF, 2000);
	while (read_events("perf", sizeof(buffer), 0) > 0)
		;
	/* The kernel reports lost samples with the next one that the same CPU can write. */
	while (stats.delivered + stats.lost != sent && sent < 201000) {
		order(ORDER_PERF, 1);
		sent++;
		while (read_events("perf", sizeof(buffer), 0) > 0)
			;
		wasm_bpf_buffer_stats(object, token("perf"), &stats);
	}
	printf(" perf lost some %d all known %d", stats.lost > 0,
	       stats.delivered + stats.lost == sent);
	printf(" map %d\n", wasm_bpf_buffer_stats(object, token("hash"), &stats));
}

/* ---- objects step by step; global arrays come first in their sections ------------------------ */

static void zeros(unsigned long long out[4])
{
	int map = token(".bss");
	struct wasm_bpf_map_info info;
	static char bytes[1024];

	if (wasm_bpf_map_info(map, &info) || info.value_size > sizeof(bytes) ||
	    wasm_bpf_map_operate(map, WASM_BPF_MAP_LOOKUP, &(unsigned int){0}, bytes, NULL, 0))
		exit(1);
	memcpy(out, bytes, sizeof(unsigned long long[4]));
}

static void globals(void)
{
	uint64_t loaded = object;
	unsigned int value = 42;
	unsigned long long seen_there[4];

	object = wasm_bpf_object_open(ext_bpf, WASM_BPF_SIZE(ext_bpf));
	printf("attach %d map %d token %d\n", wasm_attach_bpf_program(object, "produce", NULL),
	       token("ring"), wasm_bpf_program_token(object, "produce"));
	printf("rodata %d", wasm_bpf_global_set(object, "ext.rodata", 0, &value, 4));
	value = 11;
	printf(" data %d", wasm_bpf_global_set(object, ".data", 4, &value, 4));
	value = 1;
	printf(" hidden %d", wasm_bpf_global_set(object, ".data.hidden", 0, &value, 4));
	printf(" load %d again %d\n", wasm_bpf_object_load(object), wasm_bpf_object_load(object));
	printf("attach %d", wasm_attach_bpf_program(object, "show_globals", NULL));
	order(ORDER_GLOBALS, 0);
	zeros(seen_there);
	printf(" seen %llu hidden %llu\n", seen_there[2], seen_there[3]);
	value = 12;
	printf("loaded: rodata %d", wasm_bpf_global_set(object, ".rodata", 0, &value, 4));
	printf(" data %d", wasm_bpf_global_set(object, ".data", 4, &value, 4));
	printf(" hidden %d", wasm_bpf_global_set(object, ".data.hidden", 0, &value, 4));
	order(ORDER_GLOBALS, 0);
	zeros(seen_there);
	printf(" seen %llu hidden %llu\n", seen_there[2], seen_there[3]);
	printf("no section %d %d", wasm_bpf_global_set(object, ".nothing", 0, &value, 4),
	       wasm_bpf_global_set(object, "hash", 0, &value, 4));
	printf(" beyond %d %d", wasm_bpf_global_set(object, ".data", 14, &value, 4),
	       wasm_bpf_global_set(object, ".data", (uint32_t)-1, &value, 4));
	printf(" fault %d", wasm_bpf_global_set(object, ".data", 0, (void *)-2, 4));
	printf(" load %d close %d\n", wasm_bpf_object_load(loaded), wasm_close_bpf_object(object));
	printf("garbage %llu\n", wasm_bpf_object_open("garbage", 7));
}

/* ---- links ----------------------------------------------------------------------------------- */

static void links(void)
{
	int first, second;

	load();
	first = wasm_bpf_link_attach(object, "produce", NULL);
	order(ORDER_RING, 3);
	printf("read %d", read_events("ring", sizeof(buffer), 0));
	printf(" detach %d again %d", wasm_bpf_link_detach(first), wasm_bpf_link_detach(first));
	order(ORDER_RING, 3);
	printf(" read %d", read_events("ring", sizeof(buffer), 0));
	second = wasm_bpf_link_attach(object, "produce", "");
	order(ORDER_RING, 2);
	printf(" other %d read %d", second > first, read_events("ring", sizeof(buffer), 0));
	printf(" close %d detach %d", wasm_close_bpf_object(object), wasm_bpf_link_detach(second));
	printf(" zero %d negative %d\n", wasm_bpf_link_detach(0), wasm_bpf_link_detach(-1));
}

static int count_tasks(int link, int room)
{
	int bytes, tasks = 0;

	while ((bytes = wasm_bpf_iter_read(link, buffer, room)) > 0)
		for (int i = 0; i < bytes; i++)
			tasks += buffer[i] == '\n';
	return bytes < 0 ? bytes : tasks;
}

static void iterator(void)
{
	int link = wasm_bpf_link_attach(object, "print_tasks", NULL), first, second;
	int other = wasm_bpf_link_attach(object, "drain", NULL);

	first = count_tasks(link, 4096);
	second = count_tasks(link, 7);
	printf("tasks %d same %d", first > 10, abs(first - second) < 50);
	printf(" other %d", wasm_bpf_iter_read(other, buffer, 16));
	printf(" half %d", wasm_bpf_iter_read(link, buffer, 5));
	printf(" fault %d", wasm_bpf_iter_read(link, (void *)-1, 16));
	printf(" detach %d", wasm_bpf_link_detach(link));
	printf(" read %d\n", wasm_bpf_iter_read(link, buffer, 16));
}

/* ---- map_batch and related calls ------------------------------------------------------------- */

#define MANY 100000

static unsigned long long keys[MANY], values[MANY];

static uint32_t read_all(int map, int cmd, uint32_t room, int *last)
{
	uint32_t done = 0, in[2];
	int first = 1;

	do {
		uint32_t n = MANY - done < room ? MANY - done : room;

		*last = wasm_bpf_map_batch(map, cmd, first ? NULL : in, in, keys + done,
					   values + done, &n, 0);
		first = 0;
		done += n;
	} while (!*last && done < MANY);
	return done;
}

static void batch_hash(void)
{
	unsigned long long key_sum = 0, value_sum = 0;
	int map = token("large"), last;
	uint32_t n = MANY;

	for (uint32_t i = 0; i < MANY; i++) {
		keys[i] = i;
		values[i] = 2 * i;
	}
	printf("update %d %u",
	       wasm_bpf_map_batch(map, WASM_BPF_BATCH_UPDATE, NULL, NULL, keys, values, &n, 0), n);
	memset(keys, 0, sizeof(keys));
	memset(values, 0, sizeof(values));
	n = read_all(map, WASM_BPF_BATCH_LOOKUP, 4096, &last);
	for (uint32_t i = 0; i < n; i++) {
		key_sum += keys[i];
		value_sum += values[i];
	}
	printf(" lookup %u %d sums %llu %llu", n, last, key_sum, value_sum);
	for (uint32_t i = 0; i < 10; i++)
		keys[i] = i;
	keys[5] = MANY;
	n = 10;
	printf(" delete %d %u",
	       wasm_bpf_map_batch(map, WASM_BPF_BATCH_DELETE, NULL, NULL, keys, NULL, &n, 0), n);
	n = read_all(map, WASM_BPF_BATCH_LOOKUP_AND_DELETE, 50000, &last);
	printf(" taken %u %d", n, last);
	n = read_all(map, WASM_BPF_BATCH_LOOKUP, 4096, &last);
	printf(" left %u %d\n", n, last);
}

static void batch_small(void)
{
	unsigned int five[] = {1, 2, 3, 4, 5};
	int map = token("large"), err;
	uint32_t n = MANY, in;

	for (uint32_t i = 0; i < MANY; i++)
		keys[i] = i;
	wasm_bpf_map_batch(map, WASM_BPF_BATCH_UPDATE, NULL, NULL, keys, values, &n, 0);
	/* Of 131,072 buckets with 100,000 elements, some have two or more; the first may have none.
	 */
	n = 0;
	printf("none %d %u", wasm_bpf_map_batch(map, 24, NULL, &in, keys, values, &n, 0), n);
	n = 1;
	err = wasm_bpf_map_batch(map, 24, NULL, &in, keys, values, &n, 0);
	while (!err) {
		n = 1;
		err = wasm_bpf_map_batch(map, 24, &in, &in, keys, values, &n, 0);
	}
	printf(" one %d %u", err, n);
	n = 64;
	printf(" more %d %d", wasm_bpf_map_batch(map, 24, &in, &in, keys, values, &n, 0), n > 1);
	n = 5;
	err = wasm_bpf_map_batch(token("hash"), 26, NULL, NULL, five, values, &n, 0);
	printf(" full %d %u\n", err, n);
}

static void batch_per_cpu(void)
{
	static unsigned char room[16 * 8 * 256];
	struct wasm_bpf_map_info info;
	unsigned int some_keys[] = {1, 2, 3};
	int map = token("per_cpu"), err;
	uint32_t n = 3, in, cpu_bytes, wrong_values = 0;

	if (wasm_bpf_map_info(map, &info) || info.value_size * 3 > sizeof(room))
		exit(1);
	cpu_bytes = info.value_size / info.cpus;
	printf("info %u %u %u %u", info.type, info.key_size, cpu_bytes, info.max_entries);
	for (uint32_t i = 0; i < 3 * info.cpus; i++)
		*(unsigned int *)(room + i * cpu_bytes) = 100 + i;
	err = wasm_bpf_map_batch(map, WASM_BPF_BATCH_UPDATE, NULL, NULL, some_keys, room, &n, 0);
	printf(" update %d %u", err, n);
	memset(room, '?', sizeof(room));
	n = 16;
	err = wasm_bpf_map_batch(map, WASM_BPF_BATCH_LOOKUP, NULL, &in, keys, room, &n, 0);
	printf(" lookup %d %u", err, n);
	for (uint32_t i = 0; i < n * info.cpus; i++) {
		unsigned int key = ((unsigned int *)keys)[i / info.cpus];
		unsigned int value = *(unsigned int *)(room + i * cpu_bytes);

		wrong_values += value != 100 + (key - 1) * info.cpus + i % info.cpus;
	}
	printf(" wrong %u after %c\n", wrong_values, room[n * info.value_size]);
}

static void batch_others(void)
{
	struct prefix prefixes[3] = {{8, {10}}, {16, {10, 1}}, {24, {10, 1, 2}}}, in;
	unsigned int some[6] = {1, 2, 3, 4, 5, 6};
	uint32_t n = 3;
	int map = token("trie");

	printf("trie %d", wasm_bpf_map_batch(map, 26, NULL, NULL, prefixes, some, &n, 0));
	n = 16;
	memset(buffer, 0, sizeof(buffer));
	printf(" %d", wasm_bpf_map_batch(map, 24, NULL, &in, buffer, values, &n, 0));
	printf(" %u", n);
	n = 3;
	printf(" %d %u", wasm_bpf_map_batch(map, 27, NULL, NULL, prefixes, NULL, &n, 0), n);
	map = token("queue");
	n = 6;
	printf(" queue %d", wasm_bpf_map_batch(map, 26, NULL, NULL, NULL, some, &n, 0));
	printf(" %u", n);
	printf(" pop %d", wasm_bpf_map_lookup_and_delete(map, NULL, some, 0));
	printf(" %u", some[0]);
	n = 6;
	printf(" %d", wasm_bpf_map_batch(map, 25, NULL, NULL, NULL, some, &n, 0));
	printf(" %u %u %u %u", n, some[0], some[1], some[2]);
	printf(" empty %d", wasm_bpf_map_lookup_and_delete(map, NULL, some, 0));
	printf(" peek %d", wasm_bpf_map_batch(map, 24, NULL, NULL, NULL, some, &n, 0));
	map = token("hash");
	some[0] = 7;
	wasm_bpf_map_operate(map, WASM_BPF_MAP_UPDATE, some, some, NULL, 0);
	printf(" take %d", wasm_bpf_map_lookup_and_delete(map, some, some + 1, 0));
	printf(" %u", some[1]);
	printf(" again %d\n", wasm_bpf_map_lookup_and_delete(map, some, some + 1, 0));
}

static void bad_batches(void)
{
	uint32_t n = 4, end = (uint32_t)__builtin_wasm_memory_size(0) * 65536, in;
	int map = token("hash");

	printf("token %d", wasm_bpf_map_batch(99, 24, NULL, &in, keys, values, &n, 0));
	printf(" command %d %d", wasm_bpf_map_batch(map, 23, NULL, &in, keys, values, &n, 0),
	       wasm_bpf_map_batch(map, 28, NULL, &in, keys, values, &n, 0));
	printf(" count %d", wasm_bpf_map_batch(map, 24, NULL, &in, keys, values, (void *)-2, 0));
	printf(" keys %d",
	       wasm_bpf_map_batch(map, 24, NULL, &in, (void *)(end - 15), values, &n, 0));
	printf(" values %d",
	       wasm_bpf_map_batch(map, 24, NULL, &in, keys, (void *)(end - 15), &n, 0));
	printf(" out %d", wasm_bpf_map_batch(map, 24, NULL, (void *)-1, keys, values, &n, 0));
	printf(" in %d", wasm_bpf_map_batch(map, 24, (void *)-1, &in, keys, values, &n, 0));
	printf(" kept %u", n);
	n = 0xffffffff;
	printf(" huge %d", wasm_bpf_map_batch(map, 24, NULL, &in, keys, values, &n, 0));
	n = 0x40000001;
	printf(" wraps %d", wasm_bpf_map_batch(map, 26, NULL, NULL, keys, values, &n, 0));
	n = 4;
	printf(" flags %d", wasm_bpf_map_batch(map, 26, NULL, NULL, keys, values, &n, -1));
	printf(" done %u\n", n);
}

/* ---- user ring buffers ----------------------------------------------------------------------- */

static void user_ring(void)
{
	int map = token("commands"), ok = 0, err;
	unsigned long long counts[4];
	unsigned int number;

	printf("detached");
	for (number = 1; !(err = wasm_bpf_user_ring_submit(object, map, &number, 4, 0)); number++)
		ok++;
	/* 16 bytes a sample, of 4096. */
	printf(" %d %d wait %d", ok, err, wasm_bpf_user_ring_submit(object, map, &number, 4, 20));
	if (wasm_attach_bpf_program(object, "drain", NULL))
		exit(1);
	order(ORDER_NOTHING, 0);
	zeros(counts);
	printf(" drained %llu sum %llu", counts[0], counts[1]);
	printf(" room %d", wasm_bpf_user_ring_submit(object, map, &number, 4, -1));
	order(ORDER_NOTHING, 0);
	zeros(counts);
	printf(" drained %llu", counts[0]);
	printf(" large %d", wasm_bpf_user_ring_submit(object, map, ext_bpf, 4096, 0));
	printf(" map %d", wasm_bpf_user_ring_submit(object, token("ring"), &number, 4, 0));
	printf(" end %d\n", wasm_bpf_user_ring_submit(object, map, (void *)-2, 4, 0));
}

static void user_ring_wait(void)
{
	int map = token("commands");
	unsigned int number = 0;

	while (!wasm_bpf_user_ring_submit(object, map, &number, 4, 0))
		;
	if (wasm_attach_bpf_program(object, "drain", NULL))
		exit(1);
	printf("waiting\n");
	fflush(stdout);
	printf("submit %d\n", wasm_bpf_user_ring_submit(object, map, &number, 4, -1));
}

/* ---- last_error ------------------------------------------------------------------------------ */

static void last_error(void)
{
	char text[32];
	int length;

	printf("none %d\n", wasm_bpf_last_error(NULL, 0));
	wasm_bpf_map_fd_by_name(object, "no_such_map");
	length = wasm_bpf_last_error(NULL, 0);
	printf("%d %s\n", wasm_bpf_last_error(text, sizeof(text)) == length, text);
	memset(buffer, '?', sizeof(buffer));
	wasm_bpf_last_error(buffer, (int32_t)sizeof(buffer));
	printf("%d after %c\n", length == (int)strlen(buffer), buffer[length + 1]);
	/* A call that only returns an errno does not change it. */
	wasm_bpf_map_operate(99, 1, buffer, buffer, NULL, 0);
	printf("%d\n", wasm_bpf_last_error(NULL, 0) == length);
	printf("end %d\n", wasm_bpf_last_error((char *)-2, 8));
}

struct command {
	const char *name;
	void (*run)(void);
};

static const struct command commands[] = {
    {"read-in-order", read_in_order},
    {"read-after-poll", read_after_poll},
    {"poll-after-read", poll_after_read},
    {"read-long", read_long},
    {"read-perf", read_perf},
    {"bad-reads", bad_reads},
    {"stats", stats},
    {"globals", globals},
    {"links", links},
    {"iterator", iterator},
    {"batch-hash", batch_hash},
    {"batch-small", batch_small},
    {"batch-per-cpu", batch_per_cpu},
    {"batch-others", batch_others},
    {"bad-batches", bad_batches},
    {"user-ring", user_ring},
    {"user-ring-wait", user_ring_wait},
    {"last-error", last_error},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		load_and_attach();
		commands[i].run();
		return 0;
	}
	fprintf(stderr, "no such command\n");
	return 2;
}
