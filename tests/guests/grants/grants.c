// SPDX-License-Identifier: MIT
/* Prints a guest's grants, one kind a sub-command, for tests/wasi/wasi_grants_test.ts. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

/* Prints the directories that the host reports, and whether they are writable. */
static int folders(void)
{
	__wasi_prestat_t prestat;

	for (__wasi_fd_t fd = 3; !__wasi_fd_prestat_get(fd, &prestat); fd++) {
		char name[256] = "";
		__wasi_fdstat_t stat;

		if (__wasi_fd_prestat_dir_name(fd, (uint8_t *)name, prestat.u.dir.pr_name_len) ||
		    __wasi_fd_fdstat_get(fd, &stat))
			return 1;
		printf("folder %s %s\n", name,
		       stat.fs_rights_base & __WASI_RIGHTS_PATH_CREATE_FILE ? "rw" : "ro");
	}
	return 0;
}

static int reads(const char *path)
{
	char line[256];
	FILE *file = fopen(path, "r");

	if (!file) {
		printf("error %s\n", strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), file))
		fputs(line, stdout);
	return fclose(file);
}

/* Copies standard input to standard output, and reports that on standard error. */
static int echoes(void)
{
	char buf[4096];
	ssize_t got;
	long total = 0;

	while ((got = read(0, buf, sizeof(buf))) > 0) {
		if (write(1, buf, (size_t)got) != got)
			return 1;
		total += got;
	}
	fprintf(stderr, "total %ld\n", total);
	return got < 0;
}

/* Prints the largest number of pages of the memory, in steps of sixteen. */
static int grows(void)
{
	while (__builtin_wasm_memory_grow(0, 16) != SIZE_MAX)
		continue;
	printf("pages %zu\n", __builtin_wasm_memory_size(0));
	return 0;
}

/* Sends each connection's input back in capitals, until the accept fails. */
static int serves(int fd)
{
	for (;;) {
		int client;
		char buf[256];
		ssize_t got;

		puts("accepting");
		fflush(stdout);
		client = accept(fd, NULL, NULL);
		if (client < 0) {
			printf("accept %s\n", errno == ECANCELED ? "canceled" : strerror(errno));
			return 0;
		}
		while ((got = recv(client, buf, sizeof(buf), 0)) > 0) {
			for (ssize_t i = 0; i < got; i++)
				buf[i] -= buf[i] >= 'a' && buf[i] <= 'z' ? 32 : 0;
			send(client, buf, (size_t)got, 0);
		}
		close(client);
	}
}

/* Polls standard input, or a file, and reads it when it is ready. */
static int polls(const char *path)
{
	struct pollfd fds = {.fd = path ? open(path, O_RDONLY) : 0, .events = POLLRDNORM};
	char buf[256];
	ssize_t got;

	if (fds.fd < 0)
		return 2;
	puts("polling");
	fflush(stdout);
	do {
		int ready = poll(&fds, 1, -1);

		if (ready < 0) {
			printf("poll %s\n", strerror(errno));
			return 1;
		}
		got = read(fds.fd, buf, sizeof(buf));
		printf("ready %d read %zd\n", ready, got);
		fflush(stdout);
	} while (got > 0);
	return 0;
}

static int writes(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs("written\n", file) < 0 || fclose(file)) {
		printf("error %s\n", strerror(errno));
		return 1;
	}
	return 0;
}

/* Opens an existing file for writing. */
static int appends(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	if (fd < 0)
		printf("error %s\n", strerror(errno));
	return fd < 0 || close(fd);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	const char *argument = argc > 2 ? argv[2] : NULL;

	if (!strcmp(command, "folders"))
		return folders();
	if (!strcmp(command, "read") && argument)
		return reads(argument);
	if (!strcmp(command, "write") && argument)
		return writes(argument);
	if (!strcmp(command, "append") && argument)
		return appends(argument);
	if (!strcmp(command, "echo"))
		return echoes();
	if (!strcmp(command, "grow"))
		return grows();
	if (!strcmp(command, "serve"))
		return serves(argument ? atoi(argument) : 3);
	if (!strcmp(command, "poll"))
		return polls(argument);
	fprintf(stderr, "unknown sub-command: %s\n", command);
	return 1;
}
