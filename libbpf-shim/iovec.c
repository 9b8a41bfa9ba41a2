// SPDX-License-Identifier: MIT
#include <string.h>

#include "iovec.h"

struct guest_iovec {
	uint32_t offset;
	uint32_t size;
};

int iovec_gather(const struct shim_memory *memory, uint32_t iovs, uint32_t count, uint64_t limit,
		 struct iovec *iov)
{
	const uint8_t *list = shim_memory_at(memory, iovs, (uint64_t)count * 8);
	int used = 0;

	if (!list)
		return -EFAULT;
	for (uint32_t i = 0; i < count && used < IOV_BATCH && limit; i++) {
		struct guest_iovec guest;

		memcpy(&guest, list + (size_t)i * 8, sizeof(guest));
		/* A batch of these first would move nothing: to a guest that has more, an error. */
		if (!guest.size)
			continue;
		iov[used].iov_base = shim_memory_at(memory, guest.offset, guest.size);
		if (!iov[used].iov_base)
			return -EFAULT;
		iov[used++].iov_len = guest.size < limit ? guest.size : limit;
		limit -= guest.size < limit ? guest.size : limit;
	}
	return used;
}

int32_t iovec_result(ssize_t result, void *out)
{
	uint32_t total = (uint32_t)result;

	if (result < 0)
		return -errno;
	memcpy(out, &total, sizeof(total));
	return 0;
}
