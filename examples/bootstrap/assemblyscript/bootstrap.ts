// SPDX-License-Identifier: MIT
/** Guest half: loads the eBPF half, prints its events as lines until Ctrl-C. */
import { bootstrap, bootstrap_size } from "./objects";
import {
  args,
  BpfObject,
  Buffer,
  EINTR,
  exit,
  lastError,
  localOffset,
  print,
  printError,
  realtimeNs,
  Records,
  writeBytes,
} from "./wasm-bpf";

const POLL_MS: i32 = 100;
const NS_PER_SEC: u64 = 1_000_000_000;
const NS_PER_MS: u64 = 1_000_000;

/** WASI's errno when the reader has closed the pipe. */
const EPIPE: i32 = 64;
const EIO: i32 = 29;

const USAGE = "Usage: bootstrap [-d MS] [-v] [-h]\n" +
  "Prints every process that starts a program and every one that ends.\n\n" +
  "  -d MS  only the ends of processes that lasted at least MS milliseconds\n" +
  "  -v     print the settings first and counts at the end, to stderr\n" +
  "  -h     this text\n";

/** struct event of bootstrap.h; the two texts follow it. */
@unmanaged
class Event {
  timeNs: u64;
  durationNs: u64;
  kind: u32;
  pid: u32;
  ppid: u32;
  waitStatus: u32;
}

const COMM_AT: usize = offsetof<Event>();
const COMM_LEN: i32 = 16;
const FILENAME_AT: usize = COMM_AT + COMM_LEN;
const FILENAME_LEN: i32 = 128;
const EVENT_BYTES: u32 = <u32> FILENAME_AT + FILENAME_LEN;
const EVENT_EXEC: u32 = 0;

const HEX = "0123456789abcdef";

let minDurationMs: u64 = 0;
let verbose = false;
let execs: u64 = 0;
let exits: u64 = 0;
/** Wall clock minus the kernel's time since boot; set by the first event. */
let bootTimeNs: u64 = 0;

/** Lines of one poll, printed together to save system calls. */
const lines: usize = heap.alloc(65536);
let end: usize = lines;

function put(byte: i32): void {
  store<u8>(end++, <u8> byte);
}

function putText(text: string): void {
  for (let i = 0; i < text.length; i++) put(text.charCodeAt(i));
}

/** Fills up to `width` columns after `start`. */
function pad(start: usize, width: i32): void {
  while (end < start + width) put(0x20);
}

function putNumber(value: u64, width: i32 = 0): void {
  const start = end;
  let divisor: u64 = 1;
  while (value / divisor >= 10) divisor *= 10;
  for (; divisor > 0; divisor /= 10) put(0x30 + <i32> (value / divisor % 10));
  pad(start, width);
}

function putTwoDigits(value: u64): void {
  put(0x30 + <i32> (value / 10));
  put(0x30 + <i32> (value % 10));
}

/**
 * Returns the length of the UTF-8 character at `at` if a terminal only shows it. Returns 0 for a
 * control character or invalid UTF-8: every process chooses its own name.
 */
function harmless(at: usize): i32 {
  const first = <u32> load<u8>(at);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  let code = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    // The text's NUL is not a continuation byte, so this never reads past it.
    const byte = <u32> load<u8>(at + i);
    if (byte >> 6 != 2) return 0;
    code = code << 6 | byte & 0x3f;
  }
  const least: u32 = length == 2 ? 0xa0 : length == 3 ? 0x800 : 0x10000;
  return first < 0xc0 || first >= 0xf8 || code < least || code > 0x10ffff ? 0 : length;
}

/** Appends a C string of at most `size` bytes, with control characters as \xNN. */
function putPrintable(at: usize, size: i32): void {
  const limit = at + size;
  while (at < limit && load<u8>(at) != 0) {
    const length = harmless(at);
    if (length == 0) {
      const byte = load<u8>(at++);
      putText("\\x");
      put(HEX.charCodeAt(byte >> 4));
      put(HEX.charCodeAt(byte & 15));
    }
    for (let i = 0; i < length; i++) put(load<u8>(at++));
  }
}

/**
 * Appends the event's time by the host's wall clock and time zone. Events arrive slightly late,
 * never early, so the smallest difference seen between the two clocks is the best one.
 */
function putTime(timeNs: u64): void {
  const seen = realtimeNs() - timeNs;
  if (bootTimeNs == 0 || seen < bootTimeNs) bootTimeNs = seen;
  const utc = <i64> ((bootTimeNs + timeNs) / NS_PER_SEC);
  const s = <u64> (utc + localOffset(utc)) % 86400;
  putTwoDigits(s / 3600);
  put(0x3a);
  putTwoDigits(s / 60 % 60);
  put(0x3a);
  putTwoDigits(s % 60);
  put(0x20);
}

function putExit(event: Event): void {
  const signal = event.waitStatus & 0x7f;
  putText(signal ? "[signal " : "[");
  putNumber(signal ? signal : event.waitStatus >> 8 & 0xff);
  put(0x5d);
  if (event.durationNs) {
    putText(" (");
    putNumber(event.durationNs / NS_PER_MS);
    putText("ms)");
  }
}

function putEvent(at: usize): void {
  const event = changetype<Event>(at);
  const isExec = event.kind == EVENT_EXEC;
  putTime(event.timeNs);
  putText(isExec ? "EXEC  " : "EXIT  ");
  const start = end;
  putPrintable(at + COMM_AT, COMM_LEN);
  pad(start, 16);
  put(0x20);
  putNumber(event.pid, 7);
  put(0x20);
  putNumber(event.ppid, 7);
  put(0x20);
  if (isExec) {
    execs++;
    putPrintable(at + FILENAME_AT, FILENAME_LEN);
  } else {
    exits++;
    putExit(event);
  }
  put(0x0a);
}

/** Prints the content of `lines`; returns 0, or WASI's errno. */
function flush(): i32 {
  const size = end - lines;
  end = lines;
  return writeBytes(1, lines, size);
}

/** A line has at most 4 bytes for each of a text's, plus the columns. */
const LINE_BYTES: usize = 1024;

/** struct event for the host's -o, --filter, --sort and others. */
const MEMBERS = "u64 time @time(boot); u64 duration_ns; u32 kind @enum(EXEC,EXIT); " +
  "u32 pid; u32 ppid; u32 wait_status; char comm[16]; char filename[128]";

function printEvents(events: Buffer, records: Records): i32 {
  while (events.next()) {
    if (events.size < EVENT_BYTES) continue;
    if (records.isWanted) {
      if (changetype<Event>(events.data).kind == EVENT_EXEC) execs++;
      else exits++;
      if (records.write(events.data, EVENT_BYTES) < 0) return EIO;
      continue;
    }
    putEvent(events.data);
    if (end > lines + 65536 - LINE_BYTES) {
      const errno = flush();
      if (errno) return errno;
    }
  }
  return flush();
}

/** A closed reader (| head) ends the trace without an error. */
function outputFailed(errno: i32): i32 {
  if (errno == EPIPE) return 0;
  printError("bootstrap: cannot write the output\n");
  return 1;
}

function failed(what: string): i32 {
  printError("bootstrap: cannot " + what + "\n");
  return 1;
}

function report(object: BpfObject): void {
  const stats = object.map<u32, u64>("stats");
  const lost = stats != null && stats.lookup(0) == 0 ? stats.value : 0;
  printError(
    execs.toString() + " starts and " + exits.toString() + " ends shown, " + lost.toString() +
      " events lost\n",
  );
}

function trace(): i32 {
  // The host has already reported why a load or an attach failed.
  const object = BpfObject.load(bootstrap, bootstrap_size);
  if (object == null) return 1;
  // Set between load and attach: the programs read it at the first event.
  const config = object.map<u32, u64>("config");
  if (config == null || config.update(0, minDurationMs * NS_PER_MS) < 0) return failed("configure");
  if (object.attach("handle_exec") < 0 || object.attach("handle_exit") < 0) return 1;
  const events = object.buffer("rb");
  if (events == null) return failed("read the ring buffer: " + lastError());

  const records = Records.open("processes", MEMBERS);
  // The host has reported why.
  if (records.id < 0) return 1;
  let errno = records.isWanted
    ? 0
    : print("TIME     EVENT COMM             PID     PPID    FILENAME/EXIT CODE\n");
  let result: i32 = 0;
  while (errno == 0 && result >= 0) {
    result = events.poll(POLL_MS);
    errno = printEvents(events, records);
  }
  if (errno) return outputFailed(errno);
  if (result != EINTR) return failed("read the ring buffer");
  if (verbose) report(object);
  object.close();
  return 0;
}

/** Parses whole milliseconds that fit 64 bits as nanoseconds. */
function parseMs(text: string): bool {
  if (text.length == 0 || text.length > 13) return false;
  minDurationMs = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return false;
    minDurationMs = minDurationMs * 10 + digit;
  }
  return true;
}

function wrongUsage(): i32 {
  printError(USAGE);
  return 2;
}

function main(): i32 {
  const words = args();
  for (let i = 1; i < words.length; i++) {
    if (words[i] == "-h" || words[i] == "--help") return print(USAGE) == 0 ? 0 : 1;
    if (words[i] == "-v") {
      verbose = true;
    } else if (words[i] == "-d") {
      const text = ++i < words.length ? words[i] : "";
      if (!parseMs(text)) {
        printError("bootstrap: -d wants whole milliseconds, not '" + text + "'\n");
        return wrongUsage();
      }
    } else {
      return wrongUsage();
    }
  }
  if (verbose) {
    printError(
      "eBPF object: " + bootstrap_size.toString() + " bytes; minimum duration: " +
        minDurationMs.toString() + " ms\n",
    );
  }
  return trace();
}

const code = main();
if (code) exit(code);
