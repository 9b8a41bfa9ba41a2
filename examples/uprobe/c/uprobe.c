/* SPDX-License-Identifier: MIT */
/* Guest half: prints every call of a function until Ctrl-C. */
#include <getopt.h>

#include "uprobe.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(uprobe_bpf, "uprobe.bpf.o");

static struct {
	const char *binary, *function;
	int pid;
	bool time, verbose;
	unsigned long long shown;
} tool = {.pid = -1};

static const char usage[] =
    "Usage: uprobe [-T] [-p PID] [-v] BINARY FUNCTION\n"
    "Prints every call of a function of a program or library: its first three arguments, its\n"
    "result, and how long it took.\n"
    "\n"
    "  BINARY           the file, such as /usr/bin/bash, or a library's name: libc.so.6\n"
    "  FUNCTION         a name that `nm -D BINARY` lists, or `nm BINARY` if it is not stripped\n"
    "  -T, --timestamp  when, in local time\n"
    "  -p, --pid PID    only this process\n"
    "  -v, --verbose    counts at the end, to stderr\n"
    "  -h, --help       this text\n";

static const struct option options[] = {
    {"timestamp", no_argument, NULL, 'T'},
    {"pid", required_argument, NULL, 'p'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int handle_event(void *ctx, void *data, size_t size)
{
	const struct event *e = (const struct event *)data;

	(void)ctx;
	if (size < sizeof(*e))
		return -EINVAL;
	tool.shown++;
	if (tool.time) {
		tool_print_now();
		putchar(' ');
	}
	printf("%-7u %-7u ", e->pid, e->thread);
	tool_print_text(e->comm, COMM_LEN);
	for (int i = 0; i < ARGS; i++)
		printf(" %-12llx", e->args[i]);
	printf(" %-12llx %llu.%03llu\n", e->result, e->duration_ns / 1000, e->duration_ns % 1000);
	return 0;
}

static bool probe(const struct bpf_object *object, const char *program, bool on_return)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = tool.function, .retprobe = on_return);

	return bpf_program__attach_uprobe_opts(bpf_object__find_program_by_name(object, program),
					       tool.pid, tool.binary, 0, &opts);
}

/* The host has already reported failures on stderr. */
static int trace(void)
{
	struct bpf_object *object =
	    bpf_object__open_mem(uprobe_bpf, WASM_BPF_SIZE(uprobe_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	/* Attach the return first: a return without a recorded call is ignored, but a call
	 * without a return would stay. */
	if (bpf_object__load(object) || !probe(object, "on_return", true) ||
	    !probe(object, "on_call", false))
		goto out_close;
	printf("%s%-7s %-7s %-16s %-12s %-12s %-12s %-12s %s\n", tool.time ? "TIME     " : "",
	       "PID", "TID", "COMM", "ARG0", "ARG1", "ARG2", "RESULT", "LAT(us)");
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
	uint64_t number;
	int option;

	while ((option = getopt_long(argc, argv, "Tp:vh", options, NULL)) != -1) {
		switch (option) {
		case 'T':
			tool.time = true;
			break;
		case 'p':
			if (!tool_number("--pid", optarg, 1, 0x7fffffff, &number))
				return 2;
			tool.pid = (int)number;
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
	if (argc - optind != 2)
		return wrong_usage();
	tool.binary = argv[optind];
	tool.function = argv[optind + 1];
	return trace();
}
