// SPDX-License-Identifier: MIT

//go:build wasip1

package wasmbpf

import (
	"bytes"
	"debug/elf"
	"fmt"
	"syscall"
	"unsafe"
)

// symbols reads the symbol table in the object's file, which has the places of its variables and
// programs.
func (o *Object) symbols() (*elf.File, []elf.Symbol, error) {
	file, err := elf.NewFile(bytes.NewReader(o.elf))
	if err != nil {
		return nil, nil, err
	}
	symbols, err := file.Symbols()
	return file, symbols, err
}

// section is the name of the section that a symbol is in.
func section(file *elf.File, symbol elf.Symbol) string {
	if int(symbol.Section) < len(file.Sections) {
		return file.Sections[symbol.Section].Name
	}
	return ""
}

func (o *Object) findVariable(name string, size uintptr) (string, uint32, error) {
	file, symbols, err := o.symbols()
	if err != nil {
		return "", 0, err
	}
	for _, symbol := range symbols {
		if symbol.Name != name || elf.ST_TYPE(symbol.Info) != elf.STT_OBJECT {
			continue
		}
		if symbol.Size != uint64(size) {
			return "", 0, fmt.Errorf("wasmbpf: variable %q has %d bytes, not %d", name, symbol.Size, size)
		}
		return section(file, symbol), uint32(symbol.Value), nil
	}
	return "", 0, &Error{Op: "find variable", Name: name, Errno: syscall.ENOENT}
}

// SetVariable sets a global variable by its name: before the load what it starts with, which the verifier
// counts on for one that is const volatile; afterwards what it is, at once. T has no pointers, and the
// variable's size.
func SetVariable[T any](o *Object, name string, value *T) error {
	section, offset, err := o.findVariable(name, unsafe.Sizeof(*value))
	if err != nil {
		return err
	}
	return SetGlobal(o, section, offset, value)
}

// Variable gives what a global variable of a loaded object is now, by its name.
func Variable[T any](o *Object, name string) (value T, err error) {
	section, offset, err := o.findVariable(name, unsafe.Sizeof(value))
	if err != nil {
		return value, err
	}
	token, err := o.findMap(section)
	if err != nil {
		return value, err
	}
	var info MapInfo
	if result := mapInfo(token, unsafe.Pointer(&info)); result < 0 {
		return value, newError("ask for map", section, result)
	}
	values, key := make([]byte, info.ValueSize), uint32(0)
	result := mapOperate(token, cmdLookup, unsafe.Pointer(&key), start(values), nil, 0)
	if result < 0 {
		return value, newError("read", section, result)
	}
	if int(offset) < len(values) {
		copy(bytesOf(&value), values[offset:])
	}
	return value, nil
}

// AttachAll attaches every program where its section name specifies, or none when one attach fails.
func (o *Object) AttachAll() ([]*Link, error) {
	file, symbols, err := o.symbols()
	if err != nil {
		return nil, err
	}
	var links []*Link
	for _, symbol := range symbols {
		isFunction := elf.ST_TYPE(symbol.Info) == elf.STT_FUNC && elf.ST_BIND(symbol.Info) == elf.STB_GLOBAL
		// Functions of .text are called by others.
		if !isFunction || section(file, symbol) == ".text" {
			continue
		}
		link, err := o.Attach(symbol.Name)
		if err != nil {
			for _, link := range links {
				link.Close()
			}
			return nil, err
		}
		links = append(links, link)
	}
	return links, nil
}
