// SPDX-License-Identifier: MIT
/* environ_sizes_get, for the variables A=1, EMPTY= and ODD=a=b. */
#include "suite.h"

static void suite(void)
{
	uint32_t sizes[4] = {9, 9, 9, 9};

	CHECK(SUCCESS, environ_sizes_get(&sizes[1], &sizes[2]));
	EQUAL(9, sizes[0]);
	EQUAL(3, sizes[1]);
	EQUAL(4 + 7 + 8, sizes[2]);
	EQUAL(9, sizes[3]);
	CHECK(EFAULT, environ_sizes_get(BAD, &sizes[2]));
	CHECK(EFAULT, environ_sizes_get(&sizes[1], BAD));
	CHECK(EFAULT, environ_sizes_get(PAST_END(4), &sizes[2]));
	CHECK(EFAULT, environ_sizes_get(&sizes[1], PAST_END(4)));
}
