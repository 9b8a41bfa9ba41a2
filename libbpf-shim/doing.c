// SPDX-License-Identifier: MIT
/*
 * The system call in progress, in words, for the line that a process prints when it is ended in the
 * middle of one.
 */
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define NAME_MAX_BYTES 64

/* Written by the thread that makes the call, read by a signal handler of any. */
static char text[2][128];
static _Atomic(const char *) current;
static uint32_t next;

/* Names are the guest's: a terminal gets none of their control characters. */
static void append(char *to, const char *from)
{
	size_t used = strlen(to);

	for (size_t i = 0; from[i] && i < NAME_MAX_BYTES; i++)
		to[used++] = from[i] >= ' ' && from[i] <= '~' && from[i] != '"' ? from[i] : '?';
	to[used] = 0;
}

void shim_doing(const char *what, const char *name)
{
	char *to = text[next];

	if (!what) {
		atomic_store(&current, NULL);
		return;
	}
	next = !next;
	*to = 0;
	append(to, what);
	strcat(to, " \"");
	append(to, name ? name : "");
	strcat(to, "\"\n");
	atomic_store(&current, to);
}

void shim_doing_write(const char *how)
{
	const char *doing = atomic_load(&current);
	char line[256];

	if (!doing)
		return;
	strcpy(line, "wasm-bpf: ");
	strcat(line, how);
	strcat(line, " while ");
	strcat(line, doing);
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
}

/* ---- whether libbpf tries the kernel ------------------------------------------------------------
 */

/* True if libbpf looks at what the kernel can do, with programs and maps of its own. */
static _Thread_local bool is_probing;

bool shim_set_probing(bool now)
{
	const bool before = is_probing;

	is_probing = now;
	return before;
}

bool shim_is_probing(void)
{
	return is_probing;
}
