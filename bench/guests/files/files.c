// SPDX-License-Identifier: MIT
/*
 * Cost of files: the same source is the guest and, through bench/native/files.c, its native twin.
 * Prints a figure a round on standard error.
 *
 *	files write ROUNDS       ns a writev of 16 bytes to standard output
 *	files read ROUNDS PATH   ns to read the whole file in pieces of 64 KiB
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define WRITES 200000
#define PIECE 65536

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double write_round(void)
{
	static char text[] = "sixteen bytes.\n";
	struct iovec iov = {text, sizeof(text)};
	double start = now_ns();

	for (int i = 0; i < WRITES; i++)
		if (writev(1, &iov, 1) != sizeof(text))
			exit(1);
	return (now_ns() - start) / WRITES;
}

static double read_round(int fd)
{
	static char piece[PIECE];
	double start = now_ns();
	ssize_t size;

	if (lseek(fd, 0, SEEK_SET))
		exit(1);
	while ((size = read(fd, piece, sizeof(piece))) > 0)
		;
	if (size < 0)
		exit(1);
	return now_ns() - start;
}

int main(int argc, char **argv)
{
	int fd = argc > 3 ? open(argv[3], O_RDONLY) : -1;

	if (argc < 3)
		return 2;
	if (argc > 3 && fd < 0) {
		perror(argv[3]);
		return 1;
	}
	for (int round = 0; round < atoi(argv[2]); round++)
		fprintf(stderr, "%f\n", strcmp(argv[1], "write") ? read_round(fd) : write_round());
	return 0;
}
