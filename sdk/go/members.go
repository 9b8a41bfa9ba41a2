// SPDX-License-Identifier: MIT

//go:build wasip1

package wasmbpf

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// membersOf returns a struct's fields as members of C, which have the same layout.
func membersOf(structure reflect.Type) (string, error) {
	if structure.Kind() != reflect.Struct {
		return "", fmt.Errorf("cannot emit records of %s: not a struct", structure)
	}
	var text strings.Builder
	for i := 0; i < structure.NumField(); i++ {
		field := structure.Field(i)
		name, marks := splitTag(field.Tag.Get("record"))
		if field.Name == "_" {
			name = fmt.Sprintf("__blank%d", i)
		} else if name == "" {
			name = underscored(field.Name)
		}
		if err := writeMember(&text, field.Type, name); err != nil {
			return "", fmt.Errorf("cannot emit records of %s: field %s: %w", structure, field.Name, err)
		}
		if marks != "" {
			text.WriteString(" " + marks)
		}
		text.WriteString("; ")
	}
	return text.String(), nil
}

// writeMember writes "u32 name[2]", or "struct { … } name".
func writeMember(text *strings.Builder, member reflect.Type, name string) error {
	lengths := ""
	for member.Kind() == reflect.Array {
		lengths += fmt.Sprintf("[%d]", member.Len())
		member = member.Elem()
	}
	if member.Kind() == reflect.Struct {
		if lengths != "" {
			return fmt.Errorf("arrays of structs are not members of records")
		}
		inner, err := membersOf(member)
		if err != nil {
			return err
		}
		text.WriteString("struct { " + inner + "} " + name)
		return nil
	}
	kind, known := memberTypes[member.Kind()]
	if !known {
		return fmt.Errorf("a %s has no fixed size", member)
	}
	text.WriteString(kind + " " + name + lengths)
	return nil
}

var memberTypes = map[reflect.Kind]string{
	reflect.Bool: "bool",
	reflect.Int8: "s8", reflect.Int16: "s16", reflect.Int32: "s32", reflect.Int64: "s64",
	reflect.Uint8: "u8", reflect.Uint16: "u16", reflect.Uint32: "u32", reflect.Uint64: "u64",
	reflect.Float32: "float", reflect.Float64: "double",
}

// splitTag returns the name and the marks of "ts @time @label".
func splitTag(tag string) (name, marks string) {
	at := strings.IndexByte(tag, '@')
	if at < 0 {
		return strings.TrimSpace(tag), ""
	}
	return strings.TrimSpace(tag[:at]), tag[at:]
}

// underscored returns "TimeNs" as "time_ns".
func underscored(name string) string {
	var text strings.Builder
	letters := []rune(name)
	for i, letter := range letters {
		isStart := i > 0 && unicode.IsUpper(letter) &&
			(!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if isStart {
			text.WriteByte('_')
		}
		text.WriteRune(unicode.ToLower(letter))
	}
	return text.String()
}
