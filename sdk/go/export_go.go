// SPDX-License-Identifier: MIT

//go:build wasip1 && !tinygo

package wasmbpf

import "unsafe"

// goCallback is what the host calls for each event of [RingBuffer.PollEach]; see [onEvent].
//
//go:wasmexport go-callback
func goCallback(context, data unsafe.Pointer, size int32) int32 {
	return onEvent(data, size)
}
