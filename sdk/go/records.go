// SPDX-License-Identifier: MIT

//go:build wasip1

package wasmbpf

import (
	"reflect"
	"runtime"
	"unsafe"
)

// recordsTable is the flag for rows of an interval.
const recordsTable = 1

// Records is a source of typed records, which the host shows as its user requests.
type Records struct{ id int32 }

// OpenRecords starts a source of events whose members are C text, with formats after @:
// "u64 ts @time; u32 pid; char comm[16]". It returns nil without an error if the user requested no
// records: the guest prints by itself then.
func OpenRecords(name, members string) (*Records, error) {
	return openRecords(name, members, nil, 0)
}

// OpenTable starts a source of rows, which Flush shows.
func OpenTable(name, members string) (*Records, error) {
	return openRecords(name, members, nil, recordsTable)
}

// OpenRecordsFor starts a source of events of a struct type, whose tags have names and formats:
//
//	type Opened struct {
//		TimeNs uint64   `record:"ts @time"`
//		Pid    uint32
//		Comm   [16]byte `record:"@str"`
//	}
//
// Without a name, a field is in lower case with underscores: time_ns. Fields are fixed-size numbers,
// bools, and arrays and structs of them; of blank fields, only the room counts.
func OpenRecordsFor[T any](name string) (*Records, error) {
	return openFor[T](name, 0)
}

// OpenTableFor starts a source of rows of a struct type, as [OpenRecordsFor] does.
func OpenTableFor[T any](name string) (*Records, error) {
	return openFor[T](name, recordsTable)
}

func openFor[T any](name string, flags uint32) (*Records, error) {
	members, err := membersOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return openRecords(name, members, nil, flags)
}

// OpenRecordsOf starts a source of events of a struct in an eBPF object's BTF.
func OpenRecordsOf(name string, object []byte, structure string) (*Records, error) {
	return openRecords(name, structure, object, 0)
}

func openRecords(name, schema string, object []byte, flags uint32) (*Records, error) {
	title, text := append([]byte(name), 0), append([]byte(schema), 0)
	id := recordsOpen(unsafe.Pointer(&title[0]), unsafe.Pointer(&text[0]),
		unsafe.Pointer(unsafe.SliceData(object)), int32(len(object)), flags)
	runtime.KeepAlive(object)
	if id < 0 {
		return nil, explained("open records", name, id)
	}
	if id == 0 {
		return nil, nil
	}
	return &Records{id}, nil
}

// WriteRecords hands over records of a type without pointers or padding.
func WriteRecords[T any](records *Records, values []T) error {
	if len(values) == 0 {
		return nil
	}
	size := int(unsafe.Sizeof(values[0])) * len(values)
	result := recordsWrite(records.id, unsafe.Pointer(&values[0]), int32(size))
	runtime.KeepAlive(values)
	if result < 0 {
		return newError("write records", "", result)
	}
	return nil
}

// Flush ends an interval: rows of a table, and events that are aggregated, are shown.
func (r *Records) Flush() error {
	if result := recordsFlush(r.id); result < 0 {
		return newError("flush records", "", result)
	}
	return nil
}
