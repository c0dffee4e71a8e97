/** A store behind a proxy that leaves out what the protocol promises: nothing is tried in vain, and nothing is left behind. */
import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { Rig } from './rig.ts';
import { openRig } from './rig.ts';

const MiB = 1024 ** 2;
const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** The twin, with an element of its answers renamed. */
async function bend(rig: Rig, element: string): Promise<string> {
  const server = createServer((message, response) => {
    const { method, url, headers } = message;
    const onwards = send({ host: '127.0.0.1', port: rig.twin.port, method, path: url, headers }, (answer) => {
      const { statusCode = 500, headers: told } = answer;
      if (method === 'HEAD') return void response.writeHead(statusCode, told).end();
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const body = Buffer.concat(chunks).toString('latin1').replaceAll(`${element}>`, 'Another>');
        response.writeHead(statusCode, { ...told, 'content-length': body.length }).end(body, 'latin1');
      });
    });
    message.pipe(onwards);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  toClose.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each([
  ['an Initiate without an UploadId, and remembers that an upload may stand', 'UploadId', 'InitiateMultipartUpload'],
  ['a part without an ETag, and aborts the upload', 'ETag', 'UploadPartCopy'],
])('a copy in parts ends after %s', async (_name, element, operation) => {
  const rig = await openRig('s3');
  toClose.push(() => rig.close());
  await rig.twin.store.put('photos', 'big', { size: 10 * MiB });
  const endpoint = await bend(rig, element);
  const refs = { source: { bucket: 'photos', key: 'big' }, destination: { bucket: 'backup', key: 'big' } };
  const store = { ...rig.address, endpoint };
  await expect(rig.run({ ...refs, store, options: { partSize: 5 * MiB } })).rejects.toMatchObject({
    code: 'BadAnswer',
  });
  const [job] = (await rig.embedded.world.state.list({ limit: 10 })).jobs;
  expect(job).toMatchObject({ state: 'failed', reason: { code: 'BadAnswer' } });
  expect(rig.twin.store.keys('backup')).toEqual([]);
  if (operation === 'InitiateMultipartUpload') {
    expect(rig.twin.requests.count(operation)).toBe(1);
    // What the sweep looks for when it is old enough.
    expect(job?.intents).toHaveLength(1);
    expect(job?.attentionAt).toBeGreaterThan(0);
  } else {
    expect(rig.twin.requests.count(operation)).toBeLessThanOrEqual(2);
    // The row says so first.
    await expect.poll(() => rig.twin.store.uploads('backup')).toEqual([]);
  }
});
