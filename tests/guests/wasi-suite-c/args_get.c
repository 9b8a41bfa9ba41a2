// SPDX-License-Identifier: MIT
/* args_get, for `one "" é` after the module's name. */
#include "suite.h"

static void suite(void)
{
	static char buf[4096];
	char *argv[4] = {0};
	uint32_t count, size;

	MUST(args_sizes_get(&count, &size));
	EQUAL(4, count);
	memset(buf, '?', sizeof(buf));
	CHECK(SUCCESS, args_get(argv, buf));
	TRUE(argv[0] == buf);
	TRUE(length(argv[0]) > 0);
	SAME("one\0", argv[1]);
	SAME("\0", argv[2]);
	SAME("\xc3\xa9\0", argv[3]);
	/* One after the other, as large as announced, and not a byte more. */
	TRUE(argv[1] == argv[0] + length(argv[0]) + 1);
	TRUE(argv[2] == argv[1] + 4);
	TRUE(argv[3] == argv[2] + 1);
	TRUE(argv[3] + 3 == buf + size);
	EQUAL('?', buf[size]);

	/* Up to the last byte of memory, and one further. */
	CHECK(SUCCESS, args_get(argv, (void *)(memory_end() - size)));
	CHECK(EFAULT, args_get(argv, PAST_END(size)));
	CHECK(EFAULT, args_get(PAST_END(sizeof(argv)), buf));
	CHECK(EFAULT, args_get(BAD, buf));
	CHECK(EFAULT, args_get(argv, BAD));
}
