// SPDX-License-Identifier: MIT
/*
 * Calls every import of wasm_bpf and wasm_bpf_ext with hostile arguments: hostile SEED CALLS.
 * Prints how many calls failed, and how often bytes next to the passed buffer changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasm_bpf_ext.h"

WASM_BPF_EMBED(hostile_bpf, "hostile.bpf.o");

static uint32_t state;
static uint64_t object;
/* Calls receive the middle part. */
static struct {
	unsigned char before[4096];
	unsigned char buffer[4096];
	unsigned char behind[4096];
} arena;

static uint32_t next(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static int32_t number(void)
{
	static const int32_t some[] = {0,  1,  2,  3,	4,	 5,  8,	 21,	    24,	      25,
				       26, 27, 64, 999, 1000000, -1, -2, INT32_MIN, INT32_MAX};

	return some[next() % (sizeof(some) / sizeof(some[0]))];
}

/* Returns an address at the end of memory, beyond it, or in the buffer with room for 8 elements. */
static void *address(void)
{
	uintptr_t end = __builtin_wasm_memory_size(0) * 65536;

	switch (next() % 6) {
	case 0:
		return (void *)(end - next() % 4);
	case 1:
		return (void *)(end + next() % 65536);
	case 2:
		return (void *)(uintptr_t)-1;
	case 3:
		return (void *)(uintptr_t)INT32_MIN;
	default:
		return arena.buffer + next() % 2048;
	}
}

static const char *name(void)
{
	static const char *const names[] = {"hash",  "queue", "ring",  "commands", "iterate",
					    ".data", "outer", "tasks", "",	   "nobody"};

	return next() % 4 ? names[next() % 10] : address();
}

static int32_t size(void)
{
	return next() % 2 ? (int32_t)(next() % 1024) : number();
}

/* Returns a small or invalid size; a valid range from the buffer stays in it. */
static int32_t room(void)
{
	static const int32_t some[] = {0, 8, 64, 2048, -1, INT32_MIN, INT32_MAX};

	return some[next() % 7];
}

static uint64_t handle(void)
{
	return next() % 2 ? object : (uint64_t)number() << (next() % 64);
}

static int32_t token(void)
{
	return next() % 3 ? wasm_bpf_map_fd_by_name(object, name()) : number();
}

static int take(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

static int call_interface(void)
{
	switch (next() % 6) {
	case 0:
		return wasm_load_bpf_object(address(), (uint32_t)room()) ? 0 : -1;
	case 1:
		return wasm_close_bpf_object(handle() + 1);
	case 2:
		return wasm_attach_bpf_program(handle(), name(), name());
	case 3:
		return wasm_bpf_map_fd_by_name(handle(), name());
	case 4:
		return wasm_bpf_buffer_poll(handle(), token(),
					    next() % 2 ? take : (wasm_bpf_sample_fn)address(), NULL,
					    address(), room(), 0);
	default:
		return wasm_bpf_map_operate(token(), number(), address(), address(), address(),
					    (uint64_t)number());
	}
}

static int call_extension(void)
{
	switch (next() % 26) {
	case 0:
		return wasm_bpf_buffer_read(handle(), token(), address(), room(), 0);
	case 1:
		return wasm_bpf_buffer_stats(handle(), token(), address());
	case 2:
		return wasm_bpf_object_open(address(), (uint32_t)room()) ? 0 : -1;
	case 3:
		return wasm_bpf_object_load(handle());
	case 4:
		return wasm_bpf_global_set(handle(), name(), (uint32_t)number(), address(),
					   (uint32_t)size());
	case 5:
		return wasm_bpf_link_attach(handle(), name(), name());
	case 6:
		return wasm_bpf_link_detach(number());
	case 7:
		return wasm_bpf_iter_read(number(), address(), room());
	case 8:
		return wasm_bpf_map_info(token(), address());
	case 9: {
		uint32_t count = (uint32_t)number() % 9;
		uint32_t *at = next() % 4 ? &count : address();

		return wasm_bpf_map_batch(token(), number(), next() % 2 ? NULL : address(),
					  address(), address(), address(), at, 0);
	}
	case 10:
		return wasm_bpf_map_lookup_and_delete(token(), address(), address(), 0);
	case 11:
		return wasm_bpf_program_token(handle(), name());
	case 12:
		return wasm_bpf_user_ring_submit(handle(), token(), address(), room(), 0);
	case 13:
		return wasm_bpf_last_error(address(), room());
	case 14:
		return wasm_bpf_last_errno() < 0;
	case 15:
		return wasm_bpf_is_interrupted();
	case 16:
		/* Never at a page of the memory, which would then be the host's. */
		return wasm_bpf_interrupt_page((void *)((uintptr_t)address() | 1));
	case 17:
		return wasm_bpf_object_configure(handle(), name(), (uint32_t)number(),
						 (uint32_t)number());
	case 18:
		return wasm_bpf_program_set_target(handle(), name(), name());
	case 19:
		return wasm_bpf_kernel_supports(number(), number());
	case 20:
		return wasm_bpf_possible_cpus();
	case 21:
		return wasm_bpf_host_pid();
	case 22:
		wasm_bpf_local_offset((int64_t)number() << (next() % 64));
		return 0;
	case 23:
		return wasm_bpf_records_open(name(), name(), address(), room(), next() % 4);
	case 24:
		return wasm_bpf_records_write(number(), address(), room());
	default:
		return wasm_bpf_records_flush(number());
	}
}

static int all(const unsigned char *bytes, unsigned char expected)
{
	for (size_t i = 0; i < 4096; i++)
		if (bytes[i] != expected)
			return 0;
	return 1;
}

int main(int argc, char **argv)
{
	int calls = argc > 2 ? atoi(argv[2]) : 0, failed = 0, crossed = 0;

	state = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) | 1 : 1;
	object = wasm_load_bpf_object(hostile_bpf, WASM_BPF_SIZE(hostile_bpf));
	if (!object)
		return 1;
	memset(&arena, '?', sizeof(arena));
	for (int i = 0; i < calls; i++) {
		failed += (next() % 3 ? call_extension() : call_interface()) < 0;
		crossed += !all(arena.before, '?') || !all(arena.behind, '?');
	}
	printf("calls %d failed %d crossed %d\n", calls, failed, crossed);
	return 0;
}
