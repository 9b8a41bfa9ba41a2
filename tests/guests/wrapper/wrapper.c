// SPDX-License-Identifier: MIT
/*
 * Guest in TinyGo's style: it exports its callback by name, and imports the poll from a module that
 * calls the export. Prints how many events arrived and how many were valid.
 *
 *	-DWRAPPER names the import module, -DCALLBACK the export
 */
#include <stdio.h>
#include <stdlib.h>

#include "wasm_bpf.h"

#ifndef WRAPPER
#define WRAPPER "callback-wrapper"
#define CALLBACK "go-callback"
#endif

WASM_BPF_EMBED(wrapper_bpf, "wrapper.bpf.o");

__attribute__((import_module(WRAPPER), import_name("wasm_bpf_buffer_poll"))) int32_t
wrapped_poll(uint64_t object, int32_t map, void *ctx, void *data, int32_t max_size,
	     int32_t timeout_ms);

__attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get"))) int32_t
random_get(void *bytes, size_t size);

static unsigned int seen, good;

__attribute__((export_name(CALLBACK))) int on_event(void *ctx, void *data, size_t size)
{
	seen++;
	good += size == 4 && *(unsigned int *)data == 0x600d && ctx == &seen;
	return 0;
}

int main(void)
{
	static char bytes[7777];
	unsigned int event;
	uint64_t object = wasm_load_bpf_object(wrapper_bpf, WASM_BPF_SIZE(wrapper_bpf));
	int32_t ring, handled;

	if (!object || wasm_attach_bpf_program(object, "send", NULL))
		return 1;
	ring = wasm_bpf_map_fd_by_name(object, "ring");
	for (int i = 0; i < 3; i++)
		random_get(bytes, sizeof(bytes));
	handled = wrapped_poll(object, ring, &seen, &event, sizeof(event), 0);
	printf("handled %d good %u\n", handled, good);
	return 0;
}
