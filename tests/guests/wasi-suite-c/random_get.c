// SPDX-License-Identifier: MIT
/* random_get */
#include "suite.h"

#define BIG (1024 * 1024)

static void suite(void)
{
	static uint8_t big[BIG + 1];
	uint8_t small[18];
	uint32_t zeros = 0, ones = 0;

	/* Exactly as many bytes as asked for. */
	memset(small, '?', sizeof(small));
	CHECK(SUCCESS, random_get(small + 1, 0));
	EQUAL('?', small[1]);
	CHECK(SUCCESS, random_get(small + 1, 16));
	EQUAL('?', small[0]);
	EQUAL('?', small[17]);
	/* A call of any size fills all of it: half of the bits are ones, to six sigma. */
	CHECK(SUCCESS, random_get(big, BIG));
	EQUAL(0, big[BIG]);
	for (uint32_t i = 0; i < BIG; i++) {
		ones += (uint32_t)__builtin_popcount(big[i]);
		zeros += big[i] == 0;
	}
	TRUE(ones > 4 * BIG - 9000 && ones < 4 * BIG + 9000);
	TRUE(zeros > 3600 && zeros < 4600);
	EQUAL(0, big[BIG]);
	CHECK(SUCCESS, random_get((void *)(memory_end() - 8), 8));
	CHECK(SUCCESS, random_get((void *)memory_end(), 0));
	CHECK(EFAULT, random_get(PAST_END(8), 8));
	CHECK(EFAULT, random_get(BAD, 32));
	CHECK(EFAULT, random_get(big, 0xffffffff));
}
