// SPDX-License-Identifier: MIT
/*
 * Makes the eBPF half produce numbered events.
 *
 *	producer events COUNT     as fast as one core can
 *	producer stream COUNT [RATE [FIRST]]  one event a call, RATE a second, the first half FIRST
 *	                          a second; prints the CPU of a call in nanoseconds
 *	producer calls COUNT      by calling traced_function(), where a uprobe may sit
 *
 * Then, after a pause in which a consumer makes room, one more: it surely sees the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
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

/* The CPU nanoseconds of all calls. */
static double send_events(unsigned long long count, double rate)
{
	double start = clock_ns(CLOCK_MONOTONIC), cpu = 0;

	/* At a rate, bunches of 100 us, spun for: a sleep would be woken late. */
	for (unsigned long long done = 0; done < count;) {
		unsigned long long until = count;
		double began;

		if (rate > 0) {
			double due = (clock_ns(CLOCK_MONOTONIC) - start) * rate / 1e9;

			until = due < (double)count ? (unsigned long long)due : count;
			if (rate <= 20000 && until <= done) {
				double next = start + (double)(done + 1) * 1e9 / rate -
					      clock_ns(CLOCK_MONOTONIC);
				struct timespec nap = {.tv_nsec = (long)next};

				if (next > 0)
					nanosleep(&nap, NULL);
				continue;
			}
		}
		began = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		for (; done < until; done++)
			syscall(SYS_getpriority, STREAM_WHICH, 0);
		cpu += clock_ns(CLOCK_THREAD_CPUTIME_ID) - began;
	}
	return cpu;
}

static void stream(unsigned long long count, double rate, double first_rate)
{
	double cpu = send_events(count / 2, first_rate);

	cpu += send_events(count - count / 2, rate);
	printf("%.2f\n", cpu / (double)count);
	fflush(stdout);
	sleep(1);
	syscall(SYS_getpriority, STREAM_WHICH, 0);
}

int main(int argc, char **argv)
{
	unsigned long long count = argc >= 3 ? strtoull(argv[2], NULL, 10) : 0;

	if (!count)
		return 2;
	if (!strcmp(argv[1], "events")) {
		produce(count);
		sleep(1);
		produce(1);
	} else if (!strcmp(argv[1], "stream")) {
		double rate = argc >= 4 ? atof(argv[3]) : 0;

		stream(count, rate, argc == 5 ? atof(argv[4]) : rate);
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
