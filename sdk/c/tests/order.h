/* SPDX-License-Identifier: MIT */
/* Shared parts of the test programs. */
#ifndef ORDER_H
#define ORDER_H

#include <stdio.h>
#include <stdlib.h>

#include "orders.h"

extern int random_get(void *bytes, size_t size)
    __attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get")));

/* One host call, one system call: wasi-libc's getentropy() has a limit of 256 bytes. */
static inline void place_order(enum order what, unsigned int count)
{
	size_t size = ((size_t)what << 16) + count;
	void *bytes = malloc(size);

	if (!bytes || random_get(bytes, size))
		exit(1);
	free(bytes);
}

#endif /* ORDER_H */
