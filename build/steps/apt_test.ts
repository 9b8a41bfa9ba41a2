import assert from "node:assert/strict";
import { findMirror } from "./apt.ts";

Deno.test("findMirror() reads one-line entries", () => {
  const text = "# a comment\ndeb http://mirror.test/debian bookworm main\n";
  assert.equal(findMirror([text], "bookworm"), "http://mirror.test/debian");
});

Deno.test("findMirror() skips the options of a one-line entry", () => {
  const text =
    "deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main contrib\n";
  assert.equal(findMirror([text], "bookworm"), "http://mirror.test/debian");
});

Deno.test("findMirror() reads deb822 paragraphs, past comments inside them", () => {
  const text = [
    "Types: deb",
    "# http://snapshot.test/debian",
    "URIs: http://mirror.test/debian",
    "Suites: bookworm bookworm-updates",
    "Components: main",
    "",
  ].join("\n");
  assert.equal(findMirror([text], "bookworm"), "http://mirror.test/debian");
});

Deno.test("findMirror() passes over security updates, other releases and what is disabled", () => {
  const texts = [
    "deb http://security.test/debian-security bookworm-security main\n",
    "deb http://old.test/debian bullseye main\n# deb http://off.test/debian bookworm main\n",
    "Enabled: no\nURIs: http://off.test/debian\nSuites: bookworm\n\n" +
    "URIs: http://mirror.test/debian\nSuites: bookworm\n",
  ];
  assert.equal(findMirror(texts, "bookworm"), "http://mirror.test/debian");
});

Deno.test("findMirror() is undefined when no entry is for the release", () => {
  assert.equal(findMirror(["deb http://mirror.test/ubuntu noble main\n"], "bookworm"), undefined);
});
