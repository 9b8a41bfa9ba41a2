// SPDX-License-Identifier: MIT
/* Behaviour of wasi-libc, one sub-command each; tests/wasi/wasi_test.ts compares. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#include "wasm_bpf.h"

WASM_BPF_EMBED(wasi_c_bpf, "wasi-c.bpf.o");

#define LINE_BYTES 64

extern char **environ;

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		exit(1);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int args(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("arg %s\n", argv[i]);
	for (char **entry = environ; *entry; entry++)
		printf("env %s\n", *entry);
	return 0;
}

static int streams(void)
{
	printf("to stdout\n");
	fprintf(stderr, "to stderr\n");
	return 0;
}

/* Prints when it starts, so that a test can interrupt it. */
static int sleep_ms(long ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	uint64_t start = now_ns(CLOCK_MONOTONIC);

	printf("sleeping\n");
	fflush(stdout);
	if (nanosleep(&time, NULL))
		printf("failed %d\n", errno);
	printf("slept %llu\n", (now_ns(CLOCK_MONOTONIC) - start) / 1000000);
	return 0;
}

static int on_event(void *context, void *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return 0;
}

/* Sleeps, then waits for events that never come. */
static int sleep_then_poll(long ms)
{
	static char buffer[64];
	uint64_t object = wasm_load_bpf_object(wasi_c_bpf, WASM_BPF_SIZE(wasi_c_bpf));
	int map;

	if (!object)
		return 1;
	map = wasm_bpf_map_fd_by_name(object, "events");
	sleep_ms(ms);
	/* The first is interrupted at once; the second waits its whole time. */
	for (int i = 0; i < 2; i++)
		printf("poll %d\n", wasm_bpf_buffer_poll(object, map, on_event, NULL, buffer,
							 sizeof(buffer), i ? 100 : (int)ms / 10));
	return 0;
}

static int clocks(void)
{
	struct timespec resolution;

	printf("realtime %llu\n", now_ns(CLOCK_REALTIME));
	printf("monotonic %llu\n", now_ns(CLOCK_MONOTONIC));
	if (clock_getres(CLOCK_MONOTONIC, &resolution))
		return 1;
	printf("resolution %ld\n", resolution.tv_nsec);
	return 0;
}

static int draw(void)
{
	unsigned char bytes[32];

	for (int i = 0; i < 2; i++) {
		if (getentropy(bytes, sizeof(bytes)))
			return 1;
		for (size_t j = 0; j < sizeof(bytes); j++)
			printf("%02x", bytes[j]);
		printf("\n");
	}
	return 0;
}

/* Lines of 64 bytes, each with its number. */
static int flood(long bytes)
{
	for (long i = 0; i < bytes / LINE_BYTES; i++)
		printf("%0*ld\n", LINE_BYTES - 1, i);
	return 0;
}

/* On standard error, since standard output is what is asked about. */
static int terminals(void)
{
	for (int fd = 0; fd < 4; fd++)
		fprintf(stderr, "%d %d %d\n", fd, isatty(fd), errno);
	return 0;
}

/* Closes standard output and tries to go on with it. */
static int closes(void)
{
	__wasi_ciovec_t text = {.buf = (const uint8_t *)"lost\n", .buf_len = 5};
	__wasi_size_t written;
	int first = close(1);
	int second = close(1);

	fprintf(stderr, "close %d %d write %d\n", first, second,
		__wasi_fd_write(1, &text, 1, &written));
	return 0;
}

/* Counts its input until the end, and prints the count. */
static int lines(void)
{
	char line[256];
	int count = 0;

	puts("reading");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		count++;
	printf("lines %d\n", count);
	return 0;
}

/* Reads a file, writes it to another and lists the folder. */
static int copy(const char *from, const char *to, const char *folder)
{
	FILE *source = fopen(from, "r"), *target = fopen(to, "w");
	struct dirent *entry;
	DIR *directory;
	int byte;

	if (!source || !target) {
		perror("copy");
		return 1;
	}
	while ((byte = fgetc(source)) != EOF)
		fputc(byte, target);
	if (fclose(source) || fclose(target)) {
		perror("copy");
		return 1;
	}
	directory = opendir(folder);
	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			printf("entry %s\n", entry->d_name);
	}
	return directory ? closedir(directory) : 1;
}

static void show(const char *name, int result)
{
	printf("%s %d\n", name, result);
}

/* The errno of each function that takes a folder, where none was given. */
static int ungranted(void)
{
	static uint8_t buf[256];
	__wasi_filestat_t filestat;
	__wasi_prestat_t prestat;
	__wasi_size_t size;
	__wasi_fd_t fd;

	show("fd_prestat_get", __wasi_fd_prestat_get(3, &prestat));
	show("fd_readdir", __wasi_fd_readdir(3, buf, sizeof(buf), 0, &size));
	show("path_create_directory", __wasi_path_create_directory(3, "x"));
	show("path_filestat_get", __wasi_path_filestat_get(3, 0, "x", &filestat));
	show("path_filestat_set_times", __wasi_path_filestat_set_times(3, 0, "x", 0, 0, 0));
	show("path_link", __wasi_path_link(3, 0, "x", 3, "y"));
	show("path_open", __wasi_path_open(3, 0, "x", 0, 0, 0, 0, &fd));
	show("path_readlink", __wasi_path_readlink(3, "x", buf, sizeof(buf), &size));
	show("path_remove_directory", __wasi_path_remove_directory(3, "x"));
	show("path_rename", __wasi_path_rename(3, "x", 3, "y"));
	show("path_symlink", __wasi_path_symlink("x", 3, "y"));
	show("path_unlink_file", __wasi_path_unlink_file(3, "x"));
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	long number = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(command, "args"))
		return args(argc, argv);
	if (!strcmp(command, "streams"))
		return streams();
	if (!strcmp(command, "sleep"))
		return sleep_ms(number);
	if (!strcmp(command, "sleep-then-poll"))
		return sleep_then_poll(number);
	if (!strcmp(command, "clocks"))
		return clocks();
	if (!strcmp(command, "random"))
		return draw();
	if (!strcmp(command, "exit"))
		exit((int)number);
	if (!strcmp(command, "flood"))
		return flood(number);
	if (!strcmp(command, "terminals"))
		return terminals();
	if (!strcmp(command, "close"))
		return closes();
	if (!strcmp(command, "lines"))
		return lines();
	if (!strcmp(command, "copy") && argc > 4)
		return copy(argv[2], argv[3], argv[4]);
	if (!strcmp(command, "ungranted"))
		return ungranted();
	fprintf(stderr, "unknown sub-command: %s\n", command);
	return 1;
}
