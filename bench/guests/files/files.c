// SPDX-License-Identifier: MIT
/*
 * Cost of files: the same source is the guest and, through bench/native/files.c, its native twin.
 * Prints a figure a round on standard error.
 *
 *	files write ROUNDS       ns a writev of 16 bytes to standard output
 *	files read ROUNDS PATH   ns to read the whole file in pieces of 64 KiB
 *	files open ROUNDS PATH   ns to open and close the file
 *	files stat ROUNDS PATH   ns to get the file's attributes
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define WRITES 200000
#define LOOKS 20000
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

static double open_round(const char *path)
{
	double start = now_ns();

	for (int i = 0; i < LOOKS; i++) {
		int fd = open(path, O_RDONLY);

		if (fd < 0 || close(fd))
			exit(1);
	}
	return (now_ns() - start) / LOOKS;
}

static double stat_round(const char *path)
{
	double start = now_ns();
	struct stat info;

	for (int i = 0; i < LOOKS; i++)
		if (stat(path, &info))
			exit(1);
	return (now_ns() - start) / LOOKS;
}

static double take_round(const char *name, int fd, const char *path)
{
	if (!strcmp(name, "write"))
		return write_round();
	if (!strcmp(name, "open"))
		return open_round(path);
	return strcmp(name, "stat") ? read_round(fd) : stat_round(path);
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
		fprintf(stderr, "%f\n", take_round(argv[1], fd, argc > 3 ? argv[3] : NULL));
	return 0;
}
