// SPDX-License-Identifier: MIT
/* poll_oneoff; standard input is a pipe that has lost its writer. */
#include "suite.h"

static void suite(void)
{
	struct subscription in[2] = {{.userdata = 1, .tag = EVENT_READ}, {.userdata = 2}};
	struct event events[2];
	char byte;
	struct iovec part = {&byte, 1};
	uint32_t stored, n = 9;

	in[0].u.fd = 0;
	in[1].u.clock.id = MONOTONIC;
	in[1].u.clock.timeout = 3600000000000ull;
	CHECK(SUCCESS, poll_oneoff(in, events, 2, &stored));
	EQUAL(1, stored);
	EQUAL(1, events[0].userdata);
	EQUAL(SUCCESS, events[0].error);
	EQUAL(0, events[0].nbytes);
	EQUAL(HANGUP, events[0].flags);
	CHECK(SUCCESS, fd_read(0, &part, 1, &n));
	EQUAL(0, n);
}
