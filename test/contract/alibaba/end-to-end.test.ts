/**
 * The stack of alibaba.ts with the built bundles, on stand-ins of OSS, Tablestore and Function Compute: instances are killed,
 * messages come twice or are lost, the API is too busy, and nothing may be lost or half done.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stageNamed, templateOf } from '../../../alibaba.ts';
import { openTablestore } from '../../../lib/state/tablestore/open.ts';
import { openStore } from '../../../lib/store/open.ts';
import { seededRandom } from '../../../lib/twin/random.ts';
import type { Deployment } from './deploy.ts';
import { deploy } from './deploy.ts';

const MiB = 1024 * 1024;
const stage = { ...stageNamed('dev'), write: ['ferry-dev-backup', 'ferry-dev-archive'] };
const [source = '', backup = '', archive = ''] = [...stage.read, ...stage.write];
const apiKey = 'end-to-end-key-0123456789abcdef';
const patience = { timeout: 240_000, interval: 500 };
const lines: string[] = [];
const random = seededRandom(1);

let at: Deployment;
beforeAll(async () => {
  at = await deploy({
    stage,
    template: templateOf(stage, { bucket: stage.codeBucket, object: 'code.zip' }),
    // JSON is YAML.
    config: JSON.stringify({
      callers: [
        {
          name: 'end-to-end',
          keys: [apiKey],
          read: [`oss://${backup}`],
          write: [`oss://${backup}`, `oss://${archive}`],
          seesAllJobs: true,
        },
      ],
      defaultStore: 'oss',
      rules: [{ name: 'all', source: { bucket: source }, destination: { bucket: backup } }],
    }),
    // Only what the test kills is to die, however slow the machine.
    timeout: 180,
    settings: {
      FERRY_DIRECT_MAX: '4MiB',
      FERRY_PART_SIZE_MIN: '1MiB',
      FERRY_PART_SIZE_MAX: '1MiB',
      FERRY_PART_RESERVE_MS: '4000',
      FERRY_LEASE_MS: '15000',
      FERRY_STALE_MS: '15000',
      FERRY_ORPHAN_GRACE_MS: '15000',
    },
    random,
    onLine: (line) => void lines.push(line),
  });
}, 120_000);
afterAll(async () => {
  await at?.close();
  // Whichever of the tests ran.
  expect(lines.length).toBeGreaterThan(0);
  const secrets = /role-secret|role-token|end-to-end-key|ACS3-HMAC-SHA256 C/;
  expect(lines.filter((line) => secrets.test(line))).toEqual([]);
}, 60_000);

const same = async (from: [string, string], to: [string, string]) => {
  const [a, b] = [await at.oss.store.bytes(...from), await at.oss.store.bytes(...to)];
  return a.equals(b);
};
const isThere = async (bucket: string, key: string) => (await at.oss.store.head(bucket, key)) !== undefined;

/** No message is on its way, every job has ended well, no upload is open, nothing was given up. */
async function expectAtRest(): Promise<void> {
  const { accessKeyId, secretAccessKey, sessionToken } = at.oss;
  const credentials = { accessKeyId, accessKeySecret: secretAccessKey, securityToken: sessionToken };
  const { endpoint, instance } = at.table;
  const opened = openTablestore({ endpoint, instance, table: 'ferry', credentials: async () => credentials });
  const unfinished = async () => {
    const { jobs } = await opened.state.list({ limit: 100 });
    return jobs.filter(({ state }) => state !== 'done').map(({ id, state }) => `${id} ${state}`);
  };
  try {
    await expect.poll(unfinished, patience).toEqual([]);
    for (const bucket of stage.write) await expect.poll(() => at.oss.store.uploads(bucket), patience).toEqual([]);
    expect(at.host.deadLetters.map(({ responsePayload }) => responsePayload)).toEqual([]);
  } finally {
    await opened.close();
  }
}

it('replicates a small object, with one copy and one look and no write to the table', async () => {
  at.oss.requests.reset();
  at.table.requests.length = 0;
  const { url: endpoint, ...credentials } = at.oss;
  const address = { scheme: 'oss' as const, endpoint, region: stage.region };
  const client = openStore({ address, credentials: async () => credentials });
  // Its event comes by the trigger.
  await client.putObject({ bucket: source, key: 'small/ä 1' }, 'hello');
  await client.close();
  await expect.poll(() => isThere(backup, 'small/ä 1'), patience).toBe(true);
  await expect.poll(() => at.functions.objectCreated.running, patience).toBe(0);
  expect(at.oss.requests.all().map(({ operation }) => operation)).toEqual(['PutObject', 'CopyObject', 'HeadObject']);
  expect(at.table.requests.filter(({ operation }) => /^(Put|Update)/.test(operation))).toEqual([]);
  await expectAtRest();
}, 300_000);

it('renames a large object by parts, asked for by HTTP', async () => {
  await at.oss.store.put(backup, 'large', { size: 24 * MiB });
  const before = await at.oss.store.bytes(backup, 'large');
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  // Within one bucket OSS would copy it at once.
  const body = JSON.stringify({ from: `oss://${backup}/large`, to: `oss://${archive}/renamed/größer + 1` });
  const answer = await fetch(`${at.api}/v1/renames`, { method: 'POST', headers, body });
  expect([answer.status, await answer.clone().text()]).toEqual([202, expect.any(String)]);
  const status = `${at.api}${answer.headers.get('location')}`;
  const job = async () => (await (await fetch(status, { headers })).json()) as { state: string };
  await expect.poll(async () => (await job()).state, patience).toBe('done');
  expect(await job()).toMatchObject({ result: { way: 'parts', sourceRemoved: true }, progress: { partsCopied: 24 } });
  expect((await at.oss.store.bytes(archive, 'renamed/größer + 1')).equals(before)).toBe(true);
  expect(await isThere(backup, 'large')).toBe(false);
  await expectAtRest();
}, 300_000);

it('loses nothing while instances are killed, half of the messages come twice and the API is often too busy', async () => {
  const { objectCreated, parts, work } = at.functions;
  at.mischief({ duplicates: 0.5, lost: 0 });
  at.host.faults.busy = 0.3;
  at.host.faults.lostAnswers = 0.05;
  at.table.faults.add({ what: 'OTSServerBusy', share: 0.05 });
  // So each function is at work for some turns of this process's timers, and the strikes below meet it, however fast it is.
  for (const operation of ['UploadPartCopy', 'CopyObject', 'ListParts']) {
    at.oss.faults.add({ match: { operation }, effect: { kind: 'latency', ms: 300 } });
  }
  // Twice each: a task that ends its instance three times is given up.
  const left = [parts, work, objectCreated].flatMap((victim) => [victim, victim]);
  const strikes = setInterval(() => {
    const n = left.findIndex((victim) => victim.strike('kill', random));
    if (n >= 0) left.splice(n, 1);
  }, 20);
  const keys = ['huge', ...Array.from({ length: 40 }, (_, n) => `many/${n}`)];
  try {
    await at.oss.store.put(source, 'huge', { size: 48 * MiB });
    for (const key of keys.slice(1)) await at.oss.store.put(source, key, { body: `body of ${key}` });
    const events = keys.map((key) => event(key, key === 'huge' ? 48 * MiB : 10));
    for (const one of events) at.host.trigger(objectCreated.name, one);
    await expect
      .poll(
        async () => (await Promise.all(keys.map((key) => isThere(backup, key)))).filter((is) => !is).length,
        patience,
      )
      .toBe(0);
  } finally {
    clearInterval(strikes);
    at.mischief({ duplicates: 0, lost: 0 });
    Object.assign(at.host.faults, { busy: 0, lostAnswers: 0 });
    at.table.faults.clear();
    at.oss.faults.clear();
  }
  for (const key of keys) expect(await same([source, key], [backup, key]), key).toBe(true);
  await expectAtRest();
  for (const { name, counts } of [parts, work, objectCreated]) expect(counts.killed, name).toBeGreaterThan(0);
  const busy = at.host.seen.filter(({ status }) => status === 429).length;
  expect(busy).toBeGreaterThan(0);
  console.log('mischief', { busy, parts: parts.counts, work: work.counts, objectCreated: objectCreated.counts });
}, 400_000);

it('goes on after tasks were lost for good, when the sweep finds the job', async () => {
  await at.oss.store.put(source, 'forgotten', { size: 8 * MiB });
  at.host.trigger(at.functions.objectCreated.name, event('forgotten', 8 * MiB));
  // The event itself is not lost: a reconcile would find that.
  at.mischief({ duplicates: 0, lost: 1 });
  const lost = () => at.host.queueOf(at.functions.parts.name).counts.lost;
  try {
    await expect.poll(lost, patience).toBeGreaterThan(0);
  } finally {
    at.mischief({ duplicates: 0, lost: 0 });
  }
  await expect.poll(() => isThere(backup, 'forgotten'), patience).toBe(true);
  expect(await same([source, 'forgotten'], [backup, 'forgotten'])).toBe(true);
  await expectAtRest();
}, 300_000);

/** As the native trigger of OSS writes it. */
function event(key: string, size: number) {
  const oss = { bucket: { name: source }, object: { key, size } };
  const record = { eventSource: 'acs:oss', eventName: 'ObjectCreated:PutObject', region: stage.region, oss };
  return { events: [{ ...record, eventTime: new Date().toISOString() }] };
}
