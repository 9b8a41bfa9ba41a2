// SPDX-License-Identifier: MIT
/*
 * holder prog|map|link ID
 *
 * Opens a program, map or link of another process by its number, prints "held", and keeps it until
 * standard input ends.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	union bpf_attr attr = {0};
	enum bpf_cmd command = BPF_PROG_GET_FD_BY_ID;
	char byte;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "map"))
		command = BPF_MAP_GET_FD_BY_ID;
	if (!strcmp(argv[1], "link"))
		command = BPF_LINK_GET_FD_BY_ID;
	/* prog_id, map_id and link_id have one place. */
	attr.prog_id = (__u32)strtoul(argv[2], NULL, 10);
	if (syscall(SYS_bpf, command, &attr, sizeof(attr)) < 0) {
		perror("bpf");
		return 1;
	}
	puts("held");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
