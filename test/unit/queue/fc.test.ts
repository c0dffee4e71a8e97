import { describe, expect, it } from 'vitest';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { longestDelayMs, seal, unseal } from '../../../lib/queue/fc/envelope.ts';
import { FcQueue } from '../../../lib/queue/fc/queue.ts';

const clock = { now: () => 1_000_000, sleep: async () => {} };
const finish = (jobId: string): Task => ({ kind: 'finish', jobId });
const parts = (from: number): Task => ({ kind: 'parts', jobId: 'j', uploadId: 'u', from, count: 1 });
const work = { copy: 'work', finish: 'work', read: 'work', page: 'work', check: 'work', total: 'work' };

function rig(answer: (name: string, call: number) => Promise<void> = async () => {}) {
  const calls: { name: string; body: string; delay: number }[] = [];
  let now = 0;
  let peak = 0;
  const start = async (name: string, body: string, delay = 0): Promise<void> => {
    calls.push({ name, body, delay });
    peak = Math.max(peak, ++now);
    try {
      await answer(name, calls.length);
    } finally {
      now -= 1;
    }
  };
  const queue = new FcQueue<Task>({ invoker: { start }, functions: { parts: 'parts', ...work }, clock });
  return { calls, queue, peak: () => peak };
}

describe('FcQueue', () => {
  it('starts the function of each kind, a message each', async () => {
    const { queue, calls } = rig();
    await queue.send([finish('a'), parts(1), parts(2)]);
    expect(calls.map(({ name, body }) => [name, unseal(body).message])).toEqual([
      ['work', finish('a')],
      ['parts', parts(1)],
      ['parts', parts(2)],
    ]);
  });

  it('has a bounded number of requests under way', async () => {
    const { queue, calls, peak } = rig(() => new Promise((resolve) => setImmediate(resolve)));
    await queue.send(Array.from({ length: 100 }, (_, i) => parts(i + 1)));
    expect(calls).toHaveLength(100);
    expect(peak()).toBe(16);
  });

  it('sends the others when one is refused, and asks for the whole again', async () => {
    const busy = new RetryLater('429', { throttled: true });
    const { queue, calls } = rig((_name, call) => (call === 1 ? Promise.reject(busy) : Promise.resolve()));
    await expect(queue.send([finish('a'), finish('b')])).rejects.toMatchObject({
      decision: 'retry',
      throttled: true,
      message: '1 of 2 messages were not sent. 429',
    });
    expect(calls).toHaveLength(2);
  });

  it('says that a message is too large rather than that it should be tried again', async () => {
    const { queue } = rig((_name, call) =>
      Promise.reject(call === 1 ? new RetryLater('429') : new GiveUp('BadRequest', 'too large')),
    );
    await expect(queue.send([finish('a'), finish('b')])).rejects.toThrow('too large');
  });

  it('delays by at most an hour, and writes into the message until when it has to wait', async () => {
    const { queue, calls } = rig();
    await queue.send([finish('a')], { delayMs: 1_001 });
    await queue.send([finish('b')], { delayMs: 2 * longestDelayMs });
    expect(calls.map(({ delay }) => delay)).toEqual([2, 3600]);
    expect(calls.map(({ body }) => unseal(body))).toMatchObject([
      { notBefore: 1_001_001, due: 1_001_001 },
      { notBefore: 1_000_000 + 2 * longestDelayMs, due: 1_000_000 + longestDelayMs },
    ]);
  });
});

describe('an envelope', () => {
  it('gives back what was sealed, as bytes, text or object', () => {
    const { body } = seal(finish('ä'), { earlier: 3, delayMs: 10, now: 5 });
    const opened = { message: finish('ä'), earlier: 3, notBefore: 15, due: 15 };
    expect([Buffer.from(body), body, JSON.parse(body)].map(unseal)).toEqual([opened, opened, opened]);
  });

  it('leaves the event of another service as it came', () => {
    const event = { events: [{ eventSource: 'acs:oss' }] };
    expect(unseal(Buffer.from(JSON.stringify(event)))).toEqual({ message: event, earlier: 0 });
    expect(unseal('nonsense')).toEqual({ message: 'nonsense', earlier: 0 });
    expect(unseal(Buffer.from('null'))).toEqual({ message: null, earlier: 0 });
  });

  it('does not believe numbers that are none', () => {
    expect(unseal({ objectFerry: 1, message: 1, earlier: -1, notBefore: 'soon', due: 1.5 })).toEqual({
      message: 1,
      earlier: 0,
      notBefore: undefined,
      due: undefined,
    });
  });
});
