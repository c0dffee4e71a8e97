/**
 * The whole installation: a store's own notifications in, the built bundles in processes that are frozen, killed and timed
 * out as on Lambda, messages that come twice and late. `FERRY_E2E_SCALE` (1) scales the large object and the many small ones;
 * `FERRY_LAMBDA_NODE` is another Node to run the functions with, best of Lambda's own version.
 */
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { putLarge, sha256 } from '../../contract/store/large.ts';
import { MiB } from '../../contract/store/target.ts';
import { quirks } from '../quirks.ts';
import type { Passed } from '../servers/proxy.ts';
import { isPartCopy } from '../servers/proxy.ts';
import type { ServerInfo } from '../servers/server.ts';
import { expectAtRest, patience } from './at-rest.ts';
import type { Queue } from './deploy.ts';
import type { Installation } from './installation.ts';
import { apiKey, install, timeout } from './installation.ts';
import { withMischief } from './mischief.ts';
import { onBoth } from './on-both.ts';

const scale = Number(process.env.FERRY_E2E_SCALE ?? 1);

onBoth('on AWS, end to end', endToEnd);

function endToEnd(server: ServerInfo, queueServer: ServerInfo<'moto'>): void {
  let at: Installation;
  beforeAll(async () => {
    at = await install(server, queueServer);
  });
  afterAll(() => at.close());

  const place = () => ({ store: at.store, bucket: at.aside, quirks: quirks[server.kind] });
  const isCopy = ({ method, headers }: Passed) => method === 'PUT' && 'x-amz-copy-source' in headers;
  const requests = (wanted: (request: Passed) => boolean) => at.calls.store.passed.filter(wanted).length;
  const tableCalls = (...names: string[]) =>
    at.calls.table.passed.filter(({ headers }) =>
      names.some((name) => String(headers['x-amz-target']).endsWith(`.${name}`)),
    ).length;
  const tableWrites = () => tableCalls('PutItem', 'UpdateItem');
  const delivered = (queue: string) => at.deliveries.get(at.queues[queue]?.url ?? '') ?? 0;
  const forget = () => {
    at.calls.store.passed.length = 0;
    at.calls.table.passed.length = 0;
    at.deliveries.clear();
  };

  it('copies a large object in parts, within the budget of requests and writes', async () => {
    const ref = { bucket: at.source, key: 'large, undisturbed' };
    forget();
    const large = await putLarge(place(), ref, { parts: 24, partSize: 12 * MiB });
    const replica = { bucket: at.replica, key: ref.key };
    await expect.poll(() => at.store.head(replica).catch(() => undefined), patience).toBeDefined();
    await expectAtRest(at);
    expect(await sha256(at.store, replica)).toBe(large.sha256);
    const counted = {
      parts: requests(isPartCopy),
      initiate: requests(({ method, query }) => method === 'POST' && query.has('uploads')),
      list: requests(({ method, query }) => method === 'GET' && query.has('uploadId')),
      complete: requests(({ method, query }) => method === 'POST' && query.has('uploadId')),
      layout: requests(({ method, query }) => method === 'HEAD' && query.has('partNumber')),
      // The fourth is the second look of a replica.
      head: requests(({ method, query }) => method === 'HEAD' && !query.has('partNumber')),
      writes: tableWrites(),
    };
    const { parts } = large;
    const budget = { parts, initiate: 1, list: 1, complete: 1, layout: 1, head: 4, writes: parts + 5 };
    // One event, a task for each part, one finish. What a slow machine made Lambda deliver again may ask again.
    const again = delivered('EventsQueue') + delivered('PartsQueue') + delivered('TasksQueue') - (1 + parts + 1);
    expect(counted.parts).toBeGreaterThanOrEqual(parts);
    for (const [what, most] of Object.entries(budget)) {
      expect(counted[what as keyof typeof counted], what).toBeLessThanOrEqual(most + again);
    }
    console.log('large object', { ...counted, again });
  });

  it('renames it by the HTTP API', async () => {
    const [from, to] = ['large, undisturbed', 'renamed/größer + 1'].map((key) => ({ bucket: at.replica, key }));
    if (!from || !to) return;
    const before = await sha256(at.store, from);
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ from: `s3://${from.bucket}/${from.key}`, to: `s3://${to.bucket}/${to.key}` });
    const answer = await fetch(`${at.front.url}/v1/renames`, { method: 'POST', headers, body });
    expect(answer.status).toBe(202);
    const status = `${at.front.url}${answer.headers.get('location')}`;
    const job = async () => (await (await fetch(status, { headers })).json()) as { state: string };
    await expect.poll(async () => (await job()).state, patience).toBe('done');
    expect(await job()).toMatchObject({ result: { way: 'parts', sourceRemoved: true }, progress: { partsCopied: 24 } });
    expect(await sha256(at.store, to)).toBe(before);
    await expect(at.store.head(from)).rejects.toMatchObject({ code: 'NotFound' });
    await expectAtRest(at);
  });

  it('fans a huge object out over many invocations, which are killed, stalled and told everything twice', async () => {
    const parts = Math.max(8, Math.round(64 * scale));
    const ref = { bucket: at.source, key: 'huge' };
    forget();
    await withMischief(at, at.work, async () => {
      const huge = await putLarge(place(), ref, { parts, partSize: 32 * MiB });
      const replica = { bucket: at.replica, key: ref.key };
      await expect.poll(() => at.store.head(replica).catch(() => undefined), patience).toBeDefined();
      expect(await sha256(at.store, replica)).toBe(huge.sha256);
    });
    await expectAtRest(at);
    const { counts } = at.work;
    expect(counts.peak).toBeGreaterThanOrEqual(8);
    expect(counts.killed).toBeGreaterThan(0);
    expect(counts.timeouts).toBeGreaterThan(0);
    // One part a task: what is in the store is not copied again when its task was cut off, only when it was delivered twice.
    expect(requests(isPartCopy)).toBeGreaterThanOrEqual(parts);
    expect(requests(isPartCopy)).toBeLessThanOrEqual(delivered('PartsQueue'));
    const completed = at.calls.store.passed.filter(
      ({ method, query, status }) => method === 'POST' && query.has('uploadId') && status === 200,
    );
    // A finisher that is cut off before it has the answer is followed by another; but there is one upload.
    expect(new Set(completed.map(({ query }) => query.get('uploadId'))).size).toBe(1);
    expect(completed.length).toBeLessThanOrEqual(1 + counts.killed + counts.timeouts);
    console.log('huge object', { parts, copied: requests(isPartCopy), completed: completed.length, ...counts });
  });

  it('replicates small objects with one copy and one look each, and no write', async () => {
    forget();
    const count = Math.ceil(500 * scale);
    await putMany('small', count);
    await expectSame('small', count);
    await expectAtRest(at);
    const most = delivered('EventsQueue');
    expect(requests(isCopy)).toBeGreaterThanOrEqual(count);
    expect(requests(isCopy)).toBeLessThanOrEqual(most);
    expect(requests(({ method }) => method === 'HEAD')).toBeLessThanOrEqual(most);
    expect(at.calls.store.passed.length).toBeLessThanOrEqual(2 * most);
    console.log('small objects without faults', { count, delivered: most, requests: at.calls.store.passed.length });
    // The sweep queries what is due; no other component queries.
    expect(at.calls.table.passed).toHaveLength(tableCalls('Query'));
  });

  it('loses none of thousands when its functions are killed and stalled and events come twice', async () => {
    forget();
    const count = Math.ceil(4_500 * scale);
    const { killed, timeouts } = { ...at.objectCreated.counts };
    await withMischief(at, at.objectCreated, async () => {
      await putMany('many', count);
      await expectSame('many', count);
    });
    await expectAtRest(at);
    expect(at.objectCreated.counts.killed).toBeGreaterThan(killed);
    expect(at.objectCreated.counts.timeouts).toBeGreaterThan(timeouts);
    expect(requests(isCopy)).toBeLessThanOrEqual(delivered('EventsQueue'));
    console.log('small objects', {
      count,
      delivered: delivered('EventsQueue'),
      copies: requests(isCopy),
      ...at.objectCreated.counts,
    });
  });

  it('keeps an event that cannot be worked on as a dead letter, and takes it back when it can', async () => {
    const refused = { kind: 'answer', status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } as const;
    at.calls.store.intervene = async (request) => (isCopy(request) ? refused : undefined);
    await hideEventsFor(2);
    await at.store.putObject({ bucket: at.source, key: 'refused' }, 'x');
    const letters = at.queues['EventsDeadLetters'] as Queue;
    await expect.poll(() => at.depth(letters), patience).toBe(1);
    expect(at.errors.some((line) => line.includes('AccessDenied'))).toBe(true);
    at.calls.store.intervene = async () => {};
    await hideEventsFor(timeout + 2);
    await redrive(letters, at.queues['EventsQueue'] as Queue);
    await expectSame('refused', 1);
    await expectAtRest(at);
  });

  /** @param seconds until an event comes back whose function failed */
  async function hideEventsFor(seconds: number): Promise<void> {
    const Attributes = { VisibilityTimeout: String(seconds) };
    await at.sqs.send(new SetQueueAttributesCommand({ QueueUrl: at.queues['EventsQueue']?.url, Attributes }));
  }

  /** What StartMessageMoveTask does, which moto does not know. */
  async function redrive(from: Queue, to: Queue): Promise<void> {
    const { Messages = [] } = await at.sqs.send(new ReceiveMessageCommand({ QueueUrl: from.url, WaitTimeSeconds: 20 }));
    for (const { Body, ReceiptHandle } of Messages) {
      await at.sqs.send(new SendMessageCommand({ QueueUrl: to.url, MessageBody: Body }));
      await at.sqs.send(new DeleteMessageCommand({ QueueUrl: from.url, ReceiptHandle }));
    }
  }

  async function putMany(folder: string, count: number): Promise<void> {
    let next = 0;
    const put = async (): Promise<void> => {
      for (let n = next++; n < count; n = next++) {
        await at.store.putObject({ bucket: at.source, key: `${folder}/ä ${n}` }, `${folder} ${n}`.repeat(50));
      }
    };
    await Promise.all(Array.from({ length: 24 }, put));
  }

  async function expectSame(prefix: string, count: number): Promise<void> {
    const etags = async (bucket: string) => {
      const found: [string, string][] = [];
      let token: string | undefined;
      do {
        const page = await at.store.listObjects(bucket, { prefix, token });
        found.push(...page.contents.map(({ key, etag }) => [key, etag] as [string, string]));
        token = page.next;
      } while (token !== undefined);
      return found;
    };
    const wanted = await etags(at.source);
    expect(wanted).toHaveLength(count);
    await expect.poll(async () => (await etags(at.replica)).length, patience).toBe(count);
    expect(await etags(at.replica)).toEqual(wanted);
  }
}
