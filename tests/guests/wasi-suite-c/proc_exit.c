// SPDX-License-Identifier: MIT
/* proc_exit with the number in the first argument; nothing after it runs. */
#include "suite.h"

static void suite(void)
{
	static char buf[4096];
	char *argv[8];
	uint32_t code = 0;

	MUST(args_get(argv, buf));
	for (const char *at = argv[1]; *at; at++)
		code = code * 10 + (uint32_t)(*at - '0');
	proc_exit(code);
	print("proc_exit() returned\n");
}
