// SPDX-License-Identifier: MIT
/*
 * Calls the wasm_bpf imports, one behaviour a sub-command, and prints the results, which the test
 * compares. Exits with 1 if the setup fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wasm_bpf.h"
#include "abi.h"

WASM_BPF_EMBED(abi_bpf, "abi.bpf.o");
WASM_BPF_EMBED(refused_bpf, "refused.bpf.o");

static uint64_t object;
static unsigned int seen;
static unsigned int wrong;
static char buffer[4096];

/* ---- shared by the sub-commands -------------------------------------------------------------- */

static void order(unsigned int what, unsigned int count)
{
	size_t size = (what << 16) + count;
	char *bytes = malloc(size);

	if (!bytes)
		exit(1);
	/* One host call, one system call: wasi-libc's getentropy() has a limit of 256 bytes. */
	extern int random_get(void *, size_t)
	    __attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get")));
	if (random_get(bytes, size))
		exit(1);
	free(bytes);
}

static void load_and_attach(void)
{
	unsigned int zero = 0, number;
	int claim;

	object = wasm_load_bpf_object(abi_bpf, WASM_BPF_SIZE(abi_bpf));
	if (!object || wasm_attach_bpf_program(object, "produce", NULL) ||
	    getentropy(&number, sizeof(number)))
		exit(1);
	number = number % 0xffff + 1;
	claim = wasm_bpf_map_fd_by_name(object, "claim");
	if (wasm_bpf_map_operate(claim, WASM_BPF_MAP_UPDATE, &zero, &number, NULL, 0))
		exit(1);
	order(ORDER_CLAIM, number);
}

static int token(const char *name)
{
	return wasm_bpf_map_fd_by_name(object, name);
}

/* Counts events, and counts those out of order. */
static int count(void *ctx, void *data, size_t size)
{
	const struct event *event = data;

	(void)ctx;
	if (size != sizeof(*event) || event->number != seen)
		wrong++;
	seen++;
	return 0;
}

static int poll(const char *map, wasm_bpf_sample_fn callback, void *ctx, int timeout_ms)
{
	return wasm_bpf_buffer_poll(object, token(map), callback, ctx, buffer, sizeof(buffer),
				    timeout_ms);
}

/* ---- buffers --------------------------------------------------------------------------------- */

static void in_order(void)
{
	int handled = 0;

	for (int round = 0; round < 200; round++) {
		order(ORDER_RING, 1000);
		handled += poll("ring", count, NULL, 0);
	}
	printf("handled %d seen %u wrong %u\n", handled, seen, wrong);
}

static int stop_at_third(void *ctx, void *data, size_t size)
{
	count(ctx, data, size);
	return seen == 3 ? -77 : 0;
}

static void stop_in_the_middle(void)
{
	order(ORDER_RING, 10);
	printf("first %d", poll("ring", stop_at_third, NULL, 0));
	printf(" seen %u", seen);
	printf(" second %d", poll("ring", count, NULL, 0));
	printf(" seen %u wrong %u\n", seen, wrong);
}

static int note_order(void *ctx, void *data, size_t size)
{
	(void)size;
	*(unsigned int *)ctx = ((const struct event *)data)->order;
	return 0;
}

static void two_buffers(void)
{
	unsigned int first = 0, second = 0;
	int handled;

	order(ORDER_RING, 5);
	order(ORDER_OTHER_RING, 3);
	handled = poll("other_ring", note_order, &first, 0);
	printf("other_ring %d of order %u, ", handled, first);
	handled = poll("ring", note_order, &second, 0);
	printf("ring %d of order %u\n", handled, second);
}

static void perf_event_array(void)
{
	printf("opened %d", poll("perf", count, NULL, 0));
	order(ORDER_PERF, 20);
	/* The kernel rounds a sample's size up, so the test ignores it. */
	printf(" handled %d\n", poll("perf", count, NULL, 1000));
}

/* The kernel reports dropped events with the next event that fits. */
static void perf_lost(void)
{
	unsigned int key = ORDER_PERF, dropped = 0;
	int handled;

	poll("perf", count, NULL, 0);
	/* A CPU's buffer has at most 4 MiB. */
	for (int i = 0; i < 6; i++)
		order(ORDER_PERF, 60000);
	handled = poll("perf", count, NULL, 1000);
	order(ORDER_PERF, 1);
	handled += poll("perf", count, NULL, 1000);
	wasm_bpf_map_operate(token("dropped"), WASM_BPF_MAP_LOOKUP, &key, &dropped, NULL, 0);
	printf("handled %d dropped %u\n", handled, dropped);
}

static void sleep_then_poll(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	poll("ring", count, NULL, 0);
	printf("sleeping\n");
	usleep(60000000);
	printf("polling\n");
	printf("poll %d\n", poll("ring", count, NULL, 60000));
}

static int poll_inside(void *ctx, void *data, size_t size)
{
	const struct event *event = data;

	(void)size;
	if (event->order == ORDER_RING && event->number == 1) {
		/* A separate buffer: the other one is in use until the callback returns. */
		static char inner[64];

		*(int *)ctx = wasm_bpf_buffer_poll(object, token("ring"), count, NULL, inner,
						   sizeof(inner), 0);
		*((int *)ctx + 1) = wasm_bpf_buffer_poll(object, token("other_ring"), count, NULL,
							 inner, sizeof(inner), 0);
	}
	return 0;
}

static void nested(void)
{
	int inner[2] = {-1, -1}, outer;

	order(ORDER_RING, 5);
	order(ORDER_OTHER_RING, 3);
	outer = poll("ring", poll_inside, inner, 0);
	printf("outer %d same %d other %d\n", outer, inner[0], inner[1]);
}

static int close_at_second(void *ctx, void *data, size_t size)
{
	count(ctx, data, size);
	if (seen == 2)
		printf("close %d ", wasm_close_bpf_object(object));
	return 0;
}

static void close_inside(void)
{
	int ring = token("ring");

	order(ORDER_RING, 5);
	printf("poll %d ", poll("ring", close_at_second, NULL, 0));
	printf("seen %u again %d token %d close %d\n", seen, poll("ring", count, NULL, 0),
	       wasm_bpf_map_operate(ring, WASM_BPF_MAP_LOOKUP, buffer, buffer, NULL, 0),
	       wasm_close_bpf_object(object));
}

static int attach_once(void *ctx, void *data, size_t size)
{
	(void)data;
	(void)size;
	*(int *)ctx = wasm_attach_bpf_program(object, "unused", "");
	return 0;
}

static void attach_inside(void)
{
	int attached = -1;

	order(ORDER_RING, 1);
	printf("poll %d ", poll("ring", attach_once, &attached, 0));
	printf("attach %d\n", attached);
}

static int trap(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	__builtin_trap();
}

static int leave(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	exit(42);
}

static int note_size(void *ctx, void *data, size_t size)
{
	(void)data;
	*(unsigned int *)ctx = size;
	return 0;
}

static void cut(void)
{
	unsigned int size = 0;
	int handled;

	memset(buffer, '?', sizeof(buffer));
	order(ORDER_LONG, 1);
	handled = wasm_bpf_buffer_poll(object, token("ring"), note_size, &size, buffer, 16, 0);
	printf("handled %d size %u text %.4s after %c\n", handled, size, buffer, buffer[16]);
}

/* Counts bytes that differ from the sent ones, or that were written although none were sent. */
static int check_bytes(void *ctx, void *data, size_t size)
{
	const unsigned char *bytes = data;

	if (size != *(unsigned int *)ctx)
		wrong++;
	for (size_t i = 0; i < sizeof(buffer); i++)
		if (bytes[i] != (i < size ? (i & 0xff) : '?'))
			wrong++;
	seen++;
	return 0;
}

static void every_size(void)
{
	for (unsigned int size = 0; size <= SIZED_MAX; size++) {
		memset(buffer, '?', sizeof(buffer));
		order(ORDER_SIZED, size);
		if (poll("ring", check_bytes, &size, 0) != 1)
			wrong++;
	}
	printf("seen %u wrong %u\n", seen, wrong);
}

static void discarded(void)
{
	order(ORDER_DISCARDED, 3);
	printf("only discarded %d, ", poll("ring", count, NULL, 50));
	order(ORDER_DISCARDED, 1);
	order(ORDER_RING, 2);
	printf("some %d\n", poll("ring", count, NULL, 0));
}

static void bad_polls(void)
{
	int ring = token("ring"), hash = token("hash");
	wasm_bpf_sample_fn none = (wasm_bpf_sample_fn)0, far = (wasm_bpf_sample_fn)100000;
	uintptr_t end;

	order(ORDER_RING, 1);
	/* Computed late: the order has grown the memory. */
	end = __builtin_wasm_memory_size(0) * 65536;
	printf("object %d ", wasm_bpf_buffer_poll(99, ring, count, NULL, buffer, 8, 0));
	printf("token %d ", wasm_bpf_buffer_poll(object, 99, count, NULL, buffer, 8, 0));
	printf("map %d ", wasm_bpf_buffer_poll(object, hash, count, NULL, buffer, 8, 0));
	printf("null %d ", wasm_bpf_buffer_poll(object, ring, none, NULL, buffer, 8, 0));
	printf("far %d ", wasm_bpf_buffer_poll(object, ring, far, NULL, buffer, 8, 0));
	printf("end %d ", wasm_bpf_buffer_poll(object, ring, count, NULL, (void *)(end - 7), 8, 0));
	printf("negative %d ", wasm_bpf_buffer_poll(object, ring, count, NULL, buffer, -1, 0));
	printf("good %d\n", poll("ring", count, NULL, 0));
}

static void wait_for_interrupt(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	printf("waiting\n");
	printf("poll %d\n", poll("ring", count, NULL, -1));
	printf("next %d\n", poll("ring", count, NULL, 10));
}

/* Continues at each interrupt, and prints how it ended. */
static void wait_twice(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	poll("ring", count, NULL, 0);
	printf("waiting\n");
	printf("poll %d\n", poll("ring", count, NULL, 60000));
	printf("poll %d\n", poll("ring", count, NULL, 60000));
}

/* Always has more events available than a batch holds. */
static void busy(void)
{
	int handled = 0, result;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("busy\n");
	do {
		order(ORDER_RING, 1000);
		result = poll("ring", count, NULL, 1000);
		handled += result > 0 ? result : 0;
	} while (result >= 0);
	printf("poll %d after %s\n", result, handled == (int)seen && !wrong ? "all" : "some");
}

static void wait_shortly(void)
{
	printf("poll %d\n", poll("ring", count, NULL, 200));
}

/* ---- maps ------------------------------------------------------------------------------------ */

static void hash_map(void)
{
	unsigned long long key = 1, value = 10, next = 0;
	int fd = token("hash");

	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_LOOKUP, &key, &value, NULL, 0));
	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_UPDATE, &key, &value, NULL, 1));
	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_UPDATE, &key, &value, NULL, 1));
	value = 0;
	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_LOOKUP, &key, &value, NULL, 0));
	printf("value %llu ", value);
	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_GET_NEXT_KEY, NULL, NULL, &next, 0));
	printf("next %llu ", next);
	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_GET_NEXT_KEY, &next, NULL, &next, 0));
	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_DELETE, &key, NULL, NULL, 0));
	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_DELETE, &key, NULL, NULL, 0));
	printf("%d\n", wasm_bpf_map_operate(fd, 77, &key, &value, NULL, 0));
}

static void per_cpu_map(void)
{
	uintptr_t end = __builtin_wasm_memory_size(0) * 65536;
	unsigned long long values[256];
	unsigned int key = 0;
	int fd = token("per_cpu");

	memset(values, 0xff, sizeof(values));
	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_LOOKUP, &key, values, NULL, 0));
	printf("first %llu ", values[0]);
	/* Room for one CPU's value; this machine has more CPUs. */
	memset((void *)(end - 8), '?', 8);
	printf("%d ",
	       wasm_bpf_map_operate(fd, WASM_BPF_MAP_LOOKUP, &key, (void *)(end - 8), NULL, 0));
	printf("kept %c\n", *(char *)(end - 8));
}

static void queue_map(void)
{
	unsigned int value = 5;
	int fd = token("queue");

	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_UPDATE, NULL, &value, NULL, 0));
	value = 0;
	printf("%d ", wasm_bpf_map_operate(fd, WASM_BPF_MAP_LOOKUP, NULL, &value, NULL, 0));
	printf("value %u\n", value);
}

static void global_data(void)
{
	unsigned int key = 0, values[16] = {0};
	int short_name = token(".rodata"), long_name = token("my_tool.rodata");

	printf("same %d ", short_name == long_name);
	printf("%d ", wasm_bpf_map_operate(short_name, WASM_BPF_MAP_LOOKUP, &key, values, NULL, 0));
	printf("rodata %u ", values[0]);
	printf("%d ",
	       wasm_bpf_map_operate(token(".data"), WASM_BPF_MAP_LOOKUP, &key, values, NULL, 0));
	printf("data %u\n", values[0]);
}

static void foreign_descriptors(void)
{
	unsigned long long key = 0, value = 0;
	int known = token("claim");

	for (int fd = -1; fd < 40; fd++) {
		int err = fd == known ? -WASM_BPF_EBADF
				      : wasm_bpf_map_operate(fd, WASM_BPF_MAP_LOOKUP, &key, &value,
							     NULL, 0);

		if (err != -WASM_BPF_EBADF)
			printf("fd %d gives %d\n", fd, err);
	}
	key = 0;
	printf("programs %d\n",
	       wasm_bpf_map_operate(token("programs"), WASM_BPF_MAP_UPDATE, &key, &value, NULL, 0));
}

/* ---- objects --------------------------------------------------------------------------------- */

static void unknown_names(void)
{
	printf("attach %d\n", wasm_attach_bpf_program(object, "no_such_program", ""));
	printf("map %d\n", wasm_bpf_map_fd_by_name(object, "no_such_map"));
	printf("tracepoint %d\n", wasm_attach_bpf_program(object, "nowhere", ""));
	printf("target %d\n", wasm_attach_bpf_program(object, "unused", "lo"));
}

static void stale_handles(void)
{
	int ring = token("ring");

	printf("close %d %d ", wasm_close_bpf_object(object), wasm_close_bpf_object(object));
	printf("attach %d ", wasm_attach_bpf_program(object, "produce", ""));
	printf("map %d ", wasm_bpf_map_fd_by_name(object, "ring"));
	printf("poll %d ", wasm_bpf_buffer_poll(object, ring, count, NULL, buffer, 8, 0));
	printf("zero %d huge %d\n", wasm_close_bpf_object(0), wasm_close_bpf_object(-1ULL));
}

static void load_garbage(void)
{
	uintptr_t end = __builtin_wasm_memory_size(0) * 65536;

	printf("text %llu\n", wasm_load_bpf_object("not an ELF file", 15));
	printf("half %llu\n", wasm_load_bpf_object(abi_bpf, WASM_BPF_SIZE(abi_bpf) / 2));
	printf("empty %llu\n", wasm_load_bpf_object(abi_bpf, 0));
	printf("beyond %llu\n", wasm_load_bpf_object((void *)(end - 10), 100));
	printf("negative %llu\n", wasm_load_bpf_object(abi_bpf, (uint32_t)-1));
}

static void load_refused(void)
{
	printf("refused %llu\n", wasm_load_bpf_object(refused_bpf, WASM_BPF_SIZE(refused_bpf)));
}

static void trap_inside(void)
{
	order(ORDER_RING, 2);
	poll("ring", trap, NULL, 0);
}

static void exit_inside(void)
{
	order(ORDER_RING, 2);
	poll("ring", leave, NULL, 0);
}

static void just_load(void)
{
	printf("loaded %d\n", object != 0);
}

struct command {
	const char *name;
	void (*run)(void);
	/* Runs without a loaded object. */
	int bare;
};

static const struct command commands[] = {
    {"in-order", in_order, 0},
    {"stop-in-the-middle", stop_in_the_middle, 0},
    {"two-buffers", two_buffers, 0},
    {"perf-event-array", perf_event_array, 0},
    {"perf-lost", perf_lost, 0},
    {"sleep-then-poll", sleep_then_poll, 0},
    {"nested", nested, 0},
    {"close-inside", close_inside, 0},
    {"attach-inside", attach_inside, 0},
    {"trap-inside", trap_inside, 0},
    {"exit-inside", exit_inside, 0},
    {"cut", cut, 0},
    {"every-size", every_size, 0},
    {"discarded", discarded, 0},
    {"bad-polls", bad_polls, 0},
    {"wait-for-interrupt", wait_for_interrupt, 0},
    {"wait-twice", wait_twice, 0},
    {"busy", busy, 0},
    {"wait-shortly", wait_shortly, 0},
    {"hash-map", hash_map, 0},
    {"per-cpu-map", per_cpu_map, 0},
    {"queue-map", queue_map, 0},
    {"global-data", global_data, 0},
    {"foreign-descriptors", foreign_descriptors, 0},
    {"unknown-names", unknown_names, 0},
    {"stale-handles", stale_handles, 0},
    {"just-load", just_load, 0},
    {"load-garbage", load_garbage, 1},
    {"load-refused", load_refused, 1},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		if (!commands[i].bare)
			load_and_attach();
		commands[i].run();
		return 0;
	}
	fprintf(stderr, "no such command\n");
	return 2;
}
