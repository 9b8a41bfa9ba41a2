// SPDX-License-Identifier: MIT
/* sched_yield */
#include "suite.h"

static void suite(void)
{
	for (int i = 0; i < 100; i++)
		CHECK(SUCCESS, sched_yield());
}
