// SPDX-License-Identifier: MIT
/*
 * Loads, attaches, uses and closes repeatedly: rounds COUNT STOP... Waits for a character after
 * each round STOP, so that a test can inspect the process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasm_bpf_ext.h"

WASM_BPF_EMBED(rounds_bpf, "rounds.bpf.o");

static int count(void *events, void *data, size_t size)
{
	(void)data;
	(void)size;
	++*(int *)events;
	return 0;
}

/* Uses every resource of the object that the host must release. */
static int use(uint64_t object)
{
	int ring = wasm_bpf_map_fd_by_name(object, "ring"), events = 0, link, again, err;
	unsigned int one = 1;
	char buffer[256];

	if (wasm_attach_bpf_program(object, "on_task", NULL))
		return 1;
	link = wasm_bpf_link_attach(object, "iterate", NULL);
	again = wasm_bpf_link_attach(object, "iterate", NULL);
	if (link < 0 || again < 0 || wasm_bpf_link_detach(again))
		return 2;
	/* Not read to its end: closing must release that as well. */
	if (wasm_bpf_iter_read(link, buffer, 8) <= 0)
		return 3;
	err = wasm_bpf_buffer_poll(object, ring, count, &events, buffer, sizeof(buffer), 0);
	if (err < 1)
		return 4;
	if (wasm_bpf_buffer_read(object, wasm_bpf_map_fd_by_name(object, "perf"), buffer,
				 sizeof(buffer), 0))
		return 5;
	if (wasm_bpf_user_ring_submit(object, wasm_bpf_map_fd_by_name(object, "commands"), &one,
				      sizeof(one), 0))
		return 6;
	if (wasm_bpf_map_operate(wasm_bpf_map_fd_by_name(object, "hash"), WASM_BPF_MAP_UPDATE, &one,
				 &one, NULL, 0))
		return 7;
	return wasm_bpf_program_token(object, "iterate") > 0 ? 0 : 8;
}

static int round_trip(int number)
{
	uint64_t object = wasm_load_bpf_object(rounds_bpf, WASM_BPF_SIZE(rounds_bpf));
	int err = object ? use(object) : 9;

	/* Some loads also fail. */
	wasm_bpf_object_open("garbage", 7);
	if (err)
		fprintf(stderr, "round %d: step %d failed\n", number, err);
	return err || wasm_close_bpf_object(object);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;

	for (int i = 1; i <= rounds; i++) {
		if (round_trip(i))
			return 1;
		for (int stop = 2; stop < argc; stop++) {
			if (atoi(argv[stop]) != i)
				continue;
			printf("round %d\n", i);
			fflush(stdout);
			getchar();
		}
	}
	return 0;
}
