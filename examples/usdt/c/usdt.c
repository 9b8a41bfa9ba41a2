/* SPDX-License-Identifier: MIT */
/* Guest half: prints each hit of a USDT probe until Ctrl-C. */
#include "usdt.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(usdt_bpf, "usdt.bpf.o");

static struct {
	const char *binary, *provider, *name;
	int pid;
	bool time, hexadecimal, verbose;
	unsigned long long shown;
} tool = {.pid = -1};

/* struct event, for the host's -o, --filter, --sort and others. */
static const char members[] = "s64 args[12]; u32 pid; u32 tid; u32 arg_count; u32 __reserved; "
			      "char comm[16]";

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

static bool attach(const struct bpf_object *object)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(object, "on_probe");

	return bpf_program__attach_usdt(program, tool.pid, tool.binary, tool.provider, tool.name,
					NULL);
}

static void print_header(void)
{
	printf("%s%-7s %-7s %-16s %s\n", tool.time ? "TIME     " : "", "PID", "TID", "COMM",
	       "ARGS");
}

static const struct tool_option options[] = {
    TOOL_OPERAND("BINARY", "the file, such as /usr/bin/python3, or a library's name: libc.so.6"),
    TOOL_OPERAND("PROVIDER NAME", "of the probe: `readelf -n BINARY` lists them, as stapsdt notes"),
    TOOL_FLAG('T', "timestamp", tool.time, true, "when, in local time"),
    TOOL_FLAG('x', "hex", tool.hexadecimal, true, "arguments in hexadecimal"),
    TOOL_NUMBER('p', "pid", "PID", tool.pid, 1, 0x7fffffff, "only this process"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "usdt [-T] [-x] [-p PID] [-v] BINARY PROVIDER NAME",
    .summary = "Prints each time a program passes a USDT probe, with the probe's arguments.\n",
    TOOL_OPTIONS(options),
    .min_operands = 3,
    .max_operands = 3,
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	if (exit_code >= 0)
		return exit_code;
	tool.binary = argv[optind];
	tool.provider = argv[optind + 1];
	tool.name = argv[optind + 2];
	return tool_trace(&(struct tool_tracer){
	    TOOL_TRACES(usdt_bpf, tool),
	    .attach = attach,
	    .print_header = print_header,
	    .handle_event = handle_event,
	    TOOL_RECORDS("hits", members, struct event),
	});
}
