// Bundles the simulation with the engine as it is, then searches schedules or replays one.
//   npm run sim -- --seed 4711              replay one schedule and print its trace
//   npm run sim -- --runs 100000 [--from 1] [--processes 2] [--all]      --processes: by default one per core
// --batches: schedules of whole batches instead of single copies. --lists: only those whose batch is a list (about 40 %).
// --shrink: also leave out what the violation does not need. --all: do not stop at the first violation, one line for each.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { performance } from 'node:perf_hooks';
import { join } from 'node:path';
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(availableParallelism()) },
    shrink: { type: 'boolean', default: false },
    batches: { type: 'boolean', default: false },
    lists: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    bundle: { type: 'string' },
    stride: { type: 'string' },
  },
});

const isOfBatches = values.batches || values.lists;
const isChild = values.bundle !== undefined;
const folder = isChild ? undefined : mkdtempSync(join(tmpdir(), 'ferry-sim-'));
const bundle = values.bundle ?? join(folder, 'sim.mjs');
if (folder) {
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  await build({
    entryPoints: [isOfBatches ? 'test/simulation/batch/search.ts' : 'test/simulation/search.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
}
const { describeOutcome, search, shrink, simulate } = await import(pathToFileURL(bundle).href);

/** Prints the smallest schedule that still fails; returns the exit code. */
async function show(violation) {
  const { outcome } = await shrink(violation);
  console.log(describeOutcome(outcome));
  const kind = isOfBatches ? '--batches ' : '';
  console.log(
    `\nreplay: npm run sim -- ${kind}--seed ${violation.seed}${violation.fired.length > 0 && !isOfBatches ? ' [--shrink]' : ''}`,
  );
}

if (values.seed !== undefined) {
  const outcome = await simulate(Number(values.seed), { trace: true });
  if (values.shrink && outcome.violation) await show(outcome);
  else console.log(describeOutcome(outcome));
  process.exitCode = outcome.violation ? 1 : 0;
} else if (isChild) {
  const enough = values.all ? Infinity : 1;
  const options = {
    enough,
    from: Number(values.from),
    runs: Number(values.runs),
    lists: values.lists,
    stride: Number(values.stride),
  };
  const progress = ({ schedules, steps, struck, violations }) =>
    process.send({ schedules, steps, struck, violations: violations.length });
  const found = (violation) => values.all && console.log(describeOutcome(violation).split('\n', 1)[0]);
  const tally = await search({ ...options, progress, found });
  progress(tally);
  if (!values.all) for (const violation of tally.violations) await show(violation);
  process.disconnect();
  process.exitCode = tally.violations.length > 0 ? 1 : 0;
} else {
  await searchInParallel(Number(values.from), Number(values.runs), Number(values.processes));
}

async function searchInParallel(from, runs, processes) {
  const began = performance.now();
  const tallies = new Map();
  const sum = (what) => [...tallies.values()].reduce((total, tally) => total + tally[what], 0);
  const line = () => {
    const seconds = (performance.now() - began) / 1000;
    const rate = Math.round(sum('schedules') / seconds);
    return `${sum('schedules')} of ${runs} schedules, ${sum('struck')} with faults, ${sum('steps')} steps, ${seconds.toFixed(1)} s, ${rate} schedules/s`;
  };
  let last = began;
  const children = Array.from({ length: processes }, (_, i) => {
    const args = [
      '--bundle',
      bundle,
      '--from',
      String(from + i),
      '--runs',
      String(runs - i),
      '--stride',
      String(processes),
    ];
    if (values.all) args.push('--all');
    if (values.lists) args.push('--lists');
    else if (values.batches) args.push('--batches');
    const child = fork(process.argv[1], args);
    child.on('message', (tally) => {
      tallies.set(i, tally);
      if (performance.now() - last < 5000) return;
      last = performance.now();
      console.log(line());
    });
    return new Promise((resolve) => {
      child.on('exit', (code, signal) => {
        if (signal) console.log(`process ${i} was ended by ${signal}`);
        resolve(code ?? 1);
      });
    });
  });
  const codes = await Promise.all(children);
  console.log(`${line()}, seeds ${from} to ${from + runs - 1}: ${sum('violations')} violations`);
  process.exitCode = codes.some((code) => code !== 0) ? 1 : 0;
}
