// SPDX-License-Identifier: MIT
/* poll_oneoff; standard input is a pipe that holds 5 bytes and is open, standard output a pipe. */
#include "suite.h"

#define MS 1000000ull

static struct event events[4];
static uint32_t stored;

static struct subscription on_clock(uint64_t userdata, uint32_t id, uint64_t timeout,
				    uint16_t flags)
{
	struct subscription s = {.userdata = userdata, .tag = EVENT_CLOCK};

	s.u.clock.id = id;
	s.u.clock.timeout = timeout;
	s.u.clock.flags = flags;
	return s;
}

static struct subscription on_fd(uint64_t userdata, uint8_t tag, fd_t fd)
{
	struct subscription s = {.userdata = userdata, .tag = tag};

	s.u.fd = fd;
	return s;
}

static uint64_t now(uint32_t id)
{
	uint64_t time = 0;

	MUST(clock_time_get(id, 0, &time));
	return time;
}

static int poll(const struct subscription *in, uint32_t count)
{
	memset(events, '?', sizeof(events));
	stored = 99;
	return poll_oneoff(in, events, count, &stored);
}

/* That exactly one event came, and this one. */
static void only(uint64_t userdata, int error, uint8_t type)
{
	EQUAL(1, stored);
	EQUAL(userdata, events[0].userdata);
	EQUAL(error, events[0].error);
	EQUAL(type, events[0].type);
}

static void check_clocks(void)
{
	struct subscription in[3];
	uint64_t start = now(MONOTONIC), passed;

	in[0] = on_clock(0x123456789abcdef0, MONOTONIC, 30 * MS, 0);
	CHECK(SUCCESS, poll(in, 1));
	only(0x123456789abcdef0, SUCCESS, EVENT_CLOCK);
	passed = now(MONOTONIC) - start;
	TRUE(passed >= 30 * MS && passed < 60000 * MS);
	/* Nothing after the events that came. */
	EQUAL(0x3f3f3f3f3f3f3f3f, events[1].userdata);

	start = now(MONOTONIC);
	in[0] = on_clock(1, REALTIME, 20 * MS, 0);
	CHECK(SUCCESS, poll(in, 1));
	only(1, SUCCESS, EVENT_CLOCK);
	TRUE(now(MONOTONIC) - start >= 19 * MS);

	/* A point of time, of each clock; one that has passed is there at once. */
	in[0] = on_clock(2, MONOTONIC, now(MONOTONIC) + 20 * MS, ABSTIME);
	CHECK(SUCCESS, poll(in, 1));
	only(2, SUCCESS, EVENT_CLOCK);
	TRUE(now(MONOTONIC) >= in[0].u.clock.timeout);
	in[0] = on_clock(3, REALTIME, now(REALTIME) + 20 * MS, ABSTIME);
	CHECK(SUCCESS, poll(in, 1));
	only(3, SUCCESS, EVENT_CLOCK);
	TRUE(now(REALTIME) >= in[0].u.clock.timeout);
	start = now(MONOTONIC);
	in[0] = on_clock(4, REALTIME, 1, ABSTIME);
	in[1] = on_clock(5, MONOTONIC, UINT64_MAX, 0);
	CHECK(SUCCESS, poll(in, 2));
	only(4, SUCCESS, EVENT_CLOCK);
	in[0] = on_clock(6, MONOTONIC, 0, 0);
	CHECK(SUCCESS, poll(in, 1));
	only(6, SUCCESS, EVENT_CLOCK);
	TRUE(now(MONOTONIC) - start < 60000 * MS);

	/* The first of several to come; those that come together all do. */
	start = now(MONOTONIC);
	in[0] = on_clock(7, MONOTONIC, 3600000 * MS, 0);
	in[1] = on_clock(8, REALTIME, 20 * MS, 0);
	in[2] = on_clock(9, MONOTONIC, UINT64_MAX, 0);
	CHECK(SUCCESS, poll(in, 3));
	only(8, SUCCESS, EVENT_CLOCK);
	TRUE(now(MONOTONIC) - start < 60000 * MS);
	in[0] = on_clock(10, MONOTONIC, 0, 0);
	in[1] = on_clock(11, MONOTONIC, 0, 0);
	CHECK(SUCCESS, poll(in, 2));
	EQUAL(2, stored);
	EQUAL(10, events[0].userdata);
	EQUAL(11, events[1].userdata);
}

static void check_files(void)
{
	struct subscription in[3];
	fd_t fd = open_all("file", CREAT);

	write_all(fd, "12345");
	/* "This event always triggers for regular files", at their end too. */
	in[0] = on_fd(1, EVENT_READ, fd);
	in[1] = on_fd(2, EVENT_WRITE, fd);
	in[2] = on_clock(3, MONOTONIC, 3600000 * MS, 0);
	CHECK(SUCCESS, poll(in, 3));
	EQUAL(2, stored);
	EQUAL(1, events[0].userdata);
	EQUAL(SUCCESS, events[0].error);
	EQUAL(EVENT_READ, events[0].type);
	EQUAL(0, events[0].flags);
	EQUAL(2, events[1].userdata);
	EQUAL(SUCCESS, events[1].error);
	EQUAL(EVENT_WRITE, events[1].type);
}

static void check_streams(void)
{
	struct subscription in[3];

	in[0] = on_clock(1, MONOTONIC, 3600000 * MS, 0);
	in[1] = on_fd(2, EVENT_READ, 0);
	CHECK(SUCCESS, poll(in, 2));
	only(2, SUCCESS, EVENT_READ);
	EQUAL(5, events[0].nbytes);
	EQUAL(0, events[0].flags & HANGUP);
	in[0] = on_fd(3, EVENT_WRITE, 1);
	in[1] = on_fd(4, EVENT_WRITE, 2);
	CHECK(SUCCESS, poll(in, 2));
	EQUAL(2, stored);
	EQUAL(3, events[0].userdata);
	EQUAL(EVENT_WRITE, events[0].type);
	EQUAL(4, events[1].userdata);
	EQUAL(EVENT_WRITE, events[1].type);
}

/* With nothing to read, time passes. */
static void check_empty_stream(void)
{
	struct subscription in[2];
	char buf[8];
	struct iovec part = {buf, sizeof(buf)};
	uint64_t start;
	uint32_t n;

	CHECK(SUCCESS, fd_read(0, &part, 1, &n));
	EQUAL(5, n);
	start = now(MONOTONIC);
	in[0] = on_fd(1, EVENT_READ, 0);
	in[1] = on_clock(2, MONOTONIC, 30 * MS, 0);
	CHECK(SUCCESS, poll(in, 2));
	only(2, SUCCESS, EVENT_CLOCK);
	TRUE(now(MONOTONIC) - start >= 30 * MS);
	CHECK(SUCCESS, fd_fdstat_set_flags(0, NONBLOCK));
	CHECK(EAGAIN, fd_read(0, &part, 1, &n));
	CHECK(SUCCESS, fd_fdstat_set_flags(0, 0));
}

/* An error of one subscription is in its event. */
static void check_subscriptions(void)
{
	struct subscription in[2];
	fd_t fd = open_all("file", CREAT);

	in[0] = on_clock(1, MONOTONIC, 3600000 * MS, 0);
	in[1] = on_fd(2, EVENT_READ, NO_FD);
	CHECK(SUCCESS, poll(in, 2));
	only(2, EBADF, EVENT_READ);
	in[1] = on_fd(3, EVENT_WRITE, closed_fd());
	CHECK(SUCCESS, poll(in, 2));
	only(3, EBADF, EVENT_WRITE);
	/* "If rights::fd_read is set, includes the right" to ask for it. */
	drop_rights(fd, R_FD_READ);
	in[1] = on_fd(4, EVENT_READ, fd);
	CHECK(SUCCESS, poll(in, 2));
	only(4, ENOTCAPABLE, EVENT_READ);
	drop_rights(fd, R_POLL_FD_READWRITE);
	in[1] = on_fd(5, EVENT_WRITE, fd);
	CHECK(SUCCESS, poll(in, 2));
	only(5, ENOTCAPABLE, EVENT_WRITE);
}

static void check_arguments(void)
{
	struct subscription in[1];

	in[0] = on_clock(1, MONOTONIC, 0, 0);
	/* "If nsubscriptions is 0, returns errno::inval." */
	CHECK(EINVAL, poll(in, 0));
	CHECK(EFAULT, poll_oneoff(BAD, events, 1, &stored));
	CHECK(EFAULT, poll_oneoff(PAST_END(sizeof(in)), events, 1, &stored));
	CHECK(EFAULT, poll_oneoff(in, BAD, 1, &stored));
	CHECK(EFAULT, poll_oneoff(in, PAST_END(sizeof(events[0])), 1, &stored));
	CHECK(EFAULT, poll_oneoff(in, events, 1, BAD));
	/* More than memory holds, and so many that their size wraps around. */
	CHECK_EITHER(EFAULT, EINVAL, poll_oneoff(in, events, 0x10000, &stored));
	CHECK_EITHER(EFAULT, EINVAL, poll_oneoff(in, events, 0x08000000, &stored));
	CHECK_EITHER(EFAULT, EINVAL, poll_oneoff(in, events, 0xffffffff, &stored));
	in[0].tag = EVENT_WRITE + 1;
	CHECK(EINVAL, poll(in, 1));
	/* As wasmtime has it: a clock that cannot be waited for is wrong use of the call. */
	for (uint32_t id = PROCESS_CPUTIME; id <= THREAD_CPUTIME + 1; id++) {
		in[0] = on_clock(1, id, 0, 0);
		CHECK(EINVAL, poll(in, 1));
	}
}

static void suite(void)
{
	check_clocks();
	check_files();
	check_streams();
	check_empty_stream();
	check_subscriptions();
	check_arguments();
}
