// SPDX-License-Identifier: MIT
/*
 * Makes the eBPF half produce numbered events.
 *
 *	producer events COUNT     as fast as one core can
 *	producer calls COUNT      by calling traced_function(), where a uprobe may sit
 *
 * Then, after a pause in which a consumer makes room, one more: it surely sees the end.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../guests/measure/measure.h"

#define AT_ONCE 1000

__attribute__((noinline)) void traced_function(void)
{
	__asm__ volatile("");
}

static void produce(unsigned long long left)
{
	while (left) {
		unsigned long long now = left < AT_ONCE ? left : AT_ONCE;

		/* Fails, since there is no such `which`; what matters happens on the way in. */
		syscall(SYS_getpriority, PRODUCE_WHICH, now);
		left -= now;
	}
}

int main(int argc, char **argv)
{
	unsigned long long count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;

	if (!count)
		return 2;
	if (!strcmp(argv[1], "events")) {
		produce(count);
		sleep(1);
		produce(1);
	} else if (!strcmp(argv[1], "calls")) {
		while (count--)
			traced_function();
		sleep(1);
		traced_function();
	} else {
		return 2;
	}
	return 0;
}
