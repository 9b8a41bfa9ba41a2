import assert from "node:assert/strict";
import { describe, readJunit } from "./junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="0.086">
    <testsuite name="./a_test.ts" tests="3" disabled="1" errors="0" failures="1">
        <testcase name="a &lt;failure&gt; &amp; &quot;b&quot;" classname="./a_test.ts">
        </testcase>
        <testcase name="bad" classname="./a_test.ts" time="0.000" line="2" col="6">
            <failure message="Uncaught Error: &lt;skipped/&gt;">Error: &lt;/testcase&gt;
    at file:///a_test.ts:2:32</failure>
        </testcase>
        <testcase name="ignored" classname="./a_test.ts" time="0.000" line="3" col="6">
            <skipped/>
        </testcase>
    </testsuite>
    <testsuite name="./b/c_test.ts" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="good" classname="./b/c_test.ts" time="0.000" line="2" col="6">
        </testcase>
    </testsuite>
</testsuites>
`;

Deno.test("readJunit() counts each outcome and names the files", () => {
  assert.deepEqual(readJunit(REPORT), {
    counts: { passed: 2, failed: 1, skipped: 1 },
    files: ["a_test.ts", "b/c_test.ts"],
  });
});

Deno.test("readJunit() counts nothing in an empty report", () => {
  assert.deepEqual(readJunit(""), { counts: { passed: 0, failed: 0, skipped: 0 }, files: [] });
});

Deno.test("describe() names skipped tests only when there are any", () => {
  assert.equal(describe({ passed: 12, failed: 0, skipped: 0 }), "12 passed, 0 failed");
  assert.equal(describe({ passed: 12, failed: 0, skipped: 1 }), "12 passed, 0 failed, 1 skipped");
});
