/* SPDX-License-Identifier: MIT */
/* Definitions that both halves of the ABI test share. */
#ifndef ABI_H
#define ABI_H

/*
 * The guest orders events by requesting (order << 16 | count) random bytes from the host: no other
 * process calls getrandom(2) with such sizes.
 */
enum order {
	ORDER_RING = 1,
	ORDER_OTHER_RING,
	ORDER_PERF,
	ORDER_LONG,
	ORDER_DISCARDED,
	/* One event of the requested size; each byte is its own index. */
	ORDER_SIZED,
	/* The count is the number in map `claim`, which identifies the process that loaded this
	 * object. */
	ORDER_CLAIM,
};

#define LONG_SIZE 256
#define SIZED_MAX 1024

struct event {
	unsigned int order;
	/* Counts the events of one order from 0, including dropped ones. */
	unsigned int number;
};

#endif
