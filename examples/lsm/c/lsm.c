/* SPDX-License-Identifier: MIT */
/* Guest half: protects a directory until Ctrl-C and prints attempts to remove it. */
#include <getopt.h>

#include "lsm.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(lsm_bpf, "lsm.bpf.o");

static struct {
	struct config config;
	bool verbose;
	unsigned long long shown;
} tool;

static const char usage[] =
    "Usage: lsm [-w] [-v] FOLDER\n"
    "Protects a folder from removal by any user, and prints each attempt, until Ctrl-C.\n"
    "\n"
    "  FOLDER         its path, from / or the end of it: /srv/data, srv/data, data\n"
    "  -w, --watch    prints, and lets it be removed\n"
    "  -v, --verbose  counts at the end, to stderr\n"
    "  -h, --help     this text\n"
    "\n"
    "It takes a kernel with CONFIG_BPF_LSM and \"bpf\" in /sys/kernel/security/lsm.\n";

static const struct option options[] = {
    {"watch", no_argument, NULL, 'w'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Splits a path into its parts, the last one first. */
static bool set_path(const char *path)
{
	const char *end = path + strlen(path);

	for (;;) {
		const char *begin;
		size_t length;

		while (end > path && end[-1] == '/')
			end--;
		begin = end;
		while (begin > path && begin[-1] != '/')
			begin--;
		length = (size_t)(end - begin);
		if (!length)
			break;
		if (length >= NAME_LEN || tool.config.part_count == MAX_PARTS) {
			fprintf(stderr, "error: A path has at most %d parts of %d bytes\n",
				MAX_PARTS, NAME_LEN - 1);
			return false;
		}
		memcpy(tool.config.parts[tool.config.part_count++], begin, length);
		end = begin;
	}
	if (!tool.config.part_count)
		fputs("error: Nothing can remove / anyway\n", stderr);
	return tool.config.part_count > 0;
}

static int handle_event(void *ctx, void *data, size_t size)
{
	const struct event *e = (const struct event *)data;

	(void)ctx;
	if (size < sizeof(*e))
		return -EINVAL;
	tool.shown++;
	tool_print_now();
	printf(" %-7u %-7u ", e->pid, e->uid);
	tool_print_text(e->comm, COMM_LEN);
	puts(tool.config.only_watch ? " allowed" : " refused");
	return 0;
}

/* The host has already reported failures on stderr. */
static int protect(void)
{
	struct bpf_object *object = bpf_object__open_mem(lsm_bpf, WASM_BPF_SIZE(lsm_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (bpf_object__set_variable(object, "config", &tool.config, sizeof(tool.config)) ||
	    bpf_object__load(object) || bpf_object__attach(object))
		goto out_close;
	printf("%-8s %-7s %-7s %-16s %s\n", "TIME", "PID", "UID", "COMM", "RMDIR");
	exit_code = tool_poll_ring(object, "events", handle_event, NULL, 0);
	tool_report(object, tool.shown, tool.verbose);
out_close:
	bpf_object__close(object);
	return exit_code;
}

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "wvh", options, NULL)) != -1) {
		switch (option) {
		case 'w':
			tool.config.only_watch = 1;
			break;
		case 'v':
			tool.verbose = true;
			break;
		case 'h':
			return fputs(usage, stdout) < 0;
		default:
			return wrong_usage();
		}
	}
	if (argc - optind != 1)
		return wrong_usage();
	return set_path(argv[optind]) ? protect() : 2;
}
