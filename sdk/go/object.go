// SPDX-License-Identifier: MIT

//go:build wasip1

package wasmbpf

import "io"

// Object is an eBPF object. It may be closed twice, and used from one goroutine at a time.
type Object struct {
	handle uint64
	elf    []byte
}

// Open opens the bytes of an ELF file, which are not to change, without loading it, so that global
// variables can be given their first values. Load it then; until it is loaded or closed it is good for nothing else.
func Open(elf []byte) (*Object, error) {
	handle := objectOpen(start(elf), uint32(len(elf)))
	if handle == 0 {
		return nil, explained("open", "", -lastErrno())
	}
	return &Object{handle, elf}, nil
}

// Load opens and loads the bytes of an ELF file.
func Load(elf []byte) (*Object, error) {
	object, err := Open(elf)
	if err != nil {
		return nil, err
	}
	if err := object.Load(); err != nil {
		object.Close()
		return nil, err
	}
	return object, nil
}

// Load loads the maps and programs of an object that is open. Once.
func (o *Object) Load() error {
	if result := objectLoad(o.handle); result < 0 {
		return explained("load", "", result)
	}
	return nil
}

// Close detaches, frees and unloads.
func (o *Object) Close() {
	closeObject(o.handle)
}

// SetGlobal writes value at offset of a section of global variables: ".rodata", ".data", ".bss", or one
// that the source names ".data.x", ".rodata.x". Before the load it sets what they start with, which the
// verifier counts on for ".rodata"; afterwards what they are, at once. T has no pointers.
//
// Where a variable stands is the compiler's choice: see [SetVariable].
func SetGlobal[T any](o *Object, section string, offset uint32, value *T) error {
	bytes := bytesOf(value)
	result := globalSet(o.handle, cString(section), offset, start(bytes), uint32(len(bytes)))
	if result < 0 {
		return explained("set globals in", section, result)
	}
	return nil
}

// Attach attaches a program where its section name specifies, until the link or the object is
// closed.
func (o *Object) Attach(program string) (*Link, error) {
	return o.AttachTo(program, "")
}

// AttachTo attaches a program to a target in the words of its type: "eth0", "/sys/fs/cgroup/x",
// "/usr/bin/bash:readline", "software:cpu-clock@99"; docs/attach-targets.md has them all.
func (o *Object) AttachTo(program, target string) (*Link, error) {
	token := linkAttach(o.handle, cString(program), cString(target))
	if token < 0 {
		return nil, explained("attach", program, token)
	}
	return &Link{token}, nil
}

// ProgramToken is what represents a program as a value of a program array.
func (o *Object) ProgramToken(program string) (uint32, error) {
	token := programToken(o.handle, cString(program))
	if token < 0 {
		return 0, explained("find program", program, token)
	}
	return uint32(token), nil
}

func (o *Object) findMap(name string) (int32, error) {
	token := mapByName(o.handle, cString(name))
	if token < 0 {
		return 0, explained("find map", name, token)
	}
	return token, nil
}

// Link is an attached program.
type Link struct {
	token int32
}

// Close detaches; the object stays loaded.
func (l *Link) Close() error {
	if result := linkDetach(l.token); result < 0 {
		return newError("detach", "", result)
	}
	return nil
}

// Read reads on in what an iterator program (section "iter/...") prints: an io.Reader whose end is
// io.EOF, after which a new pass begins.
func (l *Link) Read(bytes []byte) (int, error) {
	count := iterRead(l.token, start(bytes), int32(len(bytes)))
	if count < 0 {
		return 0, newError("read", "", count)
	}
	if count == 0 && len(bytes) > 0 {
		return 0, io.EOF
	}
	return int(count), nil
}
