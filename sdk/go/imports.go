// SPDX-License-Identifier: MIT

//go:build wasip1

package wasmbpf

import "unsafe"

// The imports as docs/guest-abi.md has them.

//go:wasmimport wasm_bpf wasm_close_bpf_object
func closeObject(object uint64) int32

//go:wasmimport wasm_bpf wasm_bpf_map_fd_by_name
func mapByName(object uint64, name unsafe.Pointer) int32

//go:wasmimport wasm_bpf wasm_bpf_map_operate
func mapOperate(token, command int32, key, value, nextKey unsafe.Pointer, flags uint64) int32

//go:wasmimport callback-wrapper wasm_bpf_buffer_poll
func bufferPoll(object uint64, token int32, context, data unsafe.Pointer, size, timeoutMs int32) int32

//go:wasmimport wasm_bpf_ext buffer_read
func bufferRead(object uint64, token int32, buffer unsafe.Pointer, size, timeoutMs int32) int32

//go:wasmimport wasm_bpf_ext interrupt_page
func showInterrupt(page unsafe.Pointer) int32

//go:wasmimport wasm_bpf_ext buffer_stats
func bufferStats(object uint64, token int32, out unsafe.Pointer) int32

//go:wasmimport wasm_bpf_ext user_ring_submit
func userRingSubmit(object uint64, token int32, data unsafe.Pointer, size, timeoutMs int32) int32

//go:wasmimport wasm_bpf_ext object_open
func objectOpen(bytes unsafe.Pointer, size uint32) uint64

//go:wasmimport wasm_bpf_ext object_load
func objectLoad(object uint64) int32

//go:wasmimport wasm_bpf_ext global_set
func globalSet(object uint64, section unsafe.Pointer, offset uint32, data unsafe.Pointer, size uint32) int32

//go:wasmimport wasm_bpf_ext link_attach
func linkAttach(object uint64, program, target unsafe.Pointer) int32

//go:wasmimport wasm_bpf_ext link_detach
func linkDetach(link int32) int32

//go:wasmimport wasm_bpf_ext iter_read
func iterRead(link int32, buffer unsafe.Pointer, size int32) int32

//go:wasmimport wasm_bpf_ext map_info
func mapInfo(token int32, out unsafe.Pointer) int32

//go:wasmimport wasm_bpf_ext map_batch
func mapBatch(token, command int32, inBatch, outBatch, keys, values, count unsafe.Pointer, flags uint64) int32

//go:wasmimport wasm_bpf_ext map_lookup_and_delete
func mapLookupAndDelete(token int32, key, value unsafe.Pointer, flags uint64) int32

//go:wasmimport wasm_bpf_ext program_token
func programToken(object uint64, name unsafe.Pointer) int32

//go:wasmimport wasm_bpf_ext last_errno
func lastErrno() int32

//go:wasmimport wasm_bpf_ext last_error
func lastError(text unsafe.Pointer, size int32) int32

//go:wasmimport wasm_bpf_ext records_open
func recordsOpen(name, schema, object unsafe.Pointer, size int32, flags uint32) int32

//go:wasmimport wasm_bpf_ext records_write
func recordsWrite(id int32, records unsafe.Pointer, size int32) int32

//go:wasmimport wasm_bpf_ext records_flush
func recordsFlush(id int32) int32

//go:wasmimport wasm_bpf_ext host_pid
func hostPid() int32

//go:wasmimport wasm_bpf_ext local_offset
func localOffset(seconds int64) int32
