// SPDX-License-Identifier: MIT
/* Audit: digest of a module, and one datagram to the machine's log. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"

/* ---- SHA-256 (FIPS 180-4): Deno's own takes longer to load than a start has ---------------------
 */

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, int bits)
{
	return word >> bits | word << (32 - bits);
}

static void add_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t schedule[64], work[8];

	for (int i = 0; i < 16; i++)
		schedule[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
			      (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++) {
		const uint32_t early = schedule[i - 15], late = schedule[i - 2];

		schedule[i] = schedule[i - 16] + schedule[i - 7] +
			      (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) +
			      (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
	}
	memcpy(work, state, sizeof(work));
	for (int i = 0; i < 64; i++) {
		const uint32_t a = work[0], e = work[4];
		const uint32_t one = work[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
				     ((e & work[5]) ^ (~e & work[6])) + constants[i] + schedule[i];
		const uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
				     ((a & work[1]) ^ (a & work[2]) ^ (work[1] & work[2]));

		memmove(work + 1, work, 7 * sizeof(work[0]));
		work[4] += one;
		work[0] = one + two;
	}
	for (int i = 0; i < 8; i++)
		state[i] += work[i];
}

int32_t shim_audit__digest(const void *bytes, uint32_t size, void *out)
{
	uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	const uint8_t *at = bytes;
	const uint64_t bits = (uint64_t)size * 8;
	uint8_t last[128] = {0};
	uint32_t left = size, end;

	for (; left >= 64; left -= 64, at += 64)
		add_block(state, at);
	if (left)
		memcpy(last, at, left);
	last[left] = 0x80;
	end = left < 56 ? 64 : 128;
	for (int i = 0; i < 8; i++)
		last[end - 1 - (uint32_t)i] = (uint8_t)(bits >> 8 * i);
	for (uint32_t done = 0; done < end; done += 64)
		add_block(state, last + done);
	for (int i = 0; i < 32; i++)
		((uint8_t *)out)[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
	return 0;
}

/* ---- the log ----------------------------------------------------------------------------------
 */

int32_t shim_audit__send(const char *path, const char *line)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, err = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* A log that is full or slow delays no run. */
	if (sendto(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)&address, sizeof(address)) < 0)
		err = -errno;
	close(fd);
	return err;
}
