import { describe, expect, it } from 'vitest';
import { workHandler } from '../../../functions/work.ts';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import { seal, unseal } from '../../../lib/queue/fc/envelope.ts';
import { directMessages } from '../../../lib/runtime/alibaba/direct.ts';
import { modelRuntime } from '../functions/runtime.ts';

const hour = 3_600_000;
const request = {
  mode: 'replicate' as const,
  store: { scheme: 's3' as const },
  source: { bucket: 'photos', key: 'k' },
  destination: { bucket: 'backup', key: 'k' },
  options: {},
};
const task = { kind: 'copy' as const, request };

/** The work function, whose messages go through a platform that delays them, or ignores the delay. */
function rig({ honoursDelay = true } = {}) {
  const at = modelRuntime();
  at.model.put({ bucket: 'photos', key: 'k' }, 'k');
  let now = 1_000_000;
  const slept: number[] = [];
  const clock = { now: () => now, sleep: async (ms: number) => (slept.push(ms), void (now += ms)) };
  const sent: { name: string; body: string; at: number }[] = [];
  let refuses = false;
  const start = async (name: string, body: string, delaySeconds = 0): Promise<void> => {
    if (refuses) throw new RetryLater('429 too many', { throttled: true });
    sent.push({ name, body, at: now + (honoursDelay ? delaySeconds * 1000 : 0) });
  };
  // A message that comes again asks whether a worker died with it: none did here.
  const shared = { get: async () => undefined, compareAndSet: async () => true };
  const world = { ...at.runtime.world, clock, shared };
  const direct = directMessages({
    ...{ clock, log: world.log, random: () => 0.5 },
    invoker: async () => ({ start }),
    ownFunction: 'ferry-work',
  });
  const handle = workHandler(async () => ({ ...at.runtime, world, direct }));
  const invoke = (body: string, retryCount = 0) =>
    handle(Buffer.from(body), { requestId: 'r', retryCount, function: { timeout: 300 } });
  return {
    ...at,
    ...{ sent, slept, invoke },
    refuse: () => (refuses = true),
    first: (delayMs = 0) => seal(task, { delayMs, now }).body,
    moveTo: (time: number) => (now = time),
    now: () => now,
    copied: () => at.model.store.get({ bucket: 'backup', key: 'k' }) !== undefined,
  };
}

describe('a message that must wait', () => {
  it('is sent again to the same function with its delay, and the invocation has done its work', async () => {
    const at = rig();
    at.model.store.refuse = () => new RetryLater('slow down', { delayMs: 3_000 });
    expect(await at.invoke(at.first())).toEqual({ sentAgain: true });
    expect(at.sent.map(({ name, at: when }) => [name, when])).toEqual([['ferry-work', at.now() + 3_000]]);
    expect(unseal(at.sent[0]?.body)).toMatchObject({ message: task, earlier: 1, notBefore: at.now() + 3_000 });
  });

  it('comes after two hours in two hops, and is worked on once', async () => {
    const at = rig();
    const began = at.now();
    at.model.store.refuse = () => new RetryLater('slow down', { delayMs: 2 * hour });
    await at.invoke(at.first());
    at.model.store.refuse = () => undefined;
    const hops: number[] = [];
    for (let next = at.sent.shift(); next; next = at.sent.shift()) {
      expect(at.copied()).toBe(false);
      at.moveTo(next.at);
      hops.push(next.at - began);
      await at.invoke(next.body);
    }
    expect(hops).toEqual([hour, 2 * hour]);
    expect(at.copied()).toBe(true);
    expect(at.slept).toEqual([]);
  });

  it('does not go round at full speed where the platform ignores the delay', async () => {
    const at = rig({ honoursDelay: false });
    const due = at.now() + hour;
    at.sent.push({ name: 'ferry-work', body: at.first(hour), at: at.now() });
    let invocations = 0;
    for (let next = at.sent.shift(); next; next = at.sent.shift()) {
      invocations += 1;
      await at.invoke(next.body);
    }
    expect(at.copied()).toBe(true);
    expect(at.now()).toBeGreaterThanOrEqual(due - 1_000);
    expect(invocations).toBeLessThanOrEqual(61);
    expect(at.lines.some(([message]) => message.includes('came before the delay'))).toBe(true);
  });

  it('is not worked on early: no clock is that far off', async () => {
    const at = rig();
    const body = at.first(10_000);
    at.moveTo(at.now() + 9_500);
    await at.invoke(body);
    expect(at.copied()).toBe(true);
  });

  it('fails the invocation where it cannot be sent again, so that the platform repeats it', async () => {
    const at = rig();
    at.refuse();
    at.model.store.refuse = () => new RetryLater('slow down', { delayMs: 3_000 });
    await expect(at.invoke(at.first())).rejects.toThrow('slow down');
    await expect(at.invoke(at.first(hour))).rejects.toThrow('could not be sent on');
  });

  it('ends as a dead letter after twenty deliveries', async () => {
    const at = rig();
    at.model.store.refuse = () => new RetryLater('slow down');
    let body = at.first();
    let deliveries = 0;
    const deliver = async (): Promise<unknown> => {
      deliveries += 1;
      return await at.invoke(body);
    };
    await expect(
      (async () => {
        for (;;) {
          await deliver();
          const next = at.sent.shift();
          body = next?.body ?? '';
          at.moveTo(next?.at ?? 0);
        }
      })(),
    ).rejects.toThrow('slow down');
    expect(deliveries).toBe(20);
  });
});

describe('other endings', () => {
  it('throws what no retry mends', async () => {
    const at = rig();
    at.model.store.refuse = () => new GiveUp('AccessDenied', 'no');
    await expect(at.invoke(at.first())).rejects.toThrow('no');
    expect(at.sent).toEqual([]);
  });

  it('counts the repeats of the platform and its own as attempts', async () => {
    const at = rig();
    const seen: unknown[] = [];
    const handle = workHandler(async () => ({ ...at.runtime, world: { ...at.runtime.world, shared: watching() } }));
    function watching() {
      return {
        get: async (id: string) => (seen.push(id), undefined),
        compareAndSet: async () => true,
      };
    }
    await handle(Buffer.from(JSON.stringify(task)), { requestId: 'r', retryCount: 0 });
    expect(seen).toEqual([]);
    // A later attempt looks whether a worker died with it.
    await handle(Buffer.from(JSON.stringify(task)), { requestId: 'r', retryCount: 1 });
    expect(seen.length).toBeGreaterThan(0);
  });
});
