// SPDX-License-Identifier: MIT

// The Go example of docs/guest-abi.md, unchanged; tests/abi/guest_abi_test.ts compares them. No
// object is loaded, so the poll fails.
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
