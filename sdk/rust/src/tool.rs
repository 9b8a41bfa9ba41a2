// SPDX-License-Identifier: MIT
//! What command-line tools written as guests need besides eBPF: text that is harmless to a terminal,
//! options, a sleep that Ctrl-C ends, histograms.

use std::fmt::{self, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Text that ends with a NUL or the end of its bytes; what a terminal might obey shows as `\xNN`, since
/// processes choose their own names and paths. Fills up to a width: `{:16}`.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub &'a [u8]);

impl Text<'_> {
    fn write(&self, mut put: impl FnMut(char) -> fmt::Result) -> fmt::Result {
        let mut rest = self.0.split(|byte| *byte == 0).next().unwrap_or(self.0);
        while !rest.is_empty() {
            let valid = match std::str::from_utf8(rest) {
                Ok(text) => text,
                Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or(""),
            };
            let harmless = valid
                .find(char::is_control)
                .map_or(valid, |end| &valid[..end]);
            harmless.chars().try_for_each(&mut put)?;
            rest = &rest[harmless.len()..];
            // All bytes of a control character, or one byte of invalid UTF-8.
            let bad = valid[harmless.len()..]
                .chars()
                .next()
                .map_or(1, char::len_utf8)
                .min(rest.len());
            for byte in &rest[..bad] {
                for character in ['\\', 'x', hex(byte >> 4), hex(byte & 15)] {
                    put(character)?;
                }
            }
            rest = &rest[bad..];
        }
        Ok(())
    }
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('?')
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut length = 0;
        self.write(|character| {
            length += 1;
            f.write_char(character)
        })?;
        (length..f.width().unwrap_or(0)).try_for_each(|_| f.write_char(' '))
    }
}

/// The wall clock as HH:MM:SS, in the host's time zone.
#[derive(Clone, Copy, Debug)]
pub struct Clock(u64);

impl Clock {
    /// Now.
    pub fn now() -> Self {
        Self(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        )
    }
}

/// Returns the offset of local time from UTC at a moment, in seconds; 0 elsewhere than in
/// WebAssembly.
pub fn local_offset(seconds: i64) -> i64 {
    // SAFETY: any number is an argument.
    if cfg!(target_arch = "wasm32") {
        i64::from(unsafe { crate::sys::local_offset(seconds) })
    } else {
        0
    }
}

/// The PID of the process that runs the guest, for tools that leave themselves out; 0 elsewhere.
pub fn host_pid() -> u32 {
    // SAFETY: the function takes no arguments.
    if cfg!(target_arch = "wasm32") {
        unsafe { crate::sys::host_pid() }
    } else {
        0
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = (self.0 as i64 + local_offset(self.0 as i64)).rem_euclid(86400);
        write!(f, "{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    }
}

/// Sleeps; false when Ctrl-C, or another request to end, cut it short.
pub fn sleep(time: Duration) -> bool {
    let start = Instant::now();
    std::thread::sleep(time);
    start.elapsed() >= time
}

/// A histogram whose slot N counts values from 2^N to 2^(N+1) - 1, the first also 0; prints nothing when
/// all slots are 0.
#[derive(Clone, Copy, Debug)]
pub struct Log2<'a> {
    /// Count of each slot.
    pub slots: &'a [u32],
    /// Unit of the values: `usecs`.
    pub unit: &'a str,
}

const STARS: &str = "****************************************";

impl fmt::Display for Log2<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = match self.slots.iter().max() {
            None | Some(0) => return Ok(()),
            Some(most) => u64::from(*most),
        };
        let used = self
            .slots
            .iter()
            .rposition(|count| *count > 0)
            .map_or(0, |last| last + 1);
        writeln!(f, "{:15}{:<14}: count     distribution", "", self.unit)?;
        for (i, count) in self.slots[..used].iter().enumerate() {
            let (low, high) = (if i == 0 { 0 } else { 1u64 << i }, (2u64 << i) - 1);
            let stars = &STARS[..(u64::from(*count) * STARS.len() as u64 / most) as usize];
            writeln!(f, "{low:14} -> {high:<11}: {count:<9}|{stars:<40}|")?;
        }
        Ok(())
    }
}

/// An option of a command line.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// `'p'` for `-p`.
    pub short: char,
    /// `"pid"` for `--pid`.
    pub long: &'static str,
    /// True if the option takes a value: `-p 1`, `-p1`, `--pid 1`, `--pid=1`.
    pub has_value: bool,
}

/// An argument of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// An option by its short name, and its value or "".
    Option(char, String),
    /// Another word.
    Word(String),
}

/// Reads a command line as getopt_long(3) does: short options may share a word, `--` ends them.
///
/// An error is a message for people.
pub fn parse_args(
    options: &[Opt],
    args: impl IntoIterator<Item = String>,
) -> Result<Vec<Arg>, String> {
    let mut args = args.into_iter();
    let mut parsed = Vec::new();
    while let Some(word) = args.next() {
        if word == "--" {
            parsed.extend(args.by_ref().map(Arg::Word));
        } else if let Some(long) = word.strip_prefix("--") {
            parsed.push(parse_long(options, long, &mut args)?);
        } else if word.starts_with('-') && word.len() > 1 {
            parse_short(options, &word[1..], &mut args, &mut parsed)?;
        } else {
            parsed.push(Arg::Word(word));
        }
    }
    Ok(parsed)
}

fn parse_long(
    options: &[Opt],
    word: &str,
    args: &mut impl Iterator<Item = String>,
) -> Result<Arg, String> {
    let (name, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (word, None),
    };
    let option = options.iter().find(|option| option.long == name);
    let option = option.ok_or_else(|| format!("Unknown option --{name}"))?;
    let value = match (option.has_value, value) {
        (false, Some(_)) => return Err(format!("Option --{name} takes no value")),
        (false, None) => String::new(),
        (true, Some(value)) => value,
        (true, None) => args
            .next()
            .ok_or_else(|| format!("Option --{name} needs a value"))?,
    };
    Ok(Arg::Option(option.short, value))
}

fn parse_short(
    options: &[Opt],
    mut letters: &str,
    args: &mut impl Iterator<Item = String>,
    parsed: &mut Vec<Arg>,
) -> Result<(), String> {
    while let Some(letter) = letters.chars().next() {
        letters = &letters[letter.len_utf8()..];
        let option = options.iter().find(|option| option.short == letter);
        let option = option.ok_or_else(|| format!("Unknown option -{letter}"))?;
        let value = match (option.has_value, letters) {
            (false, _) => String::new(),
            (true, "") => args
                .next()
                .ok_or_else(|| format!("Option -{letter} needs a value"))?,
            (true, rest) => {
                letters = "";
                rest.to_owned()
            }
        };
        parsed.push(Arg::Option(letter, value));
    }
    Ok(())
}

/// A whole decimal number between two others; an error is a message for people.
pub fn number(what: &str, text: &str, least: u64, most: u64) -> Result<u64, String> {
    let is_decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if is_decimal && (least..=most).contains(&number) => Ok(number),
        _ => Err(format!(
            "{what} requires a number from {least} to {most}, not '{text}'"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shows_what_a_terminal_would_obey() {
        assert_eq!(Text(b"sh\0x").to_string(), "sh");
        assert_eq!(Text(b"a\x1b[2J").to_string(), "a\\x1b[2J");
        assert_eq!(
            Text("gr\u{fc}n \u{9b}".as_bytes()).to_string(),
            "gr\u{fc}n \\xc2\\x9b"
        );
        assert_eq!(Text(b"\x9b\xffz").to_string(), "\\x9b\\xffz");
        assert_eq!(format!("{:5}|", Text("\u{fc}".as_bytes())), "\u{fc}    |");
        assert_eq!(Text(b"").to_string(), "");
    }

    #[test]
    fn log2_ends_with_the_last_slot_that_is_used() {
        let text = Log2 {
            slots: &[1, 0, 4, 0],
            unit: "usecs",
        }
        .to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].ends_with("usecs         : count     distribution"));
        assert!(lines[1].starts_with("             0 -> 1          : 1        |**********  "));
        assert!(lines[3].starts_with("             4 -> 7          : 4        |*****"));
        assert_eq!(
            Log2 {
                slots: &[0, 0],
                unit: ""
            }
            .to_string(),
            ""
        );
    }

    const OPTIONS: &[Opt] = &[
        Opt {
            short: 'p',
            long: "pid",
            has_value: true,
        },
        Opt {
            short: 'v',
            long: "verbose",
            has_value: false,
        },
    ];

    fn parse(words: &[&str]) -> Result<Vec<Arg>, String> {
        parse_args(OPTIONS, words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn parse_args_reads_options_in_every_form() {
        let pid = |value: &str| Arg::Option('p', value.to_owned());
        let verbose = Arg::Option('v', String::new());
        for words in [&["-p", "1"][..], &["-p1"], &["--pid", "1"], &["--pid=1"]] {
            assert_eq!(parse(words), Ok(vec![pid("1")]));
        }
        let expected = vec![
            verbose,
            pid("7"),
            Arg::Word("x".to_owned()),
            Arg::Word("-v".to_owned()),
        ];
        assert_eq!(parse(&["-vp7", "x", "--", "-v"]), Ok(expected));
        assert_eq!(parse(&["-"]), Ok(vec![Arg::Word("-".to_owned())]));
    }

    #[test]
    fn parse_args_says_what_is_wrong() {
        for words in [
            &["-x"][..],
            &["--no"],
            &["-p"],
            &["--pid"],
            &["--verbose=1"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn number_takes_digits_alone() {
        assert_eq!(number("-p", "12", 1, 20), Ok(12));
        for text in ["", "+1", " 1", "1x", "0", "21", "99999999999999999999"] {
            assert!(number("-p", text, 1, 20).is_err(), "{text}");
        }
    }
}
