import { describe, expect, test } from 'vitest';
import { handler, objectCreatedHandler } from '../../../functions/object-created.ts';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import { context, modelRuntime, notification, sqs } from './runtime.ts';

function setUp() {
  const at = modelRuntime();
  const put = (key: string) => at.model.put({ bucket: 'photos', key }, key);
  const replica = (key: string) => at.model.store.get({ bucket: 'backup', key })?.data;
  return { ...at, put, replica, handle: objectCreatedHandler(at.getRuntime) };
}

describe('messages of a queue', () => {
  test('all done: nothing comes again', async () => {
    const { handle, put, replica } = setUp();
    put('a b+c');
    put('x');
    const event = sqs(notification('a b+c'), notification('x'));
    expect(await handle(event, context)).toEqual({ batchItemFailures: [] });
    expect([replica('a b+c'), replica('x')]).toEqual(['a b+c', 'x']);
  });

  test('reports only failed and unrecognised messages as batch item failures', async () => {
    const { handle, put, replica, model, lines } = setUp();
    for (const key of ['good', 'refused', 'also good']) put(key);
    model.store.refuse = ({ key }) => (key === 'refused' ? new GiveUp('AccessDenied', 'not allowed') : undefined);
    const event = sqs(
      notification('good'),
      notification('refused'),
      { what: 'ever' },
      'no json',
      notification('also good'),
    );
    expect(await handle(event, context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm2' }, { itemIdentifier: 'm3' }, { itemIdentifier: 'm4' }],
    });
    expect([replica('good'), replica('also good')]).toEqual(['good', 'also good']);
    expect(lines.filter(([message]) => message === 'a message failed').map(([, fields]) => fields?.['error'])).toEqual([
      expect.stringContaining('unknown trigger: an object with what'),
      expect.stringContaining('unknown trigger: not JSON'),
      expect.stringContaining('not allowed'),
    ]);
  });

  test('a store that asks for time gets it', async () => {
    const { handle, put, model, postponed } = setUp();
    put('k');
    model.store.refuse = () => new RetryLater('slow down', { delayMs: 7000, throttled: true });
    expect(await handle(sqs(notification('k')), context)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(postponed).toEqual([['m1', 7000]]);
  });

  test('what concerns no rule, the ping of a new notification, and what is gone by now are done', async () => {
    const { handle } = setUp();
    const event = sqs(
      notification('k', 'ObjectCreated:Put', 'others'),
      { Event: 's3:TestEvent' },
      notification('gone'),
    );
    expect(await handle(event, context)).toEqual({ batchItemFailures: [] });
  });
});

describe('direct triggers', () => {
  test('bytes from Function Compute', async () => {
    const { handle, put, replica } = setUp();
    put('in/ü');
    const record = {
      eventSource: 'acs:oss',
      eventName: 'ObjectCreated:PutObject',
      oss: { bucket: { name: 'photos' }, object: { key: 'in%2F%C3%BC' } },
    };
    const event = Buffer.from(JSON.stringify({ events: [record] }));
    expect(await handle(event, { requestId: 'r', function: { timeout: 60 } })).toEqual({ events: 1 });
    expect(replica('in/ü')).toBe('in/ü');
  });

  test('throw when anything failed, after all of it was tried', async () => {
    const { handle, put, replica, model } = setUp();
    put('bad');
    put('good');
    model.store.refuse = ({ key }) => (key === 'bad' ? new RetryLater('later') : undefined);
    const event = { Records: [...notification('bad').Records, ...notification('good').Records] };
    await expect(handle(event, context)).rejects.toThrow('later');
    expect(replica('good')).toBe('good');
  });

  test('unknown ones are thrown back', async () => {
    await expect(setUp().handle({ what: 'ever' }, context)).rejects.toThrow(/unknown trigger: an object with what/);
  });
});

test('an invocation has no time for the store that the platform does not give it', async () => {
  const { handle, put, runtime } = setUp();
  put('k');
  const deadlines: (number | undefined)[] = [];
  const { store } = runtime.world;
  runtime.world.store = (address) => {
    const port = store(address);
    return { ...port, head: (ref, options) => (deadlines.push(options?.deadline), port.head(ref, options)) };
  };
  const now = runtime.world.clock.now();
  await handle(notification('k'), context);
  expect(deadlines.length).toBeGreaterThan(0);
  for (const deadline of deadlines) expect(deadline).toBe(now + 29_000);
});

test('the handler of the bundle says when its platform has no runtime', async () => {
  await expect(handler(notification('k'), context as never)).rejects.toThrow(/no runtime for the platform 'embedded'/);
});
