/**
 * Runs under other kernels. `./dev matrix` boots each of them and runs every case; `./dev test`
 * boots one, for a few: SEED selects them.
 */
import { type Kernel, type KernelCase, KERNELS, runInKernel } from "../support/kernel_vm.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { ATTACH_CASES } from "./attach_cases.ts";
import { TOOL_CASES } from "./tool_cases.ts";

const CASES: readonly KernelCase[] = [...ATTACH_CASES, ...TOOL_CASES];

/** Cases of `./dev test`. */
const FEW = 6;

const seed = chooseSeed();
const matrix = Deno.env.get("WASM_BPF_MATRIX");
const plan = matrix === undefined ? fewCases(new Random(seed)) : everything(matrix);

for (const { kernel, cases } of plan) {
  const remark = matrix === undefined ? ` (SEED=${seed})` : "";
  Deno.test(`kernel ${kernel} runs ${cases.length} cases${remark}`, async (test) => {
    const results = await runInKernel(kernel, cases);
    for (const { name, check } of cases) {
      await test.step(`${name} works on ${kernel}`, () => {
        const result = results.get(name);
        if (result === undefined) throw new Error("the machine ended before the case did");
        try {
          check(result, kernel);
        } catch (error) {
          throw new Error(`exit code ${result.code}\n${result.stdout}${result.stderr}`, {
            cause: error,
          });
        }
      });
    }
  });
}

/** Returns the plan of the matrix: `all`, or words that select kernels and cases. */
function everything(words: string): { kernel: Kernel; cases: readonly KernelCase[] }[] {
  const wanted = words.split(" ").filter((word) => word !== "");
  const kernels = KERNELS.filter((kernel) => wanted.includes(kernel));
  const names = wanted.filter((word) => !kernels.includes(word as Kernel));
  const cases = CASES.filter(({ name }) =>
    names.length === 0 || names.some((word) => name.split(" ").includes(word))
  );
  return (kernels.length > 0 ? kernels : KERNELS).map((kernel) => ({ kernel, cases }));
}

/** Selects a few cases, and one of the kernels that need not be looked for. */
function fewCases(random: Random): { kernel: Kernel; cases: readonly KernelCase[] }[] {
  const kernel = random.pick(KERNELS.filter((name) => name !== "newest"));
  const left = [...CASES];
  const cases: KernelCase[] = [];
  while (cases.length < FEW && left.length > 0) {
    cases.push(...left.splice(random.below(left.length), 1));
  }
  return [{ kernel, cases }];
}
