// SPDX-License-Identifier: MIT
//! What Rust's standard library makes of WASI, one behaviour a sub-command; tests/wasi/wasi_test.ts compares.
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const LINE_BYTES: usize = 64;

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn random_get(buf: *mut u8, size: usize) -> u16;
}

fn args() {
    for arg in std::env::args() {
        println!("arg {arg}");
    }
    for (name, value) in std::env::vars() {
        println!("env {name}={value}");
    }
}

fn streams() {
    println!("to stdout");
    eprintln!("to stderr");
}

/// Prints when it starts, so that a test can interrupt it.
fn sleep(ms: u64) {
    let start = Instant::now();
    println!("sleeping");
    thread::sleep(Duration::from_millis(ms));
    println!("slept {}", start.elapsed().as_millis());
}

fn clocks() {
    let realtime = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    println!("realtime {}", realtime.as_nanos());
    // An Instant has no number, but shows it.
    println!("instant {:?}", Instant::now());
}

fn random() {
    for _ in 0..2 {
        let mut bytes = [0u8; 32];
        // SAFETY: the pointer and the size are those of one array.
        let errno = unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) };
        assert_eq!(errno, 0);
        for byte in bytes {
            print!("{byte:02x}");
        }
        println!();
    }
}

/// Lines of 64 bytes, each with its number.
fn flood(bytes: usize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for i in 0..bytes / LINE_BYTES {
        writeln!(out, "{i:0width$}", width = LINE_BYTES - 1)?;
    }
    out.flush()
}

/// Counts its input until the end, and prints the count.
fn lines() -> io::Result<()> {
    println!("reading");
    let mut count = 0;
    let mut line = String::new();
    while io::stdin().read_line(&mut line)? > 0 {
        count += 1;
    }
    println!("lines {count}");
    Ok(())
}

/// Reads a file, writes it to another and lists the folder.
fn copy(from: &str, to: &str, folder: &str) -> io::Result<()> {
    std::fs::write(to, std::fs::read(from)?)?;
    for entry in std::fs::read_dir(folder)? {
        println!("entry {}", entry?.file_name().to_string_lossy());
    }
    Ok(())
}

fn main() -> ExitCode {
    let args_given: Vec<String> = std::env::args().collect();
    let command = args_given.get(1).map_or("", String::as_str);
    let number: u64 = args_given.get(2).map_or(0, |text| text.parse().unwrap_or(0));
    match command {
        "args" => args(),
        "streams" => streams(),
        "sleep" => sleep(number),
        "clocks" => clocks(),
        "random" => random(),
        "exit" => std::process::exit(number as i32),
        "flood" => flood(number as usize).unwrap(),
        "lines" => lines().unwrap(),
        "copy" => copy(&args_given[2], &args_given[3], &args_given[4]).unwrap(),
        _ => {
            eprintln!("unknown sub-command: {command}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
