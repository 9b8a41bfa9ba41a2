// SPDX-License-Identifier: MIT

// Package wasmbpf drives eBPF from a WebAssembly guest of wasm-bpf, built with GOOS=wasip1 GOARCH=wasm.
//
// A guest embeds a compiled eBPF object, loads it, attaches its programs and talks to its maps:
//
//	//go:embed tool.bpf.o
//	var tool []byte
//
//	func run() error {
//		object, err := wasmbpf.Load(tool)
//		if err != nil {
//			return err
//		}
//		defer object.Close()
//		if _, err := object.Attach("on_exec"); err != nil {
//			return err
//		}
//		events, err := object.RingBuffer("rb")
//		if err != nil {
//			return err
//		}
//		for {
//			_, err := events.Poll(time.Second, func(event wasmbpf.Event) {
//				fmt.Println(event.Bytes)
//			})
//			if errors.Is(err, wasmbpf.ErrInterrupted) {
//				return nil
//			}
//			if err != nil {
//				return err
//			}
//		}
//	}
//
// # Lifetime
//
// An [Object] owns everything: closing it detaches and unloads, and its maps, links and buffers give
// errors from then on. The end of the guest, however it comes, ends everything.
//
// # Errors
//
// Every error is an [*Error] that holds a syscall.Errno: errors.Is(err, fs.ErrNotExist) when there is no
// such element or name, errors.Is(err, [ErrInterrupted]) when the guest is asked to end (Ctrl-C, a
// time-out), once: it should finish then. Why a load or an attach failed is in the error's text, with
// the verifier's last lines.
//
// # Types of both halves
//
// A key, a value or an event is a type of fixed size without pointers, laid out as the eBPF half has it:
// `wasm-bpf gen go` writes such types from the object. Avoid int, uint and bool.
package wasmbpf
