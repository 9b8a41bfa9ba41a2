/* SPDX-License-Identifier: MIT */
/* Guest half: prints every execve(2) until Ctrl-C. */
#include "wasm_bpf_tool.h"
#include "execve.h"

WASM_BPF_EMBED(execve_bpf, "execve.bpf.o");

static struct {
	struct config config;
	const char *name, *line;
	bool time, seconds, user, quote, verbose;
	unsigned long long shown, lost;
	uint64_t start_ns;
	int records; /* id of the source, if -o or other options request records */
} tool = {.config = {.uid = ANY_UID, .max_args = DEFAULT_ARGS}};

/* The tool box has it under another name. */
#ifndef TOOL_NAME
#define TOOL_NAME "execve"
#endif

static void print_args(const struct event *e)
{
	const char *arg = e->args;

	for (unsigned int i = 0; i < e->arg_count; i++) {
		size_t length = strlen(arg);

		if (i)
			putchar(' ');
		if (tool.quote)
			putchar('"');
		tool_print_text(arg, 0);
		if (length == ARG_LEN - 1)
			fputs("...", stdout);
		if (tool.quote)
			putchar('"');
		arg += length + 1;
	}
	puts(e->more_args ? " ..." : "");
}

/* Reports whether an argument has a text in it. */
static bool has_line(const struct event *e, const char *text)
{
	const char *arg = e->args;

	for (unsigned int i = 0; i < e->arg_count; i++) {
		if (strstr(arg, text))
			return true;
		arg += strlen(arg) + 1;
	}
	return false;
}

/* Record for the host's -o, --filter, --sort and others. */
struct record {
	unsigned int pid, ppid, uid;
	int result;
	char comm[COMM_LEN];
	char args[ARGS_LEN];
};

static const char members[] = "u32 pid; u32 ppid; u32 uid @uid; s32 ret @errno; "
			      "char comm[16]; char args[7680]";

_Static_assert(sizeof(struct record) == 32 + 7680, "members describe struct record");

/* Arguments with blanks between them, as text. */
static void write_record(const struct event *e)
{
	static struct record record;
	size_t size = e->args_size < ARGS_LEN ? e->args_size : ARGS_LEN;

	record = (struct record){e->pid, e->ppid, e->uid, e->result, "", ""};
	memcpy(record.comm, e->comm, COMM_LEN);
	memcpy(record.args, e->args, size);
	for (size_t i = 0; i + 1 < size; i++) {
		if (!record.args[i])
			record.args[i] = ' ';
	}
	wasm_bpf_records_write(tool.records, &record, sizeof(record));
}

/* Seconds since the start, as "%-8.3f " has them: the C library is linked without floats. */
static void print_seconds(void)
{
	uint64_t ms = (tool_clock_ns(CLOCK_MONOTONIC) - tool.start_ns) / TOOL_NS_PER_MS;
	char text[32];

	snprintf(text, sizeof(text), "%llu.%03llu", ms / 1000, ms % 1000);
	printf("%-8s ", text);
}

static void handle_event(void *ctx, int cpu, void *data, __u32 size)
{
	const struct event *e = (const struct event *)data;

	(void)ctx;
	(void)cpu;
	if (size < offsetof(struct event, args) ||
	    size < offsetof(struct event, args) + e->args_size)
		return;
	if ((tool.name && !strstr(e->comm, tool.name)) || (tool.line && !has_line(e, tool.line)))
		return;
	tool.shown++;
	if (tool.records) {
		write_record(e);
		return;
	}
	if (tool.time) {
		tool_print_now();
		putchar(' ');
	}
	if (tool.seconds)
		print_seconds();
	if (tool.user)
		printf("%-6u ", e->uid);
	tool_print_text(e->comm, COMM_LEN);
	printf(" %-7u %-7u %3d ", e->pid, e->ppid, e->result);
	print_args(e);
}

static void handle_lost(void *ctx, int cpu, __u64 count)
{
	(void)ctx;
	(void)cpu;
	tool.lost += count;
}

static int poll_until_interrupted(struct bpf_object *object)
{
	struct perf_buffer *buffer =
	    perf_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), 64, handle_event,
			     handle_lost, NULL, NULL);
	int n;

	/* Create the buffer first: events before that are lost. */
	if (!buffer || bpf_object__attach(object))
		return 1;
	tool.records = wasm_bpf_records_open("execs", members, NULL, 0, 0);
	/* The host has reported why. */
	if (tool.records < 0)
		return 1;
	tool.start_ns = tool_clock_ns(CLOCK_MONOTONIC);
	if (!tool.records)
		printf("%s%s%s%-16s %-7s %-7s %3s %s\n", tool.time ? "TIME     " : "",
		       tool.seconds ? "TIME(s)  " : "", tool.user ? "UID    " : "", "PCOMM", "PID",
		       "PPID", "RET", "ARGS");
	do {
		if (!tool_flush())
			return 1;
		n = perf_buffer__poll(buffer, TOOL_POLL_MS);
	} while (n >= 0);
	perf_buffer__free(buffer);
	return n == -EINTR ? 0 : 1;
}

/* The host has already reported failures on stderr. */
static int trace(void)
{
	struct bpf_object *object =
	    bpf_object__open_mem(execve_bpf, WASM_BPF_SIZE(execve_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (!bpf_object__set_variable(object, "config", &tool.config, sizeof(tool.config)) &&
	    !bpf_object__load(object))
		exit_code = poll_until_interrupted(object);
	bpf_object__close(object);
	if (tool.verbose)
		fprintf(stderr, "%llu shown, %llu lost\n", tool.shown, tool.lost);
	else if (tool.lost)
		fprintf(stderr, "warning: %llu events lost, the perf buffer was full\n", tool.lost);
	return exit_code;
}

static bool set_name(const char *name)
{
	tool.name = name;
	return true;
}

static bool set_line(const char *line)
{
	tool.line = line;
	return true;
}

static const struct tool_option options[] = {
    TOOL_FLAG('T', "time", tool.time, true, "when, in local time"),
    TOOL_FLAG('t', "timestamp", tool.seconds, true, "when, in seconds since the start"),
    TOOL_FLAG('U', "print-uid", tool.user, true, "whose process it is"),
    TOOL_FLAG('x', "fails", tool.config.failed_too, 1, "failed calls as well"),
    TOOL_FLAG('q', "quote", tool.quote, true, "arguments in double quotes"),
    TOOL_NUMBER('u', "uid", "UID", tool.config.uid, 0, ANY_UID - 1, "only this user's"),
    TOOL_TEXT('n', "name", "NAME", set_name, "only processes whose name has this in it"),
    TOOL_TEXT('l', "line", "TEXT", set_line, "only arguments with this in them"),
    TOOL_NUMBER(0, "max-args", "N", tool.config.max_args, 1, MAX_ARGS,
		"at most that many arguments, 60 at most (default: 20)"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis =
	TOOL_NAME " [-T] [-t] [-U] [-x] [-q] [-u UID] [-n NAME] [-l TEXT] [--max-args N] [-v]",
    .summary = "Prints every program that is started, with its arguments.\n",
    TOOL_OPTIONS(options),
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	return exit_code >= 0 ? exit_code : trace();
}
