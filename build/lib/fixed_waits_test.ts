import assert from "node:assert/strict";
import { fixedWaits, mayNotWait } from "./fixed_waits.ts";

const TIMER = ["setTimeout", "(resolve, 300);"].join("");
const SLEEP = ["sleep", "0.5"].join(" ");

Deno.test("fixedWaits() finds timers and sleeps without a reason", () => {
  for (
    const line of [
      `await new Promise((resolve) => ${TIMER}`,
      `  ${TIMER}`,
      TIMER.replace("Timeout", "Interval"),
      ["Atomics.wait", "(array, 0, 0, 100);"].join(""),
      `const script = "${SLEEP}; echo done";`,
      ["sleep ", "${seconds}"].join(""),
      ["new Deno.Command(", '"sleep"', ', { args: ["1"] })'].join(""),
    ]
  ) {
    assert.deepEqual(fixedWaits(`one();\n${line}`), [2], line);
    assert.deepEqual(fixedWaits(`// waits\n${line}`), [2], line);
    assert.deepEqual(fixedWaits(`// time:\n${line}`), [2], line);
    assert.deepEqual(fixedWaits(`// time: a slow stream.\n\n${line}`), [3], line);
    assert.deepEqual(fixedWaits(`// time: a slow stream.\none();\n${line}`), [3], line);
  }
});

Deno.test("fixedWaits() accepts waits with a reason right above", () => {
  assert.deepEqual(fixedWaits(`  // time: a slow stream.\n  ${TIMER}`), []);
  assert.deepEqual(fixedWaits(`// time: a slow stream,\n// as pipes are.\n${TIMER}`), []);
  assert.deepEqual(fixedWaits(`# time: between two looks.\n${SLEEP}`), []);
});

Deno.test("fixedWaits() accepts what only names a wait", () => {
  for (const line of [`// ${TIMER}`, "await sleep();", "clearTimeout(id);", "/EXIT +sleep .*/"]) {
    assert.deepEqual(fixedWaits(line), [], line);
  }
});

Deno.test("mayNotWait() covers tests and their helpers, except tests/support", () => {
  for (const path of ["tests/cli/life_test.ts", "tests/embed/host.ts", "oci/a_test.ts"]) {
    assert.ok(mayNotWait(path), path);
  }
  for (const path of ["tests/support/condition.ts", "runtime/guest.ts", "tests/guests/abi/abi.c"]) {
    assert.ok(!mayNotWait(path), path);
  }
});
