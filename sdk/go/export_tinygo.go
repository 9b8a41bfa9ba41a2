// SPDX-License-Identifier: MIT

//go:build tinygo

package wasmbpf

import "unsafe"

// goCallback is what the host calls for each event of [RingBuffer.PollEach]. TinyGo exports by another
// word than Go, and every release of it knows this one.
//
//export go-callback
func goCallback(context, data unsafe.Pointer, size int32) int32 {
	return onEvent(data, size)
}
