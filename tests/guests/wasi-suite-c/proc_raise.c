// SPDX-License-Identifier: MIT
/* proc_raise: no host that WASI knows does it, and none may pretend to. */
#include "suite.h"

static void suite(void)
{
	for (uint32_t signal = 0; signal <= 31; signal++)
		CHECK_EITHER(ENOSYS, ENOTSUP, proc_raise(signal));
	CHECK_EITHER(ENOSYS, ENOTSUP, proc_raise(255));
}
