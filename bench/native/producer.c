// SPDX-License-Identifier: MIT
/*
 * Makes the eBPF half produce numbered events as fast as one core can.
 *
 *	producer COUNT
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../guests/measure/measure.h"

#define AT_ONCE 1000

int main(int argc, char **argv)
{
	unsigned long long left = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;

	if (!left)
		return 2;
	while (left) {
		unsigned long long now = left < AT_ONCE ? left : AT_ONCE;

		/* Fails, since there is no such `which`; what matters happens on the way in. */
		syscall(SYS_getpriority, PRODUCE_WHICH, now);
		left -= now;
	}
	return 0;
}
