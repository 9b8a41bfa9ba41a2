// SPDX-License-Identifier: MIT

// The example in Go of docs/guest-abi.md, as it stands there; tests/abi/guest_abi_test.ts compares. Nothing is
// loaded, so the poll is refused.
package main

import (
	"fmt"
	"unsafe"
)

//go:wasmimport callback-wrapper wasm_bpf_buffer_poll
func poll(obj uint64, fd int32, ctx, data unsafe.Pointer, size, timeoutMs int32) int32

//go:wasmexport go-callback
func onEvent(ctx, data unsafe.Pointer, size int32) int32 { return 0 }

func main() {
	var buf [64]byte
	fmt.Println("poll", poll(1, 1, nil, unsafe.Pointer(&buf[0]), int32(len(buf)), 0))
}
