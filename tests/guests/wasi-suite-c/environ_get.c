// SPDX-License-Identifier: MIT
/* environ_get, for the variables A=1, EMPTY= and ODD=a=b, in any order. */
#include "suite.h"

static int has(char **environ, uint32_t count, const char *entry)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t n = 0;

		while (entry[n] && environ[i][n] == entry[n])
			n++;
		if (!entry[n] && !environ[i][n])
			return 1;
	}
	return 0;
}

static void suite(void)
{
	static char buf[256];
	char *environ[3] = {0};
	uint32_t count, size;

	MUST(environ_sizes_get(&count, &size));
	if (!EQUAL(3, count))
		return;
	memset(buf, '?', sizeof(buf));
	CHECK(SUCCESS, environ_get(environ, buf));
	TRUE(has(environ, count, "A=1"));
	TRUE(has(environ, count, "EMPTY="));
	TRUE(has(environ, count, "ODD=a=b"));
	EQUAL('?', buf[size]);
	CHECK(SUCCESS, environ_get(environ, (void *)(memory_end() - size)));
	CHECK(EFAULT, environ_get(environ, PAST_END(size)));
	CHECK(EFAULT, environ_get(PAST_END(sizeof(environ)), buf));
	CHECK(EFAULT, environ_get(BAD, buf));
	CHECK(EFAULT, environ_get(environ, BAD));
}
