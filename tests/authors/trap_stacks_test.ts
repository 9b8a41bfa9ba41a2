/** Stacks of traps in the languages of the templates, as `make -B DEBUG=1` builds them. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { findGo } from "../../build/steps/go.ts";
import { runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";

/** Reads a template's Makefile. */
function makefileOf(language: string): Promise<string> {
  return Deno.readTextFile(fromFileUrl(`../../sdk/templates/${language}/Makefile`));
}

/** Runs a module that traps or panics, and returns what it printed of it. */
async function failureOf(module: string, code: number): Promise<string> {
  const result = await runCli([module]);
  assert.equal(result.code, code, result.stderr);
  return result.stderr;
}

const C = `
__attribute__((noinline)) static int deepest(int x)
{
  if (x > 1)
    __builtin_trap();
  return x;
}
int main(int argc, char **argv)
{
  (void)argv;
  return deepest(argc + 1);
}
`;

Deno.test("a trap in C shows functions, files and lines", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("tool.c"), C);
  const [, flags = ""] = /ifdef DEBUG\nBUILD_FLAGS := (.*)/.exec(await makefileOf("c")) ?? [];
  const wasi = ["--sysroot=/", "-isystem", "/usr/include/wasm32-wasi", "-L/usr/lib/wasm32-wasi"];
  const output = folder.at("tool.wasm");
  const args = [...flags.split(" "), ...wasi, folder.at("tool.c"), "-o", output];
  await succeed("clang", "--target=wasm32-wasi", ...args);
  const text = await failureOf(output, 134);
  assert.match(text, /^ {2}at deepest function\[\d+\]:0x\w+ \(.*tool\.c:5\)$/m);
  assert.match(text, /^ {2}at main function\[\d+\]:0x\w+ \(.*tool\.c:11\)$/m);
});

const RUST = `#[inline(never)]
fn deepest(values: &[u32], at: usize) -> u32 {
    if at > values.len() {
        std::process::abort();
    }
    values[at]
}
fn main() {
    let count = std::env::args().count();
    println!("{}", deepest(&[1, 2], count + 5));
}
`;

Deno.test("a trap in Rust shows paths of functions, files and lines", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("tool.rs"), RUST);
  // Options that cargo gives the compiler for these settings.
  assert.match(await makefileOf("rust"), /release\.strip=false .*release\.debug=true/);
  const output = folder.at("tool.wasm");
  const target = ["--edition", "2021", "--target", "wasm32-wasi", "-C", "panic=abort"];
  const options = ["-C", "opt-level=z", "-C", "strip=none", "-C", "debuginfo=2"];
  await succeed("/usr/bin/rustc", ...target, ...options, folder.at("tool.rs"), "-o", output);
  const text = await failureOf(output, 134);
  assert.match(text, /^ {2}at std::process::abort function\[\d+\]:0x\w+ \(.*process\.rs:\d+\)$/m);
  assert.match(text, /^ {2}at tool::deepest function\[\d+\]:0x\w+ \(.*tool\.rs:4\)$/m);
  assert.match(text, /^ {2}at tool::main function\[\d+\]:0x\w+ \(.*tool\.rs:10\)$/m);
});

const ASSEMBLYSCRIPT = `
function deepest(x: i32): i32 {
  if (x > 3) unreachable();
  return load<i32>(0x7fffff00) + x;
}
export function middle(x: i32): i32 {
  return deepest(x + 1) + 1;
}
middle(7);
`;

Deno.test("a trap in AssemblyScript shows functions", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("main.ts"), ASSEMBLYSCRIPT);
  const pattern = /ifdef DEBUG\nBUILD_FLAGS := (.*)/;
  const [, flags = ""] = pattern.exec(await makefileOf("assemblyscript")) ?? [];
  const output = folder.at("tool.wasm");
  const { default: asc } = await import("assemblyscript/asc");
  const { error } = await asc.main([
    ...["--baseDir", folder.path, "main.ts", "--outFile", output, ...flags.split(" ")],
    ...["--runtime", "stub", "--exportStart", "_start"],
  ]);
  assert.equal(error, null);
  const text = await failureOf(output, 134);
  assert.match(text, /^ {2}at main\/deepest function\[\d+\]:0x\w+$/m);
  assert.match(text, /^ {2}at main\/middle function\[\d+\]:0x\w+$/m);
  // It has no lines to show, so the hint does not promise them.
  assert.match(text, /^hint: .*see the functions above/m);
});

const GO = `package main

import "os"

//go:noinline
func deepest(p *int) int {
	return *p
}

func main() {
	var p *int
	os.Exit(deepest(p))
}
`;

Deno.test("a fault in Go shows functions, files and lines", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("go.mod"), "module broken\n\ngo 1.24\n");
  await Deno.writeTextFile(folder.at("main.go"), GO);
  const { go, root } = await findGo();
  const output = folder.at("tool.wasm");
  await succeed(
    "env",
    ...["-C", folder.path, ...(root === undefined ? [] : [`GOROOT=${root}`])],
    ...["GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local", "GOPROXY=off"],
    ...[`GOCACHE=${resolve(".cache/go")}`, "GOENV=off", "GOWORK=off"],
    ...[go, "build", "-trimpath", "-o", output, "."],
  );
  // Go's runtime catches it, and prints the stack itself.
  const text = await failureOf(output, 2);
  assert.match(text, /^main\.deepest\(.*\)\n\s+broken\/main\.go:7 /m);
  assert.match(text, /^main\.main\(\)\n\s+broken\/main\.go:12 /m);
});
