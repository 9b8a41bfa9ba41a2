import assert from "node:assert/strict";
import { parseRestart, restartDelay, restartText } from "./restart.ts";

Deno.test("parseRestart() reads the policies of podman, and nothing else", () => {
  for (const text of ["no", "always", "on-failure", "on-failure:0", "on-failure:3"]) {
    const policy = parseRestart(text);
    assert.equal(policy && restartText(policy), text);
  }
  for (
    const text of ["", "yes", "on-failure:", "on-failure:-1", "on-failure:1e3", "always:2", "no "]
  ) {
    assert.equal(parseRestart(text), undefined, text);
  }
});

Deno.test("restartDelay() doubles up to a minute", () => {
  const delays = [0, 1, 2, 9, 10, 1e6].map((failures) =>
    restartDelay({ kind: "always" }, { code: 0, failures })
  );
  assert.deepEqual(delays, [100, 200, 400, 51_200, 60_000, 60_000]);
});

Deno.test("restartDelay() of on-failure:N ends after N, and after success", () => {
  const policy = { kind: "on-failure", limit: 2 } as const;
  assert.equal(restartDelay(policy, { code: 0, failures: 0 }), undefined);
  assert.equal(restartDelay(policy, { code: 1, failures: 1 }), 200);
  assert.equal(restartDelay(policy, { code: 1, failures: 2 }), undefined);
  assert.equal(restartDelay({ kind: "no" }, { code: 1, failures: 0 }), undefined);
});
