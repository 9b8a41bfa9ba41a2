/* SPDX-License-Identifier: MIT */
/* What both halves of the ABI test agree on. */
#ifndef ABI_H
#define ABI_H

/*
 * The guest orders events by asking the host for (order << 16 | count) random bytes: getrandom(2)
 * is a system call that nobody else makes with such sizes.
 */
enum order {
	ORDER_RING = 1,
	ORDER_OTHER_RING,
	ORDER_PERF,
	ORDER_LONG,
	ORDER_DISCARDED,
	/* One event of as many bytes as are ordered, each its own index. */
	ORDER_SIZED,
	/* Of the number in map `claim`: whoever knows it is the process that loaded this. */
	ORDER_CLAIM,
};

#define LONG_SIZE 256
#define SIZED_MAX 1024

struct event {
	unsigned int order;
	/* Counts the events of one order from 0, those that were dropped included. */
	unsigned int number;
};

#endif
