// SPDX-License-Identifier: MIT
/*
 * Exercises the wasm_bpf_ext imports, one behaviour a sub-command, and prints what came of it; the
 * test compares. Exits with 1 where the setting up fails.
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

/* ---- what the sub-commands share ----------------------------------------------------------- */

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

/* Counts the records in the buffer and notes whether they come in order. */
static void look(int bytes)
{
	const struct wasm_bpf_record *record = (const void *)buffer;

	while (bytes > 0 && (const char *)record < buffer + bytes) {
		const struct event *event = (const void *)record->data;

		if (event->number != seen++ || strcmp(event->text, "event"))
			wrong++;
		record = wasm_bpf_record__next(record);
	}
}

/* ---- buffer_read, buffer_stats ------------------------------------------------------------- */

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
	/* One record, and one that does not fit and is held. */
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
	printf(" behind %c", buffer[8]);
	printf(" header %d", read_events("ring", 8, -1));
	printf(" again %d", read_events("ring", 8 + LONG_SIZE, 0));
	printf(" text %s behind %c", buffer + 8, buffer[8 + LONG_SIZE]);
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
	for (int i = 0; i < 5; i++)
		order(ORDER_PERF, 2000);
	while (read_events("perf", sizeof(buffer), 0) > 0)
		;
	/* The kernel tells about lost samples with the next one that it can write. */
	order(ORDER_PERF, 1);
	while (read_events("perf", sizeof(buffer), 0) > 0)
		;
	wasm_bpf_buffer_stats(object, token("perf"), &stats);
	printf(" perf lost some %d sum %llu", stats.lost > 0, stats.delivered + stats.lost);
	printf(" map %d\n", wasm_bpf_buffer_stats(object, token("hash"), &stats));
}

/* ---- last_error ---------------------------------------------------------------------------- */

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
	printf("%d behind %c\n", length == (int)strlen(buffer), buffer[length + 1]);
	/* A mere number does not change it. */
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
