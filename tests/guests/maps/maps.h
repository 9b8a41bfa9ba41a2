/* SPDX-License-Identifier: MIT */
/* What both halves of the map test agree on. */
#ifndef MAPS_H
#define MAPS_H

/* The guest makes the program run by asking for (ORDER << 16) random bytes: see ext.h. */
#define ORDER_TOUCH 32

struct prefix {
	unsigned int bits;
	unsigned char address[4];
};

/* Of a map of devices or CPUs, with room for a program. */
struct redirect {
	unsigned int number;
	int program;
};

struct locked {
	unsigned int lock;
	unsigned int first;
	unsigned int second;
};

#endif
