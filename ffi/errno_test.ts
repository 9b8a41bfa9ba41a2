import assert from "node:assert/strict";
import { describeErrno, errno, type ErrnoName, errnoName } from "./errno.ts";

/** Above MAX_ERRNO of linux/err.h, the kernel's largest. */
const LIMIT = 5000;

/** Internal to the kernel; user-space headers lack it. */
const KERNEL_ONLY: ErrnoName[] = ["ENOTSUPP"];

const HEADERS = ["errno-base.h", "errno.h"].map((name) => `/usr/include/asm-generic/${name}`);

function allNames(): Map<ErrnoName, number> {
  const found = new Map<ErrnoName, number>();
  for (let number = 0; number <= LIMIT; number++) {
    const name = errnoName(number);
    if (name === undefined) continue;
    assert.ok(!found.has(name), `${name} has two numbers`);
    found.set(name, number);
  }
  return found;
}

/** Returns names and numbers of the installed headers; `undefined` without them. */
function headerNumbers(): Map<string, number> | undefined {
  try {
    const text = HEADERS.map((path) => Deno.readTextFileSync(path)).join("\n");
    return new Map(
      [...text.matchAll(/^#define\s+(E\w+)\s+(\d+)\b/gm)]
        .map(([, name, number]) => [name ?? "", Number(number)]),
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("errno() inverts errnoName() for every name", () => {
  const names = allNames();
  assert.ok(names.size > 70);
  for (const [name, number] of names) assert.equal(errno(name), number);
});

Deno.test("errno() returns the kernel's numbers", () => {
  assert.deepEqual(
    [errno("EPERM"), errno("ENOENT"), errno("EINVAL"), errno("ENOSYS"), errno("EOWNERDEAD")],
    [1, 2, 22, 38, 130],
  );
});

Deno.test("errno() agrees with the installed headers", () => {
  const header = headerNumbers();
  if (header === undefined) {
    Deno.stderr.writeSync(new TextEncoder().encode(`not compared: no ${HEADERS.join(", ")}\n`));
    return;
  }
  assert.ok(header.size > 100);
  for (const [name, number] of allNames()) {
    if (!KERNEL_ONLY.includes(name)) assert.equal(number, header.get(name), name);
  }
});

Deno.test("errnoName() accepts a number of either sign", () => {
  assert.equal(errnoName(13), "EACCES");
  assert.equal(errnoName(-13), "EACCES");
});

Deno.test("errnoName() returns undefined for success and unknown numbers", () => {
  for (const number of [0, -0, 41, 999, 4001, -4001, NaN, 1.5, Infinity]) {
    assert.equal(errnoName(number), undefined, String(number));
  }
});

Deno.test("describeErrno() returns name and meaning", () => {
  assert.match(describeErrno(-1), /^EPERM \([a-z ]+\)$/);
});

Deno.test("describeErrno() describes every error differently", () => {
  const texts = [...allNames().values()].map(describeErrno);
  assert.equal(new Set(texts.map((text) => text.replace(/^\w+ /, ""))).size, texts.length);
});

Deno.test("describeErrno() returns the number of an unknown error", () => {
  assert.match(describeErrno(-4001), /4001/);
  assert.doesNotMatch(describeErrno(-4001), /-/);
});
