// SPDX-License-Identifier: MIT
/*
 * Contains every C example of docs/guest-abi.md, unchanged, with the code that the guide omits.
 * tests/abi/guest_abi_test.ts compares their output. build/steps/doc_examples.ts extracts them.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wasm_bpf_ext.h"

/* The examples show calls, and do not use all results. */
#pragma clang diagnostic ignored "-Wunused-variable"
#pragma clang diagnostic ignored "-Wunused-parameter"
/* Their indentation differs from the code around them. */
#pragma clang diagnostic ignored "-Wmisleading-indentation"

#include "wasm_load_bpf_object.outside.inc"
#include "wasm_bpf_buffer_poll.outside.inc"

static uint64_t obj;
static int counts, ring, commands, queue, programs;
static uint32_t pid = 1;

static void make_event(void)
{
	char byte;

	if (getentropy(&byte, 1))
		exit(1);
}

/* ---- module wasm_bpf ------------------------------------------------------------------------- */

static void load(void)
{
	uint64_t loaded;
	{
#include "wasm_load_bpf_object.inc"
		loaded = obj;
	}
	obj = loaded;
	printf("load %d\n", obj != 0);
}

static void find_maps(void)
{
	{
#include "wasm_bpf_map_fd_by_name.inc"
		printf("counts %d\n", counts > 0);
	}
	counts = wasm_bpf_map_fd_by_name(obj, "counts");
	ring = wasm_bpf_map_fd_by_name(obj, "ring");
	commands = wasm_bpf_map_fd_by_name(obj, "commands");
	queue = wasm_bpf_map_fd_by_name(obj, "queue");
	programs = wasm_bpf_map_fd_by_name(obj, "programs");
}

static void attach(void)
{
	int result =
#include "wasm_attach_bpf_program.inc"

	    printf("attach %d\n", result);
}

static void operate(void)
{
	uint64_t value = 42;

	wasm_bpf_map_operate(counts, 2, &pid, &value, NULL, 0);
	printf("element ");
#include "wasm_bpf_map_operate.inc"
}

static void poll_until_interrupted(void)
{
	printf("polling\n");
	fflush(stdout);
#include "wasm_bpf_buffer_poll.inc"
	printf("interrupted\n");
}

static void close_object(void)
{
	int result =
#include "wasm_close_bpf_object.inc"

	    printf("close %d\n", result);
}

/* ---- module wasm_bpf_ext --------------------------------------------------------------------- */

static int link_of_trace;
static unsigned int handled;

static void handle_record(const unsigned char *data, uint32_t size)
{
	unsigned int setting;

	if (size != sizeof(setting))
		return;
	memcpy(&setting, data, size);
	if (setting == 7)
		handled++;
}

static void read_events(void)
{
#define handle handle_record
#include "buffer_read.inc"
#include "is_interrupted.inc"
#include "interrupt_page.inc"
#undef handle
	printf("events %d\n", handled > 0);
}

static void measure(void)
{
	make_event();
	read_events();
}

static void attach_and_detach(void)
{
#include "link_detach.inc"
}

static void show_stats(void)
{
#include "buffer_stats.inc"
	printf("delivered %d lost %llu\n", stats.delivered > 0, stats.lost);
}

static void submit(void)
{
	uint32_t command = 1;
	int result =
#include "user_ring_submit.inc"

	    printf("submit %d\n", result);
}

static void iterate(void)
{
	char buf[64];
#include "iter_read.inc"
}

/* Uses the object of the examples after this one, with the setting from here. */
static void load_stepwise(void)
{
	uint32_t config = 7;
	uint64_t loaded;
	{
#include "object_load.inc"
		loaded = obj;
	}
	obj = loaded;
	printf("stepwise %d\n", obj != 0);
}

static void set_target(void)
{
	uint64_t obj = wasm_bpf_object_open(tool, WASM_BPF_SIZE(tool));
#include "last_errno.inc"
#include "program_set_target.inc"
#include "kernel_supports.inc"
	printf("rings %d\n", has_rings);
	wasm_close_bpf_object(obj);
}

static void configure(void)
{
#include "object_configure.inc"
#include "possible_cpus.inc"
#include "host_pid.inc"
#include "local_offset.inc"
#include "records_flush.inc"
	struct wasm_bpf_map_info info = {0};

	wasm_bpf_object_load(obj);
	wasm_bpf_map_info(wasm_bpf_map_fd_by_name(obj, "counts"), &info);
	printf("configured %u, values %d\n", info.max_entries, values != NULL);
	printf("host %d, local %d\n", self > 0, local - now < 86400);
	wasm_close_bpf_object(obj);
	free(values);
}

static void show_map(void)
{
#include "map_info.inc"
	printf("map %u %u %u\n", info.key_size, info.value_size, info.max_entries);
	free(values);
}

static void handle_batch(const uint32_t *keys, const uint64_t *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		printf("batch %u %llu\n", keys[i], values[i]);
}

static void walk(void)
{
	static uint32_t keys[1024];
	static uint64_t values[1024];
#define handle handle_batch
#include "map_batch.inc"
#undef handle
}

static void run(const unsigned int *job)
{
	printf("job %u\n", *job);
}

static void pop(void)
{
	unsigned int job;

	for (job = 5; job < 7; job++)
		wasm_bpf_map_operate(queue, 2, NULL, &job, NULL, 0);
#include "map_lookup_and_delete.inc"
}

static void name_program(void)
{
#include "program_token.inc"
	printf("token %d\n", wasm_bpf_map_operate(programs, 1, &slot, &token, NULL, 0));
}

static void explain(void)
{
	wasm_bpf_map_fd_by_name(obj, "none");
#include "last_error.inc"
	printf("why %.*s\n", (int)strcspn(why, "\n"), why);
	free(why);
}

int main(void)
{
	load();
	find_maps();
	attach();
	operate();
	submit();
	iterate();
	show_map();
	walk();
	pop();
	name_program();
	explain();
	close_object();
	set_target();
	configure();
	load_stepwise();
	find_maps();
	attach_and_detach();
	show_stats();
	poll_until_interrupted();
	return 0;
}
