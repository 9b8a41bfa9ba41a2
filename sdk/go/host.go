// SPDX-License-Identifier: MIT

//go:build wasip1

package wasmbpf

import "time"

// HostPID returns the PID of the process that runs the guest, for tools that leave themselves out.
func HostPID() int { return int(hostPid()) }

// Local returns the moment in the host's time zone, which WASI does not have.
func Local(moment time.Time) time.Time {
	return moment.In(time.FixedZone("local", int(localOffset(moment.Unix()))))
}
