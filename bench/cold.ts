/**
 * What a cold start costs, for each function: size of its bundle, time to import it, and time to its first answer to an event
 * without any configuration; each in a fresh process. Least and median of several, less an empty module's: on a
 * machine that others use the least is closest to the truth. Run `npm run build` first.
 *
 *   npm run bench:cold [-- PATH_OF_ANOTHER_NODE ...]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const runs = 15;
const folder = mkdtempSync(join(tmpdir(), 'ferry-cold-'));
const queue = 'https://sqs.eu-central-1.amazonaws.com/111122223333';
/** As Lambda and serverless.ts set them. */
const env = {
  AWS_LAMBDA_FUNCTION_NAME: 'ferry',
  AWS_REGION: 'eu-central-1',
  FERRY_TABLE: 'jobs',
  FERRY_PARTS_QUEUE_URL: `${queue}/parts`,
  FERRY_TASKS_QUEUE_URL: `${queue}/tasks`,
  FERRY_EVENTS_QUEUE_URL: `${queue}/events`,
};

/** Milliseconds of the import, and of the handler's first answer, by the process's own clock. */
function startOnce(node: string, file: string): [number, number] {
  const probe = join(folder, 'probe.mjs');
  writeFileSync(
    probe,
    `const began = performance.now();
     const { handler } = await import(${JSON.stringify(pathToFileURL(resolve(file)).href)});
     const imported = performance.now();
     const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 30_000 };
     await handler?.({ Records: [{ eventSource: 'aws:sqs', messageId: 'm', body: '{"Records":[]}' }] }, context).catch(() => {});
     console.log(JSON.stringify([imported - began, performance.now() - began]));
     process.exit(0);`,
  );
  const output = execFileSync(node, [probe], {
    encoding: 'utf8',
    env,
    cwd: folder,
    // The SDK says there that Node 20 is old.
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as [number, number];
}

interface Times {
  least: number;
  median: number;
}

function measure(node: string, file: string): { imported: Times; answered: Times } {
  const all = Array.from({ length: runs }, () => startOnce(node, file));
  const times = (which: 0 | 1): Times => {
    const sorted = all.map((pair) => pair[which]).sort((a, b) => a - b);
    return { least: sorted[0] ?? 0, median: sorted[(runs - 1) / 2] ?? 0 };
  };
  return { imported: times(0), answered: times(1) };
}

const text = ({ least, median }: Times, floor: number): string =>
  `${(least - floor).toFixed(0)} (${(median - floor).toFixed(0)}) ms`;

const kilobytes = (files: string[]): string =>
  (files.reduce((sum, file) => sum + statSync(file).size, 0) / 1000).toFixed(0);

try {
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, 'export {};');
  for (const node of [process.execPath, ...process.argv.slice(2)]) {
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    console.log(`Node ${version}: least (median) of ${runs}`);
    const floor = measure(node, empty).imported.least;
    for (const name of ['object-created', 'work', 'api', 'sweep']) {
      const first = join('dist/functions', `${name}.mjs`);
      const folderOfLater = join('dist/functions', `${name}-later`);
      const later = readdirSync(folderOfLater).map((file) => join(folderOfLater, file));
      const { imported, answered } = measure(node, first);
      const sizes = `${kilobytes([first])} of ${kilobytes([first, ...later])} kB`;
      // The sweep asks the table at once, and there is none.
      const answer = name === 'sweep' ? '' : `, first answer ${text(answered, floor)}`;
      console.log(`  ${name}: ${sizes}, import ${text(imported, floor)}${answer}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
