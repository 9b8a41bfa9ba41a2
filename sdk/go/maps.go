// SPDX-License-Identifier: MIT

//go:build wasip1

package wasmbpf

import (
	"fmt"
	"iter"
	"reflect"
	"unsafe"
)

// Commands of mapOperate and mapBatch: the numbers of enum bpf_cmd.
const (
	cmdLookup               = 1
	cmdUpdate               = 2
	cmdDelete               = 3
	cmdGetNextKey           = 4
	cmdLookupBatch          = 24
	cmdLookupAndDeleteBatch = 25
	cmdUpdateBatch          = 26
	cmdDeleteBatch          = 27
)

// UpdateFlags decide when an update may happen.
type UpdateFlags uint64

const (
	// UpdateAny sets the element whether it is there or not: BPF_ANY.
	UpdateAny UpdateFlags = iota
	// UpdateNoExist sets it only when it is not there: BPF_NOEXIST; fs.ErrExist otherwise.
	UpdateNoExist
	// UpdateExist sets it only when it is there: BPF_EXIST; fs.ErrNotExist otherwise.
	UpdateExist
)

// MapInfo describes a map, as the kernel has it.
type MapInfo struct {
	// Type is an enum bpf_map_type.
	Type uint32
	// KeySize is in bytes; 0 for maps without keys.
	KeySize uint32
	// ValueSize is what one lookup gives: all CPUs' values together for a per-CPU map.
	ValueSize uint32
	// MaxEntries is the most elements it can have.
	MaxEntries uint32
	// CPUs is how many values an element has: 1, or the machine's possible CPUs.
	CPUs uint32
	_    uint32
}

// bytesOf are the bytes of a value, in place.
func bytesOf[T any](value *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(value)), unsafe.Sizeof(*value))
}

// checkPlain refuses types whose bytes mean nothing to the other half.
func checkPlain(t reflect.Type) error {
	switch t.Kind() {
	case reflect.Array:
		return checkPlain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if err := checkPlain(t.Field(i).Type); err != nil {
				return err
			}
		}
		return nil
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	}
	return fmt.Errorf("wasmbpf: %v has no fixed layout: use integers of fixed size", t)
}

// table is what all kinds of maps are.
type table struct {
	name  string
	token int32
	info  MapInfo
}

// openTable finds a map and compares the sizes of what it holds; key is nil for maps without.
func openTable(object *Object, name string, key, value reflect.Type, perCPU bool) (table, error) {
	token, err := object.findMap(name)
	if err != nil {
		return table{}, err
	}
	t := table{name: name, token: token}
	if result := mapInfo(token, unsafe.Pointer(&t.info)); result < 0 {
		return table{}, newError("ask for map", name, result)
	}
	keySize, valueSize := uint32(0), uint32(value.Size())
	if key != nil {
		keySize = uint32(key.Size())
		if err := checkPlain(key); err != nil {
			return table{}, err
		}
	}
	if err := checkPlain(value); err != nil {
		return table{}, err
	}
	if perCPU {
		valueSize = (valueSize + 7) &^ 7 * t.info.CPUs
	}
	if keySize != t.info.KeySize || valueSize != t.info.ValueSize {
		return table{}, fmt.Errorf("wasmbpf: map %q has keys of %d and values of %d bytes, not %d and %d",
			name, t.info.KeySize, t.info.ValueSize, keySize, valueSize)
	}
	return t, nil
}

// Info returns the kernel's description of the map.
func (t *table) Info() MapInfo { return t.info }

func (t *table) failed(op string, result int32) error {
	if result >= 0 {
		return nil
	}
	return newError(op, t.name, result)
}

// found distinguishes "not there" from other errors.
func (t *table) found(op string, result int32) (bool, error) {
	if result == linuxENOENT {
		return false, nil
	}
	return result >= 0, t.failed(op, result)
}

// collect reads all elements by batches: false where the type has none.
func (t *table) collect(take bool) (keys, values []byte, ok bool, err error) {
	command := int32(cmdLookupBatch)
	if take {
		command = cmdLookupAndDeleteBatch
	}
	keySize, valueSize := int(t.info.KeySize), int(t.info.ValueSize)
	// Where it goes on: as large as a key, at least 4.
	place := make([]byte, max(keySize, 4))
	var from unsafe.Pointer
	for room := min(256, 1<<20/max(valueSize, 1)+1); ; {
		keyAt, valueAt := len(keys), len(values)
		keys = append(keys, make([]byte, room*keySize)...)
		values = append(values, make([]byte, room*valueSize)...)
		count := uint32(room)
		result := mapBatch(t.token, command, from, start(place), start(keys[keyAt:]),
			start(values[valueAt:]), unsafe.Pointer(&count), 0)
		if result == linuxENOSPC {
			// A bucket of the hash holds more: nothing was taken.
			count, room = 0, room*2
		}
		keys, values = keys[:keyAt+int(count)*keySize], values[:valueAt+int(count)*valueSize]
		switch {
		case result == linuxENOENT:
			return keys, values, true, nil
		case result == linuxENOSPC:
		case from == nil && (result == linuxEOPNOTSUPP || result == linuxEINVAL):
			return nil, nil, false, nil
		case result < 0:
			return nil, nil, false, t.failed("read map", result)
		default:
			from = start(place)
		}
	}
}

// nextKey writes the key after one, or the first, to next.
func (t *table) nextKey(key, next unsafe.Pointer) (bool, error) {
	return t.found("iterate map", mapOperate(t.token, cmdGetNextKey, key, nil, next, 0))
}

// Map is a map with keys K and values V: a hash, an array, an LRU hash, a trie and their like. K and V
// have a fixed layout: integers of fixed size, arrays and structs of them.
//
// Elements change at any time, since programs run meanwhile: each call sees one moment.
type Map[K, V any] struct {
	table
}

// FindMap finds a map of a loaded object. It fails when K and V do not have the map's sizes.
func FindMap[K, V any](object *Object, name string) (*Map[K, V], error) {
	t, err := openTable(object, name, reflect.TypeFor[K](), reflect.TypeFor[V](), false)
	if err != nil {
		return nil, err
	}
	return &Map[K, V]{t}, nil
}

// Lookup gives the value of an element, and whether it is there.
func (m *Map[K, V]) Lookup(key K) (value V, found bool, err error) {
	result := mapOperate(m.token, cmdLookup, unsafe.Pointer(&key), unsafe.Pointer(&value), nil, 0)
	found, err = m.found("look up in map", result)
	return
}

// Update sets the value of an element.
func (m *Map[K, V]) Update(key K, value V) error {
	return m.UpdateIf(key, value, UpdateAny)
}

// UpdateIf sets the value of an element that exists, or does not, as flags require.
func (m *Map[K, V]) UpdateIf(key K, value V, flags UpdateFlags) error {
	return m.failed("update map",
		mapOperate(m.token, cmdUpdate, unsafe.Pointer(&key), unsafe.Pointer(&value), nil, uint64(flags)))
}

// Delete deletes an element, and reports whether it was there.
func (m *Map[K, V]) Delete(key K) (bool, error) {
	return m.found("delete from map", mapOperate(m.token, cmdDelete, unsafe.Pointer(&key), nil, nil, 0))
}

// Take deletes an element and gives its value, in one step (hashes: Linux 5.14).
func (m *Map[K, V]) Take(key K) (value V, found bool, err error) {
	result := mapLookupAndDelete(m.token, unsafe.Pointer(&key), unsafe.Pointer(&value), 0)
	found, err = m.found("take from map", result)
	return
}

// Entry is an element of a map.
type Entry[K, V any] struct {
	Key   K
	Value V
}

// Entries reads all elements, some hundreds a system call where the map's type has that (Linux 5.6).
// Those that come or go meanwhile may be there or not; none comes twice, but from maps without batches.
func (m *Map[K, V]) Entries() ([]Entry[K, V], error) { return m.entries(false) }

// Drain takes all elements out, each with the value it had at its end. Hashes only.
func (m *Map[K, V]) Drain() ([]Entry[K, V], error) { return m.entries(true) }

// All ranges over the elements as Entries reads them, and stops at an error, which Entries returns.
func (m *Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		entries, _ := m.Entries()
		for _, entry := range entries {
			if !yield(entry.Key, entry.Value) {
				return
			}
		}
	}
}

func (m *Map[K, V]) entries(take bool) ([]Entry[K, V], error) {
	keys, values, ok, err := m.collect(take)
	if err != nil {
		return nil, err
	}
	if !ok {
		return m.walk(take)
	}
	entries := make([]Entry[K, V], len(keys)/max(int(m.info.KeySize), 1))
	for i := range entries {
		copy(bytesOf(&entries[i].Key), keys[i*int(m.info.KeySize):])
		copy(bytesOf(&entries[i].Value), values[i*int(m.info.ValueSize):])
	}
	return entries, nil
}

// walk goes from key to key, for types without batches.
func (m *Map[K, V]) walk(take bool) (entries []Entry[K, V], err error) {
	var at unsafe.Pointer
	// Bounds the walk: when elements are deleted meanwhile, it can start over without end.
	for range m.info.MaxEntries {
		next := new(K)
		if found, err := m.nextKey(at, unsafe.Pointer(next)); !found || err != nil {
			return entries, err
		}
		value, found, err := m.Lookup(*next)
		if take {
			value, found, err = m.Take(*next)
		} else {
			at = unsafe.Pointer(next)
		}
		if err != nil {
			return entries, err
		}
		if found {
			entries = append(entries, Entry[K, V]{*next, value})
		}
	}
	return entries, nil
}

// UpdateAll sets many elements with one system call (Linux 5.6), or one after another. It stops at the
// first that cannot be set; those before it are.
func (m *Map[K, V]) UpdateAll(entries []Entry[K, V]) error {
	var keys, values []byte
	for i := range entries {
		keys = append(keys, bytesOf(&entries[i].Key)...)
		values = append(values, bytesOf(&entries[i].Value)...)
	}
	count := uint32(len(entries))
	result := mapBatch(m.token, cmdUpdateBatch, nil, nil, start(keys), start(values), unsafe.Pointer(&count), 0)
	if result != linuxEOPNOTSUPP {
		return m.failed("update map", result)
	}
	for _, entry := range entries {
		if err := m.Update(entry.Key, entry.Value); err != nil {
			return err
		}
	}
	return nil
}

// DeleteAll deletes many elements with one system call (Linux 5.6); fs.ErrNotExist at the first that is
// not there.
func (m *Map[K, V]) DeleteAll(keys []K) error {
	count := uint32(len(keys))
	return m.failed("delete from map", mapBatch(m.token, cmdDeleteBatch, nil, nil,
		unsafe.Pointer(unsafe.SliceData(keys)), nil, unsafe.Pointer(&count), 0))
}

// PerCPUMap is a map that keeps a value for each CPU: programs count without getting into each other's
// way.
type PerCPUMap[K, V any] struct {
	table
}

// FindPerCPUMap finds a per-CPU map of a loaded object.
func FindPerCPUMap[K, V any](object *Object, name string) (*PerCPUMap[K, V], error) {
	t, err := openTable(object, name, reflect.TypeFor[K](), reflect.TypeFor[V](), true)
	if err != nil {
		return nil, err
	}
	return &PerCPUMap[K, V]{t}, nil
}

// split takes the values apart; the kernel's step is a multiple of 8.
func (m *PerCPUMap[K, V]) split(bytes []byte) []V {
	values := make([]V, m.info.CPUs)
	step := len(bytes) / max(len(values), 1)
	for i := range values {
		copy(bytesOf(&values[i]), bytes[i*step:])
	}
	return values
}

// Lookup gives each CPU's value of an element, by CPU; nil when it is not there.
func (m *PerCPUMap[K, V]) Lookup(key K) ([]V, error) {
	bytes := make([]byte, m.info.ValueSize)
	result := mapOperate(m.token, cmdLookup, unsafe.Pointer(&key), start(bytes), nil, 0)
	if found, err := m.found("look up in map", result); !found || err != nil {
		return nil, err
	}
	return m.split(bytes), nil
}

// Update sets each CPU's value of an element; CPUs that have none in values get zeros.
func (m *PerCPUMap[K, V]) Update(key K, values []V) error {
	bytes := make([]byte, m.info.ValueSize)
	step := len(bytes) / max(int(m.info.CPUs), 1)
	for i := range min(len(values), int(m.info.CPUs)) {
		copy(bytes[i*step:], bytesOf(&values[i]))
	}
	return m.failed("update map", mapOperate(m.token, cmdUpdate, unsafe.Pointer(&key), start(bytes), nil, 0))
}

// Delete deletes an element, and reports whether it was there.
func (m *PerCPUMap[K, V]) Delete(key K) (bool, error) {
	return m.found("delete from map", mapOperate(m.token, cmdDelete, unsafe.Pointer(&key), nil, nil, 0))
}

// Entries reads all elements, each with every CPU's value, as [Map.Entries] does.
func (m *PerCPUMap[K, V]) Entries() ([]Entry[K, []V], error) {
	keys, values, ok, err := m.collect(false)
	if err != nil {
		return nil, err
	}
	var entries []Entry[K, []V]
	if ok {
		for i := range len(keys) / max(int(m.info.KeySize), 1) {
			entry := Entry[K, []V]{Value: m.split(values[i*int(m.info.ValueSize) : (i+1)*int(m.info.ValueSize)])}
			copy(bytesOf(&entry.Key), keys[i*int(m.info.KeySize):])
			entries = append(entries, entry)
		}
		return entries, nil
	}
	var at unsafe.Pointer
	for range m.info.MaxEntries {
		next := new(K)
		if found, err := m.nextKey(at, unsafe.Pointer(next)); !found || err != nil {
			return entries, err
		}
		values, err := m.Lookup(*next)
		if err != nil {
			return entries, err
		}
		if values != nil {
			entries = append(entries, Entry[K, []V]{*next, values})
		}
		at = unsafe.Pointer(next)
	}
	return entries, nil
}

// Queue is a queue (first in, first out) or a stack (last in, first out).
type Queue[V any] struct {
	table
}

// FindQueue finds a queue or a stack of a loaded object.
func FindQueue[V any](object *Object, name string) (*Queue[V], error) {
	t, err := openTable(object, name, nil, reflect.TypeFor[V](), false)
	if err != nil {
		return nil, err
	}
	return &Queue[V]{t}, nil
}

// Push adds a value; with UpdateExist the oldest makes room for it.
func (q *Queue[V]) Push(value V, flags UpdateFlags) error {
	return q.failed("push to", mapOperate(q.token, cmdUpdate, nil, unsafe.Pointer(&value), nil, uint64(flags)))
}

// Peek gives the next value, which stays.
func (q *Queue[V]) Peek() (value V, found bool, err error) {
	found, err = q.found("peek at", mapOperate(q.token, cmdLookup, nil, unsafe.Pointer(&value), nil, 0))
	return
}

// Pop takes the next value.
func (q *Queue[V]) Pop() (value V, found bool, err error) {
	found, err = q.found("pop from", mapLookupAndDelete(q.token, nil, unsafe.Pointer(&value), 0))
	return
}
