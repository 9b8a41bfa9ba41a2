// SPDX-License-Identifier: MIT

//go:build wasip1

package wasmbpf

import (
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// ErrInterrupted is what waiting ends with when the guest is asked to end.
const ErrInterrupted = syscall.EINTR

// Error is the error of a failed call.
type Error struct {
	// Op is the operation that failed, such as "attach".
	Op string
	// Name is the program's, map's or section's; or empty.
	Name string
	// Errno is the kernel's error, by the number that this target has for it.
	Errno syscall.Errno
	// Text is the host's explanation: operation and reason in the first line, then a hint, then
	// the verifier's log, where there are any. It may be empty.
	Text string
}

func (e *Error) Error() string {
	if e.Text != "" {
		return e.Text
	}
	words := []string{"wasmbpf:", e.Op}
	if e.Name != "" {
		words = append(words, strconv.Quote(e.Name))
	}
	return strings.Join(words, " ") + ": " + e.Errno.Error()
}

// Unwrap lets errors.Is compare the number.
func (e *Error) Unwrap() error { return e.Errno }

// errnos maps Linux's error numbers to this target's, for the results of eBPF calls.
var errnos = map[int32]syscall.Errno{
	1: syscall.EPERM, 2: syscall.ENOENT, 3: syscall.ESRCH, 4: syscall.EINTR, 5: syscall.EIO,
	6: syscall.ENXIO, 7: syscall.E2BIG, 8: syscall.ENOEXEC, 9: syscall.EBADF, 11: syscall.EAGAIN,
	12: syscall.ENOMEM, 13: syscall.EACCES, 14: syscall.EFAULT, 16: syscall.EBUSY,
	17: syscall.EEXIST, 19: syscall.ENODEV, 20: syscall.ENOTDIR, 21: syscall.EISDIR,
	22: syscall.EINVAL, 23: syscall.ENFILE, 24: syscall.EMFILE, 27: syscall.EFBIG,
	28: syscall.ENOSPC, 30: syscall.EROFS, 32: syscall.EPIPE, 34: syscall.ERANGE,
	36: syscall.ENAMETOOLONG, 38: syscall.ENOSYS, 75: syscall.EOVERFLOW, 95: syscall.ENOTSUP,
	110: syscall.ETIMEDOUT, 114: syscall.EALREADY, 116: syscall.ESTALE,
}

// Linux's numbers of errors that this package handles.
const (
	linuxENOENT     = -2
	linuxEINVAL     = -22
	linuxENOSPC     = -28
	linuxEOPNOTSUPP = -95
)

func newError(op, name string, result int32) *Error {
	errno, known := errnos[-result]
	if !known {
		return &Error{op, name, syscall.EIO, "wasmbpf: " + op + ": Linux error " + strconv.Itoa(int(-result))}
	}
	return &Error{Op: op, Name: name, Errno: errno}
}

// explained is the error of a call whose failures the host explains.
func explained(op, name string, result int32) *Error {
	e := newError(op, name, result)
	e.Text = LastError()
	return e
}

// LastError is the text of the last failure that has one; empty when nothing has failed.
func LastError() string {
	text := make([]byte, lastError(nil, 0)+1)
	lastError(unsafe.Pointer(&text[0]), int32(len(text)))
	return string(text[:len(text)-1])
}

// cString is a string as the host takes it. A name ends at a NUL, as in C.
func cString(text string) unsafe.Pointer {
	bytes := append([]byte(text), 0)
	return unsafe.Pointer(&bytes[0])
}

func start(bytes []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(bytes)) }
