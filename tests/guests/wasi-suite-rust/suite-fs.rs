// SPDX-License-Identifier: MIT
//! That programs which know nothing of WASI work: `std::fs`, `std::io` and `std::env` of Rust, in the folder
//! "/" and with the lines "first", "" and "last" (without a line feed) on standard input.
#![allow(deprecated)] // fs::soft_link is the one stable way to make a link
use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

thread_local! {
    static CHECKS: Cell<(u32, u32)> = Cell::new((0, 0));
}

fn record(line: u32, holds: bool, what: &str) {
    CHECKS.with(|checks| {
        let (count, failed) = checks.get();
        checks.set((count + 1, failed + u32::from(!holds)));
    });
    if !holds {
        println!("suite-fs.rs:{line}: {what}");
    }
}

macro_rules! equal {
    ($expected:expr, $value:expr) => {{
        let (expected, value) = ($expected, $value);
        let what = format!("{}: expected {expected:?}, got {value:?}", stringify!($value));
        record(line!(), expected == value, &what);
    }};
}

macro_rules! fails {
    ($kind:expr, $call:expr) => {{
        let kind = $call.err().map(|error| error.kind());
        let what = format!("{}: expected {:?}, got {kind:?}", stringify!($call), $kind);
        record(line!(), kind == Some($kind), &what);
    }};
}

/// `errno` of WASI where Rust has no stable name for it.
macro_rules! fails_with {
    ($errno:expr, $call:expr) => {{
        let errno = $call.err().and_then(|error| error.raw_os_error());
        let what = format!("{}: expected errno {}, got {errno:?}", stringify!($call), $errno);
        record(line!(), errno == Some($errno), &what);
    }};
}

const EISDIR: i32 = 31;
const ELOOP: i32 = 32;
const ENOTDIR: i32 = 54;
const ENOTEMPTY: i32 = 55;
const ENOTCAPABLE: i32 = 76;

fn files() -> io::Result<()> {
    fs::write("/note", "hello")?;
    equal!("hello", fs::read_to_string("/note")?);
    let mut file = OpenOptions::new().append(true).open("/note")?;
    file.write_all(b", world")?;
    equal!("hello, world", fs::read_to_string("/note")?);
    equal!(12, fs::metadata("/note")?.len());

    let mut file = OpenOptions::new().read(true).write(true).open("/note")?;
    equal!(7, file.seek(SeekFrom::Start(7))?);
    file.write_all(b"WORLD")?;
    equal!(12, file.seek(SeekFrom::Current(0))?);
    equal!(2, file.seek(SeekFrom::End(-10))?);
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    equal!("llo, WORLD", text);
    file.set_len(5)?;
    file.sync_all()?;
    file.sync_data()?;
    equal!("hello", fs::read_to_string("/note")?);
    fails!(ErrorKind::InvalidInput, file.seek(SeekFrom::Current(-100)));

    fails!(ErrorKind::AlreadyExists, OpenOptions::new().write(true).create_new(true).open("/note"));
    File::create("/note")?;
    equal!(0, fs::metadata("/note")?.len());
    fails!(ErrorKind::NotFound, File::open("/none"));
    fails!(ErrorKind::NotFound, fs::remove_file("/none"));
    fails_with!(EISDIR, OpenOptions::new().write(true).open("/"));
    fs::remove_file("/note")
}

/// Copies more than one call takes, through buffers of other sizes than the host's.
fn large() -> io::Result<()> {
    let mut out = BufWriter::with_capacity(4000, File::create("/large")?);
    for number in 0..200_000 {
        writeln!(out, "{number}")?;
    }
    out.into_inner()?.sync_all()?;
    let lines = BufReader::with_capacity(777, File::open("/large")?).lines();
    let wrong = lines.enumerate().filter(|(i, line)| {
        line.as_ref().map_or(true, |text| *text != i.to_string())
    });
    equal!(0, wrong.count());
    equal!(fs::metadata("/large")?.len(), fs::copy("/large", "/copy")?);
    equal!(true, fs::read("/large")? == fs::read("/copy")?);
    fs::remove_file("/large")?;
    fs::remove_file("/copy")
}

fn folders() -> io::Result<()> {
    fs::create_dir_all("/a/b/c")?;
    fs::create_dir_all("/a/b/c")?;
    fails!(ErrorKind::AlreadyExists, fs::create_dir("/a"));
    fails!(ErrorKind::NotFound, fs::create_dir("/x/y"));
    fails_with!(ENOTEMPTY, fs::remove_dir("/a/b"));
    for number in 0..500 {
        fs::write(format!("/a/b/file-{number}"), number.to_string())?;
    }
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir("/a/b")? {
        let entry = entry?;
        equal!(entry.file_type()?.is_dir(), entry.file_name() == "c");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    names.dedup();
    equal!(501, names.len());
    equal!("7", fs::read_to_string("/a/b/c/../file-7")?);
    fails_with!(ENOTDIR, fs::read_to_string("/a/b/file-7/x"));
    fails_with!(ENOTDIR, fs::read_dir("/a/b/file-7").map(|_| ()));
    fs::rename("/a/b", "/moved")?;
    equal!(false, Path::new("/a/b").exists());
    equal!("499", fs::read_to_string("/moved/file-499")?);
    fs::remove_dir("/a")?;
    fs::remove_dir_all("/moved")?;
    equal!(0, fs::read_dir("/")?.count());
    Ok(())
}

fn links() -> io::Result<()> {
    fs::write("/target", "text")?;
    fs::soft_link("target", "/soft")?;
    fs::soft_link("nowhere", "/dangling")?;
    fs::soft_link("loop", "/loop")?;
    fs::hard_link("/target", "/hard")?;
    equal!("text", fs::read_to_string("/soft")?);
    equal!("text", fs::read_to_string("/hard")?);
    equal!(Path::new("target"), fs::read_link("/soft")?);
    equal!(true, fs::symlink_metadata("/soft")?.file_type().is_symlink());
    equal!(true, fs::metadata("/soft")?.file_type().is_file());
    fails!(ErrorKind::NotFound, fs::metadata("/dangling"));
    fails_with!(ELOOP, fs::metadata("/loop"));
    equal!(true, fs::symlink_metadata("/dangling").is_ok());
    fs::remove_file("/target")?;
    equal!("text", fs::read_to_string("/hard")?);
    for name in ["/soft", "/dangling", "/loop", "/hard"] {
        fs::remove_file(name)?;
    }
    Ok(())
}

fn outside() -> io::Result<()> {
    fails_with!(ENOTCAPABLE, File::open("/../etc/passwd"));
    fails_with!(ENOTCAPABLE, fs::write("/../escaped", "x"));
    fails_with!(ENOTCAPABLE, fs::soft_link("/etc/passwd", "/passwd"));
    fs::soft_link("../..", "/up")?;
    fails_with!(ENOTCAPABLE, fs::read_dir("/up").map(|_| ()));
    fails_with!(ENOTCAPABLE, fs::create_dir("/up/new"));
    fs::remove_file("/up")
}

fn times() -> io::Result<()> {
    let before = SystemTime::now() - Duration::from_secs(2);
    fs::write("/now", "")?;
    let written = fs::metadata("/now")?.modified()?;
    equal!(true, written > before && written <= SystemTime::now() + Duration::from_secs(2));
    fs::remove_file("/now")
}

fn input() -> io::Result<()> {
    let lines: Vec<String> = io::stdin().lock().lines().collect::<io::Result<_>>()?;
    equal!(vec!["first", "", "last"], lines);
    let mut more = Vec::new();
    equal!(0, io::stdin().read_to_end(&mut more)?);
    Ok(())
}

fn environment() -> io::Result<()> {
    equal!(Ok("1".to_string()), std::env::var("A"));
    equal!(Ok("a=b".to_string()), std::env::var("ODD"));
    equal!(true, std::env::var("PATH").is_err());
    equal!(2, std::env::vars().count());
    let args: Vec<String> = std::env::args().skip(1).collect();
    equal!(vec!["one", "", "\u{e9}"], args);
    Ok(())
}

fn main() {
    let parts: [(&str, fn() -> io::Result<()>); 8] = [
        ("files", files),
        ("large", large),
        ("folders", folders),
        ("links", links),
        ("outside", outside),
        ("times", times),
        ("input", input),
        ("environment", environment),
    ];
    for (name, part) in parts {
        if let Err(error) = part() {
            record(0, false, &format!("{name} ended early: {error}"));
        }
    }
    let (count, failed) = CHECKS.with(Cell::get);
    println!("{count} checks, {failed} failed");
    std::process::exit(i32::from(failed > 0));
}
