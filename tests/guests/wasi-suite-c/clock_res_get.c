// SPDX-License-Identifier: MIT
/* clock_res_get */
#include "suite.h"

static void suite(void)
{
	uint64_t resolution;

	for (uint32_t id = REALTIME; id <= THREAD_CPUTIME; id++) {
		resolution = 0;
		CHECK(SUCCESS, clock_res_get(id, &resolution));
		/* "Implementations are required to provide a non-zero value". */
		TRUE(resolution > 0);
		TRUE(resolution <= 1000000000);
	}
	CHECK(EINVAL, clock_res_get(THREAD_CPUTIME + 1, &resolution));
	CHECK(EINVAL, clock_res_get(0x80000000, &resolution));
	CHECK(EINVAL, clock_res_get(0xffffffff, &resolution));
	CHECK(EFAULT, clock_res_get(MONOTONIC, BAD));
	CHECK(EFAULT, clock_res_get(MONOTONIC, PAST_END(8)));
	CHECK(SUCCESS, clock_res_get(MONOTONIC, (void *)(memory_end() - 8)));
}
