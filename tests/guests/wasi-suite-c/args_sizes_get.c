// SPDX-License-Identifier: MIT
/* args_sizes_get, for `one "" é` after the module's name. */
#include "suite.h"

static void suite(void)
{
	static char buf[4096];
	char *argv[4];
	uint32_t sizes[4] = {9, 9, 9, 9};

	CHECK(SUCCESS, args_sizes_get(&sizes[1], &sizes[2]));
	EQUAL(9, sizes[0]);
	EQUAL(4, sizes[1]);
	EQUAL(9, sizes[3]);
	MUST(args_get(argv, buf));
	/* Bytes of UTF-8, each string with its NUL. */
	EQUAL(length(argv[0]) + 1 + 4 + 1 + 3, sizes[2]);
	CHECK(SUCCESS, args_sizes_get((void *)(memory_end() - 8), (void *)(memory_end() - 4)));
	CHECK(EFAULT, args_sizes_get(BAD, &sizes[2]));
	CHECK(EFAULT, args_sizes_get(&sizes[1], BAD));
	CHECK(EFAULT, args_sizes_get(PAST_END(4), &sizes[2]));
	CHECK(EFAULT, args_sizes_get(&sizes[1], PAST_END(4)));
}
