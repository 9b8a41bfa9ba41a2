// SPDX-License-Identifier: MIT
/* The guest half: loads the eBPF half and prints its events until Ctrl-C. */
#include <stdio.h>

#include "wasm_bpf.h"
#include "@NAME@.h"

WASM_BPF_EMBED(object, "@NAME@.bpf.o");

static int print_event(void *ctx, void *data, size_t size)
{
	const struct event *event = data;

	if (size < sizeof(*event))
		return -WASM_BPF_EINVAL;
	printf("%-7u %-7u %s\n", event->pid, event->uid, event->comm);
	return 0;
}

int main(void)
{
	int result;
	struct event event;
	struct wasm_bpf_events events = {
	    .handle_event = print_event, .buffer = &event, .buffer_size = sizeof(event)};

	/* The host explains failures on standard error. */
	if (wasm_bpf_object__load(&events.object, object, WASM_BPF_SIZE(object)) ||
	    wasm_bpf_object__find_map(events.object, "events", &events.map) ||
	    wasm_bpf_object__attach(events.object, "on_exec"))
		return 1;

	puts("PID     UID     COMM");
	/* Into a pipe, too, each event is to be seen when it happens. */
	do
		result = fflush(stdout) ? -WASM_BPF_EIO : wasm_bpf_events__poll(&events, 100);
	while (result >= 0);
	wasm_bpf_object__close(events.object);
	/* Ctrl-C, or the time is over: anything else is a failure, of print_event() as well. */
	return result == -WASM_BPF_EINTR ? 0 : 1;
}
