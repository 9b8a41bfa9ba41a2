// SPDX-License-Identifier: MIT
/* The environment of this process, for guests that it is granted to. */
#include <string.h>
#include <unistd.h>

#include "files.h"

int32_t shim_grant__environment(void *buf, uint32_t size)
{
	size_t total = 0;

	for (char **entry = environ; entry && *entry; entry++) {
		size_t length = strlen(*entry) + 1;

		if (total + length <= size)
			memcpy((char *)buf + total, *entry, length);
		total += length;
	}
	return total > INT32_MAX ? INT32_MAX : (int32_t)total;
}
