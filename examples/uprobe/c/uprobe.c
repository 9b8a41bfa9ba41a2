/* SPDX-License-Identifier: MIT */
/* Guest half: prints every call of a function until Ctrl-C. */
#include "uprobe.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(uprobe_bpf, "uprobe.bpf.o");

static struct {
	const char *binary, *function;
	int pid;
	bool time, verbose;
	unsigned long long shown;
} tool = {.pid = -1};

/* struct event, for the host's -o, --filter, --sort and others. */
static const char members[] = "u64 duration_ns @ns; u64 args[3] @hex; u64 result @hex; "
			      "u32 pid; u32 tid; char comm[16]";

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

/* Attaches the return first: a return without a recorded call is ignored, but a call without a
 * return would stay. */
static bool attach(const struct bpf_object *object)
{
	return probe(object, "on_return", true) && probe(object, "on_call", false);
}

static void print_header(void)
{
	printf("%s%-7s %-7s %-16s %-12s %-12s %-12s %-12s %s\n", tool.time ? "TIME     " : "",
	       "PID", "TID", "COMM", "ARG0", "ARG1", "ARG2", "RESULT", "LAT(us)");
}

static const struct tool_option options[] = {
    TOOL_OPERAND("BINARY", "the file, such as /usr/bin/bash, or a library's name: libc.so.6"),
    TOOL_OPERAND("FUNCTION",
		 "a name that `nm -D BINARY` lists, or `nm BINARY` if it is not stripped"),
    TOOL_FLAG('T', "timestamp", tool.time, true, "when, in local time"),
    TOOL_NUMBER('p', "pid", "PID", tool.pid, 1, 0x7fffffff, "only this process"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "uprobe [-T] [-p PID] [-v] BINARY FUNCTION",
    .summary = "Prints every call of a function of a program or library: its first three "
	       "arguments, its\n"
	       "result, and how long it took.\n",
    TOOL_OPTIONS(options),
    .min_operands = 2,
    .max_operands = 2,
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	if (exit_code >= 0)
		return exit_code;
	tool.binary = argv[optind];
	tool.function = argv[optind + 1];
	return tool_trace(&(struct tool_tracer){
	    TOOL_TRACES(uprobe_bpf, tool),
	    .attach = attach,
	    .print_header = print_header,
	    .handle_event = handle_event,
	    TOOL_RECORDS("calls", members, struct event),
	});
}
