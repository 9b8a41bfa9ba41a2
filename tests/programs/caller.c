// SPDX-License-Identifier: MIT
/*
 * Calls getpgid(2) once, through the C library; with an argument, computes for 800 ms as well. Of
 * its own CPU time: on a busy machine, who reads its stacks needs as much longer.
 */
#include <time.h>
#include <unistd.h>

/* Stacks by frame pointers leave out what calls a function without a frame, such as getpgid(). */
__attribute__((noinline)) int call_without_frame(void)
{
	volatile int result = getpgid(0);

	return result + 1;
}

int main(int argc, char **argv)
{
	struct timespec start, now;

	(void)argv;
	call_without_frame();
	if (argc < 2)
		return 0;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
		 800);
	return 0;
}
