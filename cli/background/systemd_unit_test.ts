import assert from "node:assert/strict";
import { unitText } from "./systemd_unit.ts";

const unit = (command: string[], writable: string[] = []) =>
  unitText({
    command,
    description: "runs",
    capabilities: ["CAP_BPF"],
    ...{ network: false, symbols: false, control: false, home: false },
    writable,
  });

Deno.test("unitText() writes words that keep to their line, whatever they hold", () => {
  const words = [
    "/bin/x",
    "a b",
    'q"\\',
    "%n$HOME",
    "\n[Install]\rExecStartPre=/bin/evil",
    "\x1b\0",
  ];
  const text = unit(words);
  assert.ok(
    text.includes(
      'ExecStart=/bin/x "a b" "q\\"\\\\" %%n$$HOME ' +
        '"\\x0a[Install]\\x0dExecStartPre=/bin/evil" "\\x1b\\x00"\n',
    ),
    text,
  );
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\0-\x09\x0b-\x1f]/);
});

Deno.test("unitText() writes paths as systemd reads them, and refuses what it cannot read", () => {
  assert.match(unit(["/x"], ['/a b$c%"\\d']), /^ReadWritePaths="\/a b\$c%%\\"\\\\d"$/m);
  for (const path of ["/a\nb", "/a\rb", "/a\x1b"]) {
    assert.throws(() => unit(["/x"], [path]), { code: "BAD_NAME" });
  }
});
