/* SPDX-License-Identifier: MIT */
/*
 * Measures how long a program takes from its start to the first byte on its standard output, then
 * ends it: what start-up costs without the ending.
 *
 *	first_byte PROGRAM [ARGUMENT...]
 *
 * Prints nanoseconds. Exit code 1 when the program ends without a byte, 2 for wrong usage.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int measure(char **argv, long long *ns)
{
	long long start;
	int output[2];
	ssize_t size;
	char byte;
	pid_t child;

	if (pipe(output))
		return -1;
	start = now_ns();
	/* Not fork: what a copy of this process costs is not the program's. */
	child = vfork();
	if (child < 0)
		return -1;
	if (!child) {
		dup2(output[1], STDOUT_FILENO);
		close(output[0]);
		close(output[1]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(output[1]);
	size = read(output[0], &byte, 1);
	*ns = now_ns() - start;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(output[0]);
	return size == 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
	long long ns;

	if (argc < 2) {
		fprintf(stderr, "usage: first_byte PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	if (measure(argv + 1, &ns)) {
		fprintf(stderr, "first_byte: %s printed nothing\n", argv[1]);
		return 1;
	}
	printf("%lld\n", ns);
	return 0;
}
