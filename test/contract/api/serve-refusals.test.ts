/** The list of bad requests once more, over a real connection: each gets its problem document, and no store hears of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ApiRequest } from '../../../lib/api/http/http.ts';
import { readServeConfig } from '../../../lib/config/file.ts';
import { noLog } from '../../../lib/log.ts';
import type { Serving } from '../../../lib/runtime/serve/serve.ts';
import { serve } from '../../../lib/runtime/serve/serve.ts';
import { systemClock } from '../../../lib/runtime/shared/system-clock.ts';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import type { BadRequest } from '../../unit/api/bad-requests.ts';
import {
  malformed,
  wrongBatches,
  wrongCallbacks,
  wrongCallers,
  wrongFields,
  wrongObjects,
} from '../../unit/api/bad-requests.ts';
import { callerConfigs, fullRequest, start } from '../../unit/api/fakes.ts';
import { until } from './support.ts';

/** All but those that want a name server of their own, and a header that HTTP cannot carry. */
const list: BadRequest[] = [malformed, wrongFields, wrongObjects, wrongCallers, wrongCallbacks, wrongBatches]
  .flat()
  .filter(([what]) => !what.startsWith('a name ') && what !== 'an idempotency key with a line break');

let twin: Twin;
let serving: Serving;
const home = mkdtempSync(join(tmpdir(), 'ferry-refusals-'));

beforeAll(async () => {
  const buckets = ['media', 'shared', 'assets', 'backup', 'other'].map((name) => ({ name }));
  twin = await startTwin({ buckets });
  await twin.store.put('media', 'uploads/a.bin', { body: 'here' });
  const stores = {
    oss: { scheme: 'oss', endpoint: twin.url, region: 'cn-hangzhou' },
    s3: { scheme: 's3', endpoint: twin.url, region: 'eu-central-1' },
  };
  const { accessKeyId, secretAccessKey } = twin;
  const credentials = async () => ({ accessKeyId, secretAccessKey });
  const lead = start - Date.now();
  serving = await serve({
    serve: readServeConfig(stringify({ port: 0, stores, callers: callerConfigs }), {}),
    home,
    credentials: { oss: credentials, s3: credentials },
    // The signatures of the list are of that time.
    clock: { ...systemClock, now: () => Date.now() + lead },
    log: noLog,
  });
  // The service looks at its stores when it starts.
  await until(async () => (await fetch(`${serving.url}/readyz`)).status === 200);
  twin.requests.reset();
});

afterAll(async () => {
  await serving.close();
  await twin.close();
  rmSync(home, { recursive: true, force: true });
});

it.each(list)('%s', async (_what, request, status, kind) => {
  const answer = await post(fullRequest(request));
  expect([answer.status, JSON.parse(answer.body)]).toMatchObject([status, { status, type: `/problems/${kind}` }]);
  expect(answer.type).toBe('application/problem+json');
  expect(twin.requests.count()).toBe(0);
});

it('the list is long', () => {
  expect(list.length).toBeGreaterThan(40);
});

function post({ method, path, query, headers, body }: ApiRequest) {
  const framed = { ...headers, 'content-length': body.length > 0 ? String(body.length) : undefined };
  const given = Object.entries(framed).filter(([, value]) => value !== undefined);
  return new Promise<{ status?: number; type?: string; body: string }>((resolve, reject) => {
    const sent = send(
      `${serving.url}/`,
      { method, path: query === '' ? path : `${path}?${query}`, headers: Object.fromEntries(given) },
      (answer) => {
        const { statusCode: status, headers: got } = answer;
        text(answer).then((body) => resolve({ status, type: got['content-type'], body }), reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
