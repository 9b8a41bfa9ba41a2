/* SPDX-License-Identifier: MIT */
/* Definitions that both halves of the map test share. */
#ifndef MAPS_H
#define MAPS_H

/* The guest runs the program by requesting (ORDER << 16) random bytes: see ext.h. */
#define ORDER_TOUCH 32

struct prefix {
	unsigned int bits;
	unsigned char address[4];
};

/* Value of a map of devices or CPUs, with room for a program. */
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
