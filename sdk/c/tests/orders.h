/* SPDX-License-Identifier: MIT */
/* Commands of a guest to its eBPF half: the size of a read of random bytes. */
#ifndef ORDERS_H
#define ORDERS_H

/* Order in the high half of a read's size; the low half is the number of repetitions. */
enum order {
	ORDER_RING = 1,
	ORDER_SECOND_RING,
	ORDER_PERF,
	ORDER_LONG, /* one event of LONG_SIZE on the ring */
};

#define LONG_SIZE 20000

struct event {
	unsigned int number;
	char text[12];
};

struct settings {
	unsigned int factor;
	unsigned int addend;
};

#endif /* ORDERS_H */
