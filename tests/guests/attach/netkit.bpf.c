// SPDX-License-Identifier: MIT
/* Programs of a pair of netkit interfaces: each counts what its end sends. */
#include "count.h"

#define NETKIT_NEXT (-1)

COUNTER("netkit/primary", netkit_primary, NETKIT_NEXT)
COUNTER("netkit/peer", netkit_peer, NETKIT_NEXT)
