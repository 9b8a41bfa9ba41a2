// SPDX-License-Identifier: MIT
//! Where an object's global variables are: its file's symbol table.
//!
//! The host has checked the file when it opened it; whatever stands here wrong after all is "not there".

/// A global variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variable<'a> {
    /// `.rodata`, `.data`, `.bss`, or one of their kind.
    pub(crate) section: &'a str,
    pub(crate) offset: u32,
    pub(crate) size: usize,
}

const SECTION_BYTES: usize = 64;
const SYMBOL_BYTES: usize = 24;
const SHT_SYMTAB: u32 = 2;
const STT_OBJECT: u8 = 1;
const STT_FUNC: u8 = 2;
const STB_GLOBAL: u8 = 1;

fn bytes<const N: usize>(elf: &[u8], at: usize) -> Option<[u8; N]> {
    elf.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(elf: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(bytes(elf, at)?) as usize)
}

fn u32_at(elf: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes(elf, at)?))
}

fn u64_at(elf: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(bytes(elf, at)?)).ok()
}

/// Where the header of a section is.
fn section(elf: &[u8], index: usize) -> Option<usize> {
    let (headers, count) = (u64_at(elf, 40)?, u16_at(elf, 60)?);
    (index < count).then(|| headers + index * SECTION_BYTES)
}

/// A string of the string table that is section `table`.
fn string(elf: &[u8], table: usize, offset: u32) -> Option<&str> {
    let start = u64_at(elf, section(elf, table)? + 24)?.checked_add(offset as usize)?;
    let text = elf.get(start..)?.split(|byte| *byte == 0).next()?;
    std::str::from_utf8(text).ok()
}

/// An entry of a symbol table.
struct Symbol<'a> {
    name: &'a str,
    kind: u8,
    is_global: bool,
    /// Where the header of its section is.
    section: usize,
    offset: usize,
    size: usize,
}

fn symbol(elf: &[u8], table: usize, index: usize) -> Option<Symbol<'_>> {
    let header = section(elf, table)?;
    let at = u64_at(elf, header + 24)?.checked_add(index * SYMBOL_BYTES)?;
    let info = *elf.get(at.checked_add(4)?)?;
    Some(Symbol {
        name: string(elf, u32_at(elf, header + 40)? as usize, u32_at(elf, at)?)?,
        kind: info & 0xf,
        is_global: info >> 4 == STB_GLOBAL,
        section: section(elf, u16_at(elf, at + 6)?)?,
        offset: u64_at(elf, at + 8)?,
        size: u64_at(elf, at + 16)?,
    })
}

/// Every symbol that is one.
fn symbols(elf: &[u8]) -> impl Iterator<Item = Symbol<'_>> {
    let sections = u16_at(elf, 60).unwrap_or(0);
    let is_table = move |table: &usize| {
        let header = section(elf, *table);
        header.and_then(|at| u32_at(elf, at + 4)) == Some(SHT_SYMTAB)
    };
    (1..sections).filter(is_table).flat_map(move |table| {
        let header = section(elf, table);
        let size = header.and_then(|at| u64_at(elf, at + 32)).unwrap_or(0);
        // A damaged file may claim more than there is.
        let count = size.min(elf.len()) / SYMBOL_BYTES;
        (0..count).filter_map(move |index| symbol(elf, table, index))
    })
}

fn section_name<'a>(elf: &'a [u8], symbol: &Symbol<'_>) -> Option<&'a str> {
    string(elf, u16_at(elf, 62)?, u32_at(elf, symbol.section)?)
}

/// Finds a global variable by its name.
pub(crate) fn find_variable<'a>(elf: &'a [u8], name: &str) -> Option<Variable<'a>> {
    let symbol = symbols(elf).find(|symbol| symbol.kind == STT_OBJECT && symbol.name == name)?;
    Some(Variable {
        section: section_name(elf, &symbol)?,
        offset: u32::try_from(symbol.offset).ok()?,
        size: symbol.size,
    })
}

/// The programs' names: global functions of a section of their own. Those of `.text` are called by others.
pub(crate) fn programs(elf: &[u8]) -> impl Iterator<Item = &str> {
    symbols(elf)
        .filter(|symbol| symbol.kind == STT_FUNC && symbol.is_global)
        .filter(move |symbol| section_name(elf, symbol) != Some(".text"))
        .map(|symbol| symbol.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An object with one section `.bss`, and the variable `total` in it.
    fn object() -> Vec<u8> {
        let mut elf = vec![0u8; 64];
        let names = b"\0.bss\0total\0";
        elf.extend(names);
        let symbols = elf.len();
        elf.resize(symbols + SYMBOL_BYTES, 0);
        elf.extend(6u32.to_le_bytes());
        elf.extend([STT_OBJECT, 0, 3, 0]);
        elf.extend(8u64.to_le_bytes());
        elf.extend(4u64.to_le_bytes());
        let headers = elf.len();
        for (name, kind, offset, size, link) in [
            (0u32, 0u32, 0u64, 0u64, 0u32),
            (0, 3, 64, names.len() as u64, 0),
            (0, SHT_SYMTAB, symbols as u64, 2 * SYMBOL_BYTES as u64, 1),
            (1, 8, 0, 16, 0),
        ] {
            elf.extend(name.to_le_bytes());
            elf.extend(kind.to_le_bytes());
            elf.extend([0; 16]);
            elf.extend(offset.to_le_bytes());
            elf.extend(size.to_le_bytes());
            elf.extend(link.to_le_bytes());
            elf.extend([0; 20]);
        }
        elf[40..48].copy_from_slice(&(headers as u64).to_le_bytes());
        elf[60..62].copy_from_slice(&4u16.to_le_bytes());
        elf[62..64].copy_from_slice(&1u16.to_le_bytes());
        elf
    }

    #[test]
    fn find_variable_tells_its_place() {
        let elf = object();
        let expected = Variable {
            section: ".bss",
            offset: 8,
            size: 4,
        };
        assert_eq!(find_variable(&elf, "total"), Some(expected));
        assert_eq!(find_variable(&elf, "tota"), None);
    }

    #[test]
    fn find_variable_of_damaged_files_ends() {
        let elf = object();
        for size in 0..elf.len() {
            find_variable(&elf[..size], "total");
        }
        for at in 0..elf.len() {
            for value in [0xff, 0x80, 0x7f] {
                let mut damaged = elf.clone();
                damaged[at] = value;
                find_variable(&damaged, "total");
            }
        }
    }
}
