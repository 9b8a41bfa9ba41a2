/* SPDX-License-Identifier: MIT */
/*
 * Native twin of bench/startup: a plain libbpf program that opens, loads and attaches an object,
 * makes its ring buffer `rb` and reports it. It does exactly as much as a hand-written libbpf tool.
 *
 *	startup OBJECT.bpf.o [--exit]
 *
 * Prints "attached" once every program is attached, then waits for a signal; with --exit it ends at
 * once, and the kernel cleans up. Exit code 1 if a step failed (libbpf prints the reason), 2 for
 * wrong usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

static int discard_event(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

static int attach_all(struct bpf_object *obj)
{
	struct bpf_program *prog = NULL;

	while ((prog = bpf_object__next_program(obj, prog))) {
		/* The link belongs to the process from here on: its end detaches. */
		if (!bpf_program__attach(prog))
			return -1;
	}
	return 0;
}

static int start(const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	int fd;

	if (!obj || bpf_object__load(obj) || attach_all(obj))
		return -1;
	fd = bpf_object__find_map_fd_by_name(obj, "rb");
	if (fd < 0)
		return -1;
	return ring_buffer__new(fd, discard_event, NULL, NULL) ? 0 : -1;
}

int main(int argc, char **argv)
{
	static const char said[] = "attached\n";
	int leave = argc == 3 && !strcmp(argv[2], "--exit");

	if (argc != 2 && !leave) {
		fprintf(stderr, "usage: startup OBJECT.bpf.o [--exit]\n");
		return 2;
	}
	if (start(argv[1])) {
		fprintf(stderr, "startup: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	if (write(STDOUT_FILENO, said, sizeof(said) - 1) < 0)
		return 1;
	if (leave)
		_exit(0);
	pause();
	return 0;
}
