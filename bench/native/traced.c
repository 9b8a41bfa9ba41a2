// SPDX-License-Identifier: MIT
/*
 * Workload that tools trace: traced ACTION COUNT prints the nanoseconds that an action took on
 * average. ACTION: open (and close), stat, kill (a signal that is ignored), exit (of a child),
 * lookup (of a host's name).
 */
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void act(const char *action)
{
	struct addrinfo *found = NULL;
	struct stat status;
	pid_t child;
	int fd;

	if (!strcmp(action, "open")) {
		fd = open("/proc/self/comm", O_RDONLY);
		if (fd >= 0)
			close(fd);
	} else if (!strcmp(action, "stat")) {
		stat("/etc/passwd", &status);
	} else if (!strcmp(action, "kill")) {
		kill(getpid(), SIGUSR2);
	} else if (!strcmp(action, "exit")) {
		child = fork();
		if (!child)
			_exit(3);
		waitpid(child, NULL, 0);
	} else if (!strcmp(action, "lookup")) {
		if (!getaddrinfo("localhost", NULL, NULL, &found))
			freeaddrinfo(found);
	}
}

int main(int argc, char **argv)
{
	long count = argc == 3 ? atol(argv[2]) : 0;
	struct timespec start, end;

	if (count <= 0)
		return 2;
	signal(SIGUSR2, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (long i = 0; i < count; i++)
		act(argv[1]);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.1f\n",
	       ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / (double)count);
	return 0;
}
