/* SPDX-License-Identifier: MIT */
/* Guest half: protects a directory until Ctrl-C and prints attempts to remove it. */
#include "lsm.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(lsm_bpf, "lsm.bpf.o");

static struct {
	struct config config;
	bool verbose;
	unsigned long long shown;
} tool;

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

/* struct event, for the host's -o, --filter, --sort and others. */
static const char members[] = "u32 pid; u32 uid @uid; char comm[16]";

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

static void print_header(void)
{
	printf("%-8s %-7s %-7s %-16s %s\n", "TIME", "PID", "UID", "COMM", "RMDIR");
}

static const struct tool_option options[] = {
    TOOL_OPERAND("FOLDER", "its path, from / or the end of it: /srv/data, srv/data, data"),
    TOOL_FLAG('w', "watch", tool.config.only_watch, 1, "prints, and lets it be removed"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "lsm [-w] [-v] FOLDER",
    .summary = "Protects a folder from removal by any user, and prints each attempt, until "
	       "Ctrl-C.\n",
    .notes = "It takes a kernel with CONFIG_BPF_LSM and \"bpf\" in /sys/kernel/security/lsm.\n",
    TOOL_OPTIONS(options),
    .min_operands = 1,
    .max_operands = 1,
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	if (exit_code >= 0)
		return exit_code;
	if (!set_path(argv[optind]))
		return 2;
	return tool_trace(&(struct tool_tracer){
	    TOOL_TRACES(lsm_bpf, tool),
	    TOOL_CONFIG(tool),
	    .print_header = print_header,
	    .handle_event = handle_event,
	    TOOL_RECORDS("removals", members, struct event),
	});
}
