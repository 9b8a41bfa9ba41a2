// SPDX-License-Identifier: MIT
/* Written as a program on libbpf is: it compiles for Linux, too, except place_order(). */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#include "order.h"
#include "orders.skel.h"

static volatile bool exiting;

static void sig_handler(int sig)
{
	(void)sig;
	exiting = true;
}

static int libbpf_print_fn(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, args);
}

static int handle_event(void *ctx, void *data, size_t data_sz)
{
	const struct event *e = data;

	(void)data_sz;
	++*(unsigned int *)ctx;
	printf("%u %s\n", e->number, e->text);
	fflush(stdout);
	return 0;
}

int main(void)
{
	struct ring_buffer *rb = NULL;
	struct orders_bpf *skel;
	unsigned int seen = 0;
	int err;

	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	skel = orders_bpf__open();
	if (!skel) {
		fprintf(stderr, "Failed to open and load BPF skeleton\n");
		return 1;
	}
	printf("initial %u %u\n", skel->rodata->settings.factor, skel->data->first_number);
	skel->rodata->settings.factor = 5;
	skel->rodata->settings.addend = 2;
	skel->data->first_number = 7;

	err = orders_bpf__load(skel);
	if (err) {
		fprintf(stderr, "Failed to load and verify BPF skeleton\n");
		goto cleanup;
	}
	/* Between load and attach. */
	skel->bss->sum = 1000;
	err = orders_bpf__attach(skel);
	if (err) {
		fprintf(stderr, "Failed to attach BPF skeleton\n");
		goto cleanup;
	}
	printf("links %d %d\n", !!skel->links.produce, !!skel->links.pass);

	rb = ring_buffer__new(bpf_map__fd(skel->maps.rb), handle_event, &seen, NULL);
	if (!rb) {
		err = -1;
		fprintf(stderr, "Failed to create ring buffer\n");
		goto cleanup;
	}
	place_order(ORDER_RING, 3);
	while (!exiting) {
		err = ring_buffer__poll(rb, 100);
		/* Ctrl-C will cause -EINTR */
		if (err == -EINTR) {
			err = 0;
			break;
		}
		if (err < 0) {
			printf("Error polling ring buffer: %d\n", err);
			break;
		}
	}
	bpf_map__refresh(skel->maps.bss);
	printf("seen %u calls %u sum %llu\n", seen, skel->bss->calls, skel->bss->sum);

cleanup:
	ring_buffer__free(rb);
	orders_bpf__destroy(skel);
	return err < 0 ? -err : 0;
}
