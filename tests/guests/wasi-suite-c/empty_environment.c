// SPDX-License-Identifier: MIT
/* args_* and environ_* of a run without variables and arguments but the module's name. */
#include "suite.h"

static void suite(void)
{
	uint32_t count = 9, size = 9;

	CHECK(SUCCESS, environ_sizes_get(&count, &size));
	EQUAL(0, count);
	EQUAL(0, size);
	/* There is nothing to write. */
	CHECK(SUCCESS, environ_get((void *)memory_end(), (void *)memory_end()));
	CHECK(SUCCESS, args_sizes_get(&count, &size));
	EQUAL(1, count);
}
