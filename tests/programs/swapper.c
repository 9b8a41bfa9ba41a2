// SPDX-License-Identifier: MIT
/*
 * Exchanges two names repeatedly, as fast as possible, until standard input ends. It prints the
 * number of swaps, which is even.
 *
 *	swapper PATH PATH
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct pollfd input = {.fd = 0, .events = POLLIN};
	unsigned long count = 0;

	if (argc != 3)
		return 2;
	do {
		for (int i = 0; i < 64; i++, count++) {
			if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE)) {
				perror("swapper");
				return 1;
			}
		}
	} while (!poll(&input, 1, 0));
	printf("%lu\n", count);
	return 0;
}
