/* SPDX-License-Identifier: MIT */
/* Definitions that both halves of the extension's test share. */
#ifndef EXT_H
#define EXT_H

/*
 * The guest orders work by requesting (order << 16 | count) random bytes from the host: no other
 * process calls getrandom(2) with such sizes.
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
