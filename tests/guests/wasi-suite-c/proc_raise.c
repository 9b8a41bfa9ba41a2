// SPDX-License-Identifier: MIT
/*
 * proc_raise with the number in the first argument; 0 for those that come back. The tests compare
 * how the process ends with `signal` in the specification.
 */
#include "suite.h"

enum { SIG_CHLD = 16, SIG_CONT, SIG_STOP, SIG_TTOU = 21, SIG_URG, SIG_WINCH = 27, SIG_SYS = 30 };
enum { SIG_PIPE = 13 };

static void suite(void)
{
	static char buf[4096];
	char *argv[8];
	uint32_t signal = 0;

	MUST(args_get(argv, buf));
	for (const char *at = argv[1]; *at; at++)
		signal = signal * 10 + (uint32_t)(*at - '0');
	if (signal) {
		proc_raise(signal);
		print("proc_raise() returned\n");
		proc_exit(0);
	}
	/* "Action: Ignored", and "continues executing, if stopped". */
	CHECK(SUCCESS, proc_raise(SIG_PIPE));
	CHECK(SUCCESS, proc_raise(SIG_CHLD));
	CHECK(SUCCESS, proc_raise(SIG_CONT));
	CHECK(SUCCESS, proc_raise(SIG_URG));
	CHECK(SUCCESS, proc_raise(SIG_WINCH));
	/* To stop a module would stop its host. */
	for (signal = SIG_STOP; signal <= SIG_TTOU; signal++)
		CHECK(ENOTSUP, proc_raise(signal));
	/* "No signal", which is reserved, and a number past the last signal. */
	CHECK(EINVAL, proc_raise(0));
	CHECK(EINVAL, proc_raise(SIG_SYS + 1));
	CHECK(EINVAL, proc_raise(255));
}
