import { describe, expect, it } from 'vitest';
import { apiHandler } from '../../../functions/api.ts';
import { answerHttpEvent, readHttpEvent } from '../../../lib/api/http/gateway-event.ts';
import type { Runtime } from '../../../lib/runtime/shared/runtime.ts';
import { bench, keys, start } from './fakes.ts';

/** As the documentation of HTTP APIs shows payload format 2.0, shortened. */
const gateway = {
  version: '2.0',
  routeKey: '$default',
  rawPath: '/v1/copies',
  rawQueryString: 'limit=1&state=done',
  headers: { 'content-type': 'application/json', Authorization: 'x' },
  requestContext: { stage: '$default', http: { method: 'POST', path: '/v1/copies', sourceIp: '192.0.2.1' } },
  body: Buffer.from('{"ü":1}').toString('base64'),
  isBase64Encoded: true,
};

/** As the documentation of Function Compute shows the event of an HTTP trigger, shortened. */
const trigger = {
  version: 'v1',
  rawPath: '/v1/copies',
  headers: { 'Content-Type': 'application/json', Authorization: 'x' },
  queryParameters: { limit: '1', state: 'done' },
  body: '{"ü":1}',
  isBase64Encoded: false,
  requestContext: { http: { method: 'post', path: '/v1/copies', protocol: 'HTTP/1.1' }, requestId: 'r' },
};

const request = {
  method: 'POST',
  path: '/v1/copies',
  query: 'limit=1&state=done',
  headers: { 'content-type': 'application/json', authorization: 'x' },
  body: Buffer.from('{"ü":1}'),
};

describe('readHttpEvent', () => {
  it('reads what API Gateway and function URLs send', () => {
    expect(readHttpEvent(gateway)).toEqual({ ...request, from: '192.0.2.1' });
  });

  it('reads what Function Compute sends, as bytes', () => {
    expect(readHttpEvent(Buffer.from(JSON.stringify(trigger)))).toEqual(request);
  });

  it('takes the stage off the path', () => {
    const staged = (rawPath: string) => ({
      ...gateway,
      rawPath,
      requestContext: { stage: 'prod', http: { method: 'GET' } },
    });
    const paths = ['/prod/v1/copies', '/prod', '/production'].map((path) => readHttpEvent(staged(path)).path);
    expect(paths).toEqual(['/v1/copies', '/', '/production']);
  });

  it.each([
    [null],
    [{}],
    [{ version: '1.0', httpMethod: 'GET' }],
    [{ Records: [] }],
    [{ ...gateway, requestContext: {} }],
  ])('refuses %j', (event) => {
    expect(() => readHttpEvent(event)).toThrow('HTTP requests');
  });
});

describe('functions/api', () => {
  const context = { awsRequestId: 'r1', getRemainingTimeInMillis: () => 20_000 };

  it('answers an event of API Gateway', async () => {
    const { deps, world } = bench({ 'media/uploads/a': {} });
    const runtime = { world, rules: { routes: [], addedMetadata: new Set<string>() }, api: deps } as unknown as Runtime;
    const answer = await apiHandler(async () => runtime)(
      {
        ...gateway,
        rawQueryString: '',
        headers: { 'content-type': 'application/json', Authorization: `Bearer ${keys.media}` },
        body: JSON.stringify({ source: 'oss://media/uploads/a', destination: 'oss://backup/a' }),
        isBase64Encoded: false,
      },
      context,
    );
    expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: false });
    expect(JSON.parse(answer.body)).toMatchObject({ state: 'done', createdAt: new Date(start).toISOString() });
    expect(answerHttpEvent({ status: 204, headers: {}, body: '' }).statusCode).toBe(204);
  });

  it('says that no callers are configured', async () => {
    const { world } = bench();
    const runtime = { world } as unknown as Runtime;
    await expect(apiHandler(async () => runtime)(gateway, context)).rejects.toThrow('no callers');
  });
});
