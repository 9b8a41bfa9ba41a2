// SPDX-License-Identifier: MIT
//! Attached programs.

use std::io::{self, Read};

use crate::error::check;
use crate::sys;

/// A program that is attached until this is dropped, or its object is.
#[derive(Debug)]
#[must_use = "a link that is dropped detaches its program"]
pub struct Link {
    token: i32,
}

impl Link {
    pub(crate) fn new(token: i32) -> Self {
        Self { token }
    }

    /// Detaches; fails when it was already detached.
    pub fn detach(self) -> io::Result<()> {
        let token = self.token;
        std::mem::forget(self);
        // SAFETY: numbers only.
        check(unsafe { sys::link_detach(token) })?;
        Ok(())
    }

    /// Leaves the program attached for as long as its object is loaded.
    pub fn keep(self) {
        std::mem::forget(self);
    }

    /// Reads what an iterator program (section `iter/…`) prints, from the start.
    ///
    /// Gives `InvalidInput` when the program is of another type.
    pub fn reader(&self) -> IterReader<'_> {
        IterReader { link: self }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // SAFETY: numbers only. The object may be gone, and the link with it.
        unsafe { sys::link_detach(self.token) };
    }
}

/// Output of an iterator program; see [`Link::reader`]. After its end a new pass begins.
#[derive(Debug)]
pub struct IterReader<'a> {
    link: &'a Link,
}

impl Read for IterReader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let size = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
        // SAFETY: the pointer and the size are those of one slice.
        let read = check(unsafe { sys::iter_read(self.link.token, bytes.as_mut_ptr(), size) })?;
        Ok(read as usize)
    }
}
