import { describe, expect, test } from 'vitest';
import { sweepHandler } from '../../../functions/sweep.ts';
import { workHandler } from '../../../functions/work.ts';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import { platformOf } from '../../../lib/runtime/current.ts';
import { invocationOf } from '../../../lib/runtime/middleware/invocation.ts';
import { context, modelRuntime, sqs } from './runtime.ts';

function setUp() {
  const at = modelRuntime();
  const handle = workHandler(at.getRuntime);
  at.model.put({ bucket: 'photos', key: 'k' }, 'k');
  return { ...at, handle };
}

const request = (key: string): CopyRequest => ({
  mode: 'replicate',
  store: { scheme: 's3' },
  source: { bucket: 'photos', key: 'k' },
  destination: { bucket: 'backup', key },
  options: {},
});

describe('work', () => {
  test('does a task, from a queue and as an invocation of its own', async () => {
    const { handle, model } = setUp();
    expect(await handle(sqs({ kind: 'copy', request: request('1') }), context)).toEqual({ batchItemFailures: [] });
    expect(await handle(Buffer.from(JSON.stringify({ kind: 'copy', request: request('2') })), context)).toEqual({
      done: 'copy',
    });
    expect(['1', '2'].map((key) => model.store.get({ bucket: 'backup', key })?.data)).toEqual(['k', 'k']);
  });

  test('a task that must wait comes again, kept back as long as the store asked', async () => {
    const { handle, model, postponed } = setUp();
    model.store.refuse = () => new RetryLater('slow down', { delayMs: 3000 });
    const event = sqs({ kind: 'copy', request: request('1') });
    expect(await handle(event, context)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(postponed).toEqual([['m1', 3000]]);
    await expect(handle({ kind: 'copy', request: request('1') }, context)).rejects.toThrow(RetryLater);
  });

  test('a copy without a row that is over goes to the dead letters; a job tells its end in its row', async () => {
    const { handle, model, runtime, lines } = setUp();
    model.store.refuse = () => new GiveUp('AccessDenied', 'no');
    const event = sqs({ kind: 'copy', request: request('1') });
    expect(await handle(event, context)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    runtime.world.state.get = () => Promise.reject(new GiveUp('StateUnusable', 'broken'));
    expect(await handle(sqs({ kind: 'finish', jobId: 'j' }), context)).toEqual({ batchItemFailures: [] });
    expect(lines.at(-1)).toEqual([
      'a task is over',
      { kind: 'finish', job: 'j', code: 'StateUnusable', error: 'broken', request: 'request-1' },
    ]);
  });

  test.each([
    'no json',
    '{}',
    '{"kind":"parts"}',
    '{"kind":"parts","jobId":"j","uploadId":"u","from":0,"count":1}',
    '{"kind":"copy"}',
    '[]',
    'null',
  ])('what is no task is kept: %s', async (body) => {
    const { handle } = setUp();
    expect(await handle(sqs(body), context)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    await expect(handle(body, context)).rejects.toThrow(/not an object-ferry task/);
  });
});

test('sweep looks at what is due and tells what it did', async () => {
  const { getRuntime, runtime } = setUp();
  runtime.world.state.due = () => Promise.resolve([]);
  expect(await sweepHandler(getRuntime)({}, context)).toEqual({ looked: 0, revived: 0, tidied: 0, failed: 0 });
});

test('sweep deletes expired rows where the table does not', async () => {
  const { getRuntime, runtime, lines } = setUp();
  runtime.world.state.due = () => Promise.resolve([]);
  runtime.purge = () => Promise.resolve(3);
  await sweepHandler(getRuntime)({}, context);
  expect(lines.at(-1)).toMatchObject(['expired rows deleted', { purged: 3 }]);
});

describe('invocationOf', () => {
  const clock = { now: () => 1_000_000, sleep: () => Promise.resolve() };

  test('Lambda tells the time that is left, Function Compute the whole of it', () => {
    expect(invocationOf(context, clock, 3)).toEqual({ id: 'request-1', deadline: 1_029_000, attempt: 3 });
    expect(invocationOf({ requestId: 'r', function: { timeout: 60 } }, clock)).toEqual({
      id: expect.stringMatching(/^r\/.{36}$/),
      deadline: 1_059_000,
      attempt: 1,
    });
  });

  test('Function Compute repeats an invocation under its request id: it has another name, and a later attempt', () => {
    const [first, second] = [0, 1].map((retryCount) => invocationOf({ requestId: 'r', retryCount }, clock));
    expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
    expect(first?.id).not.toBe(second?.id);
  });

  test('each invocation has a name of its own, with or without a context', () => {
    expect(invocationOf({}, clock).id).not.toBe(invocationOf({}, clock).id);
    expect(invocationOf({ getRemainingTimeInMillis: () => 10 }, clock).deadline).toBe(1_000_000);
  });
});

test('reads the platform from its own variables', () => {
  expect(platformOf({ AWS_LAMBDA_FUNCTION_NAME: 'f' })).toBe('aws');
  expect(platformOf({ FC_FUNCTION_NAME: 'f' })).toBe('alibaba');
  expect(platformOf({})).toBe('embedded');
});
