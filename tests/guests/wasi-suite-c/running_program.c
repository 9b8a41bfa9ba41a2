// SPDX-License-Identifier: MIT
/* ETXTBSY: "program" is being run by the host. */
#include "suite.h"

static void suite(void)
{
	fd_t fd = NO_FD;

	CHECK(ETXTBSY, path_open(DIR, 0, P("program"), 0, R_FD_WRITE, 0, 0, &fd));
	CHECK(ETXTBSY, path_open(DIR, 0, P("program"), TRUNC, R_FD_READ, 0, 0, &fd));
	CHECK(SUCCESS, path_open(DIR, 0, P("program"), 0, R_FD_READ, 0, 0, &fd));
}
