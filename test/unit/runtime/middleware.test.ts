import { expect, it } from 'vitest';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import { cloudFunction } from '../../../lib/runtime/middleware/function.ts';
import { traceOf } from '../../../lib/runtime/middleware/log.ts';
import { eachMessage, settleEach, type Delivery } from '../../../lib/runtime/middleware/messages.ts';
import { context, modelRuntime, sqs } from '../functions/runtime.ts';

it('names the request in every line of an invocation, and in no line of another', async () => {
  const { runtime, getRuntime, lines } = modelRuntime();
  let logBoth = (): void => {};
  const handle = cloudFunction(getRuntime, [], async (_event: unknown, { runtime: { world } }) => {
    const log = logBoth;
    logBoth = () => (log(), world.log.info('hello'));
    return 'answer';
  });
  expect(await handle({}, context)).toBe('answer');
  await handle({}, { ...context, awsRequestId: 'request-2' });
  logBoth();
  runtime.world.log.info('of the process');
  expect(lines.map(([, fields]) => fields?.['request'])).toEqual(['request-1', 'request-2', undefined]);
});

it('logs the error that an invocation ends in, and throws it', async () => {
  const { getRuntime, lines } = modelRuntime();
  const ending = (error: Error) => cloudFunction(getRuntime, [], () => Promise.reject(error))({}, context);
  await expect(ending(new GiveUp('Unsupported', 'no'))).rejects.toThrow('no');
  await expect(ending(new RetryLater('later'))).rejects.toThrow('later');
  expect(lines.map(([message]) => message)).toEqual(['an invocation failed', 'an invocation comes again later']);
});

it('reports a message of a batch as soon as it failed, while others are at work', async () => {
  const { getRuntime, postponed } = modelRuntime();
  let go = (): void => {};
  const other = new Promise<void>((resolve) => (go = resolve));
  const handle = cloudFunction(getRuntime, [eachMessage()], async (deliveries: Delivery[]) =>
    settleEach(deliveries, async ({ input }) => {
      if (input === 'fails') throw new RetryLater('later', { delayMs: 7 });
      await other;
    }),
  );
  const answer = handle(sqs('fails', 'works'), context);
  await expect.poll(() => postponed).toEqual([['m1', 7]]);
  go();
  expect(await answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
});

it.each([
  [
    'an HTTP request that continues one',
    { headers: { traceparent: `00-${'4bf9'.repeat(8)}-00f067aa0ba902b7-01` } },
    '4bf9'.repeat(8),
  ],
  [
    'an HTTP request with a malformed header',
    { headers: { traceparent: '00-4bf9-1-01' } },
    '1-5759e988-bd862e3fe1be46a994272793',
  ],
  ['any other event', { Records: [] }, '1-5759e988-bd862e3fe1be46a994272793'],
  ['no event', null, '1-5759e988-bd862e3fe1be46a994272793'],
])('finds the trace of %s', (_what, event, trace) => {
  const header = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
  expect(traceOf(event, { _X_AMZN_TRACE_ID: header })).toBe(trace);
  expect(traceOf({}, {})).toBeUndefined();
});
