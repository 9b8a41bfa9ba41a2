/* SPDX-License-Identifier: MIT */
/* What both halves of the extension's test agree on. */
#ifndef EXT_H
#define EXT_H

/*
 * The guest orders work by asking the host for (order << 16 | count) random bytes: getrandom(2) is
 * a system call that nobody else makes with such sizes.
 */
enum order {
	ORDER_RING = 16,
	ORDER_PERF,
	ORDER_LONG,
	ORDER_GLOBALS,
	ORDER_NOTHING,
};

#define LONG_SIZE 1000

struct prefix {
	unsigned int bits;
	unsigned char address[4];
};

struct event {
	unsigned int number;
	char text[60];
};

#endif
