// SPDX-License-Identifier: MIT
/* clock_time_get */
#include "suite.h"

#define SECOND 1000000000ull
#define YEAR_2024 (1704067200 * SECOND)
#define YEAR_2200 (7258118400 * SECOND)

static uint64_t now(uint32_t id)
{
	uint64_t time = 0;

	MUST(clock_time_get(id, 0, &time));
	return time;
}

static void suite(void)
{
	uint64_t time = 0;

	TRUE(now(REALTIME) > YEAR_2024 && now(REALTIME) < YEAR_2200);
	time = now(MONOTONIC);
	for (int i = 0; i < 1000; i++) {
		uint64_t next = now(MONOTONIC);

		if (next < time)
			TRUE(!"the monotonic clock went back");
		time = next;
	}
	/* The CPU clocks go on while this computes, a thread's no faster than its process's. */
	for (uint32_t id = PROCESS_CPUTIME; id <= THREAD_CPUTIME; id++) {
		uint64_t start = now(id);
		uint64_t until = now(MONOTONIC) + 5 * SECOND;

		while (now(id) == start && now(MONOTONIC) < until)
			;
		TRUE(now(id) > start);
	}
	TRUE(now(THREAD_CPUTIME) <= now(PROCESS_CPUTIME));

	/* Any precision is allowed: it is how late the result may be. */
	CHECK(SUCCESS, clock_time_get(REALTIME, UINT64_MAX, &time));
	CHECK(SUCCESS, clock_time_get(REALTIME, 1, &time));
	CHECK(EINVAL, clock_time_get(THREAD_CPUTIME + 1, 0, &time));
	CHECK(EINVAL, clock_time_get(0xffffffff, 0, &time));
	CHECK(EFAULT, clock_time_get(MONOTONIC, 0, BAD));
	CHECK(EFAULT, clock_time_get(MONOTONIC, 0, PAST_END(8)));
}
