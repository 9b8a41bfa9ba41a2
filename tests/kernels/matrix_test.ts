/**
 * Runs under other kernels. `./dev matrix` boots each of them and runs every case; `./dev test`
 * boots one, for a few: SEED selects them.
 */
import {
  type Kernel,
  type KernelCase,
  KERNELS,
  type Processor,
  PROCESSORS,
  runInKernel,
} from "../support/kernel_vm.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { ATTACH_CASES } from "./attach_cases.ts";
import { OPTION_CASES } from "./option_cases.ts";
import { TOOL_CASES } from "./tool_cases.ts";

const TOOLS: readonly KernelCase[] = [...TOOL_CASES, ...OPTION_CASES];
const CASES: readonly KernelCase[] = [...ATTACH_CASES, ...TOOLS];

/** Cases of `./dev test`. */
const FEW = 6;

const seed = chooseSeed();
const matrix = Deno.env.get("WASM_BPF_MATRIX");
const plan = matrix === undefined ? fewCases(new Random(seed)) : everything(matrix);

for (const { kernel, processor, cases } of plan) {
  const remark = matrix === undefined ? ` (SEED=${seed})` : "";
  const machine = processor.name === "x86_64" ? kernel : `${kernel} on ${processor.name}`;
  Deno.test(`kernel ${machine} runs ${cases.length} cases${remark}`, async (test) => {
    const run = runInKernel(kernel, cases, processor);
    for (const { name, check } of cases) {
      // Each ends when its case does, so that they show how far the machine is.
      await test.step(`${name} works on ${machine}`, async () => {
        const result = await run.result(name);
        if (result === undefined) throw new Error("the machine ended before the case did");
        try {
          check(result, kernel, processor.name);
        } catch (error) {
          const text = `exit code ${result.code}\n${result.stdout}${result.stderr}`;
          // Errors are shown after the last kernel.
          if (matrix !== undefined) await Deno.stderr.write(new TextEncoder().encode(`\n${text}`));
          throw new Error(text, { cause: error });
        }
      });
    }
    const error = await run.ended;
    if (error !== undefined) throw error;
  });
}

/** Cases under a kernel on a processor. */
interface Boot {
  kernel: Kernel;
  processor: Processor;
  cases: readonly KernelCase[];
}

/**
 * Returns the plan of the matrix: `all`, or words that select processors, kernels and cases. Modules
 * embed objects for this machine, so that other processors run the tools alone.
 */
function everything(words: string): Boot[] {
  const wanted = words.split(" ").filter((word) => word !== "");
  const kernels = KERNELS.filter((kernel) => wanted.includes(kernel));
  const processors = PROCESSORS.filter(({ name }) => wanted.includes(name));
  const names = wanted.filter((word) =>
    !kernels.includes(word as Kernel) && !processors.some(({ name }) => name === word)
  );
  const isWanted = ({ name }: KernelCase) =>
    names.length === 0 || names.some((word) => name.split(" ").includes(word));
  return (processors.length > 0 ? processors : PROCESSORS.slice(0, 1)).flatMap((processor) => {
    const cases = processor.programs === undefined ? CASES : TOOLS;
    return (kernels.length > 0 ? kernels : KERNELS).map((kernel) => ({
      kernel,
      processor,
      cases: cases.filter(isWanted),
    }));
  });
}

/** Selects a few cases, and one of the kernels that need not be looked for. */
function fewCases(random: Random): Boot[] {
  const kernel = random.pick(KERNELS.filter((name) => name !== "newest"));
  const left = [...CASES];
  const cases: KernelCase[] = [];
  while (cases.length < FEW && left.length > 0) {
    cases.push(...left.splice(random.below(left.length), 1));
  }
  return PROCESSORS.slice(0, 1).map((processor) => ({ kernel, processor, cases }));
}
