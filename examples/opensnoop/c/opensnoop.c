/* SPDX-License-Identifier: MIT */
/* Guest half: prints every file that is opened until Ctrl-C. */
#include "wasm_bpf_tool.h"
#include "opensnoop.h"

WASM_BPF_EMBED(opensnoop_bpf, "opensnoop.bpf.o");

static struct {
	struct config config;
	bool time, uid, flags, verbose;
	unsigned long long duration_s, shown;
} tool = {.config = {.uid = ANY_UID}};

static void print_header(void)
{
	if (tool.time)
		fputs("TIME     ", stdout);
	if (tool.uid)
		fputs("UID     ", stdout);
	printf("%-7s %-16s %3s %3s ", "PID", "COMM", "FD", "ERR");
	if (tool.flags)
		fputs("FLAGS    ", stdout);
	puts("PATH");
}

/* struct event, for the host's -o, --filter, --sort and others. */
static const char members[] = "u32 pid; u32 uid @uid; s32 ret @errno; s32 flags @flags; "
			      "char comm[16]; char path[256]";

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
	if (tool.uid)
		printf("%-7u ", e->uid);
	printf("%-7u ", e->pid);
	tool_print_text(e->comm, COMM_LEN);
	printf(" %3d %3d ", e->result < 0 ? -1 : e->result, e->result < 0 ? -e->result : 0);
	if (tool.flags)
		printf("%08o ", (unsigned int)e->flags);
	tool_print_text(e->path, 0);
	putchar('\n');
	return 0;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool set_name(const char *name)
{
	size_t length = strlen(name);

	if (!length || length >= COMM_LEN) {
		fprintf(stderr, "error: --name wants 1 to %d characters\n", COMM_LEN - 1);
		return false;
	}
	memcpy(tool.config.name, name, length);
	tool.config.name_length = (unsigned int)length;
	return true;
}

static const struct tool_option options[] = {
    TOOL_FLAG('T', "timestamp", tool.time, true, "when, in local time"),
    TOOL_FLAG('U', "print-uid", tool.uid, true, "whose process it is"),
    TOOL_FLAG('e', "extended-fields", tool.flags, true, "the flags, in octal"),
    TOOL_FLAG('x', "failed", tool.config.only_failed, 1, "only what failed"),
    TOOL_NUMBER('p', "pid", "PID", tool.config.pid, 1, 0x7fffffff, "only this process"),
    TOOL_NUMBER('t', "tid", "TID", tool.config.thread, 1, 0x7fffffff, "only this thread"),
    TOOL_NUMBER('u', "uid", "UID", tool.config.uid, 0, ANY_UID - 1, "only this user's"),
    TOOL_TEXT('n', "name", "NAME", set_name, "only processes whose name begins like that"),
    TOOL_NUMBER('d', "duration", "S", tool.duration_s, 1, 1000000000,
		"ends after that many seconds"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "opensnoop [-T] [-U] [-e] [-x] [-p PID] [-t TID] [-u UID] [-n NAME] [-d S] [-v]",
    .summary = "Prints every file that is opened, and how that ended.\n",
    TOOL_OPTIONS(options),
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	if (exit_code >= 0)
		return exit_code;
	/* The host opens files for the tool itself; --pid with its number shows them. */
	if (!tool.config.pid)
		tool.config.self = (unsigned int)wasm_bpf_host_pid();
	return tool_trace(&(struct tool_tracer){
	    TOOL_TRACES(opensnoop_bpf, tool),
	    TOOL_CONFIG(tool),
	    .print_header = print_header,
	    .handle_event = handle_event,
	    .duration_ns = tool.duration_s * TOOL_NS_PER_SEC,
	    TOOL_RECORDS("opens", members, struct event),
	});
}
