import assert from "node:assert/strict";
import { cpuMs } from "../../tests/support/timely.ts";
import { nextLink } from "./pages.ts";

const base = new URL("https://a.example/v2/x/tags/list?n=2");
const next = (header: string | null) => nextLink(header, base)?.href;

Deno.test("nextLink() finds the next page, relative or absolute", () => {
  const path = "/v2/x/tags/list?last=b&n=2";
  assert.equal(next(`<${path}>; rel="next"`), `https://a.example${path}`);
  assert.equal(next(`<https://b.example/y>;rel=next`), "https://b.example/y");
  assert.equal(
    next(`<?last=c>; title="a, <b>"; rel="prev NEXT"`),
    `${base.origin}${base.pathname}?last=c`,
  );
  assert.equal(next(`</p>; rel="prev", </n>; rel="next"`), "https://a.example/n");
});

Deno.test("nextLink() returns undefined without a next page", () => {
  for (
    const header of [
      null,
      "",
      "</p>",
      `</p>; rel="prev"`,
      `/p; rel="next"`,
      `<https://[>; rel=next`,
    ]
  ) {
    assert.equal(next(header), undefined, String(header));
  }
});

Deno.test("nextLink() reads hostile headers in bounded time", () => {
  for (const part of ["<", "<>", '<>"', '<>;rel="', "<>; rel=", ">;"]) {
    const header = part.repeat(50_000);
    // Quadratic backtracking would take minutes.
    assert.ok(cpuMs(() => nextLink(header, base)) < 10_000, part);
  }
});
