// SPDX-License-Identifier: MIT
/* bashreadline: lines that are typed into shells. */
#include "tool.bpf.h"

#define LINE_BYTES 256

TOOL("bashreadline", "show lines that are typed into bash");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile path_text, shell, "bash", 's', "shell, or its library: path or name");

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	char line[LINE_BYTES];
	__u64 cgroup_id HIDDEN;
};

EVENTS(struct event);
PLACE(exit_readline, "{shell}:readline");

SEC("uretprobe")
int BPF_KRETPROBE(exit_readline, const void *line)
{
	struct event *event;

	/* The end of the input is not a line. */
	if (IS_OTHER(pid) || !line)
		return 0;
	event = reserve_event();
	if (!event)
		return 0;
	SET_ORIGIN(event);
	if (bpf_probe_read_user_str(event->line, LINE_BYTES, line) < 0)
		event->line[0] = '\0';
	bpf_ringbuf_submit(event, 0);
	return 0;
}
