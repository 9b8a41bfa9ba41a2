/* SPDX-License-Identifier: MIT */
/* Guest half: prints each hit of a USDT probe until Ctrl-C. */
#include <getopt.h>

#include "usdt.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(usdt_bpf, "usdt.bpf.o");

static struct {
	const char *binary, *provider, *name;
	int pid;
	bool time, hexadecimal, verbose;
	unsigned long long shown;
} tool = {.pid = -1};

static const char usage[] =
    "Usage: usdt [-T] [-x] [-p PID] [-v] BINARY PROVIDER NAME\n"
    "Prints each time a program passes a USDT probe, with the probe's arguments.\n"
    "\n"
    "  BINARY           the file, such as /usr/bin/python3, or a library's name: libc.so.6\n"
    "  PROVIDER NAME    of the probe: `readelf -n BINARY` lists them, as stapsdt notes\n"
    "  -T, --timestamp  when, in local time\n"
    "  -x, --hex        arguments in hexadecimal\n"
    "  -p, --pid PID    only this process\n"
    "  -v, --verbose    counts at the end, to stderr\n"
    "  -h, --help       this text\n";

static const struct option options[] = {
    {"timestamp", no_argument, NULL, 'T'}, {"hex", no_argument, NULL, 'x'},
    {"pid", required_argument, NULL, 'p'}, {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},	   {NULL, 0, NULL, 0},
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
	for (unsigned int i = 0; i < e->arg_count && i < MAX_ARGS; i++)
		printf(tool.hexadecimal ? " %llx" : " %lld", e->args[i]);
	putchar('\n');
	return 0;
}

static bool probe(const struct bpf_object *object)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(object, "on_probe");

	return bpf_program__attach_usdt(program, tool.pid, tool.binary, tool.provider, tool.name,
					NULL);
}

/* The host has already reported failures on stderr. */
static int trace(void)
{
	struct bpf_object *object = bpf_object__open_mem(usdt_bpf, WASM_BPF_SIZE(usdt_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (bpf_object__load(object) || !probe(object))
		goto out_close;
	printf("%s%-7s %-7s %-16s %s\n", tool.time ? "TIME     " : "", "PID", "TID", "COMM",
	       "ARGS");
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

	while ((option = getopt_long(argc, argv, "Txp:vh", options, NULL)) != -1) {
		switch (option) {
		case 'T':
			tool.time = true;
			break;
		case 'x':
			tool.hexadecimal = true;
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
	if (argc - optind != 3)
		return wrong_usage();
	tool.binary = argv[optind];
	tool.provider = argv[optind + 1];
	tool.name = argv[optind + 2];
	return trace();
}
