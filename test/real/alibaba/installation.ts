/** object-ferry deployed on the stand-ins of OSS, Tablestore and Function Compute, as the template says, and what is kept of a run. */
import { expect } from 'vitest';
import { stageNamed, templateOf } from '../../../alibaba.ts';
import type { FunctionName } from '../../../deploy/alibaba/stage.ts';
import { functionNames } from '../../../deploy/alibaba/stage.ts';
import type { StateTable } from '../../../lib/copy/model/ports.ts';
import { openTablestore } from '../../../lib/state/tablestore/open.ts';
import { seededRandom } from '../../../lib/twin/random.ts';
import type { Deployment } from '../../contract/alibaba/deploy.ts';
import { deploy } from '../../contract/alibaba/deploy.ts';
import { accessesOf, refusedOf } from '../../contract/alibaba/ram.ts';

export const apiKey = 'end-to-end-key-0123456789abcdef';
export const stage = {
  ...stageNamed('dev'),
  // Both ways, so that a replica could come back.
  read: ['ferry-dev-source', 'ferry-dev-backup'],
  write: ['ferry-dev-source', 'ferry-dev-backup', 'ferry-dev-archive'],
};
const template = templateOf(stage, { bucket: stage.codeBucket, object: 'code.zip' });
export const [source = '', backup = '', archive = ''] = stage.write;
export const patience = { timeout: 400_000, interval: 500 };
export const partSize = 128 * 1024;

export interface Installation extends Deployment {
  jobs: StateTable;
  /** Of the functions' logs. */
  lines: string[];
  /** Moves the clock of everything ahead, milliseconds. */
  advance(ms: number): void;
  /** Forgets the calls so far; they count for the roles all the same. */
  forget(): void;
  /** Calls that no role allowed, since the installation was made. */
  refused(): string[];
}

export async function install(): Promise<Installation> {
  let ahead = 0;
  const lines: string[] = [];
  const refused = new Set<string>();
  const at = await deploy({
    stage,
    template,
    // JSON is YAML.
    config: JSON.stringify({
      callers: [
        {
          name: 'end-to-end',
          keys: [apiKey],
          read: stage.write.map((bucket) => `oss://${bucket}`),
          write: stage.write.map((bucket) => `oss://${bucket}`),
          seesAllJobs: true,
        },
      ],
      defaultStore: 'oss',
      rules: [
        { name: 'there', source: { bucket: source, prefix: 'both/' }, destination: { bucket: backup } },
        { name: 'back', source: { bucket: backup, prefix: 'both/' }, destination: { bucket: source } },
      ],
    }),
    // A slow machine must not be what ends an invocation, and what was killed must not be waited for too long.
    timeout: 60,
    settings: {
      FERRY_DIRECT_MAX: '4MiB',
      FERRY_PART_SIZE_MIN: String(partSize),
      FERRY_PART_SIZE_MAX: String(partSize),
      FERRY_PART_RESERVE_MS: '4000',
      FERRY_LEASE_MS: '15000',
      FERRY_STALE_MS: '15000',
      FERRY_ORPHAN_GRACE_MS: '15000',
    },
    ahead: () => ahead,
    random: seededRandom(1),
    onLine: (line) => void lines.push(line),
  });
  const { accessKeyId, secretAccessKey, sessionToken } = at.oss;
  const opened = openTablestore({
    endpoint: at.table.endpoint,
    instance: at.table.instance,
    table: 'ferry',
    credentials: async () => ({ accessKeyId, accessKeySecret: secretAccessKey, securityToken: sessionToken }),
    clock: { now: () => Date.now() + ahead, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
  });
  const note = () => {
    const asked = accessesOf(at, stage);
    const missing = (name: FunctionName) => refusedOf(template, stage, name, asked[name]);
    for (const name of functionNames) for (const text of missing(name)) refused.add(`${name}: ${text}`);
  };
  return {
    ...at,
    jobs: opened.state,
    lines,
    advance: (ms) => void (ahead += ms),
    forget() {
      note();
      at.oss.requests.reset();
      at.table.requests.length = 0;
      at.host.seen.length = 0;
    },
    refused() {
      note();
      return [...refused];
    },
    async close() {
      await opened.close();
      await at.close();
    },
  };
}

/** No message is on its way, every job has ended (well, unless told otherwise), no upload is open, nothing was given up. */
export async function expectAtRest(at: Installation, ends: string[] = ['done']): Promise<void> {
  const unfinished = async () => {
    const { jobs } = await at.jobs.list({ limit: 200 });
    return jobs.filter(({ state }) => !ends.includes(state)).map(({ id, state, reason }) => ({ id, state, reason }));
  };
  await expect.poll(unfinished, patience).toEqual([]);
  for (const bucket of stage.write) await expect.poll(() => at.oss.store.uploads(bucket), patience).toEqual([]);
  await expect.poll(() => at.host.pending(), { ...patience, interval: 50 }).toBe(0);
  expect(at.host.deadLetters.map(({ responsePayload }) => responsePayload)).toEqual([]);
}
