import { describe, expect, it } from 'vitest';
import { stageNamed, templateOf } from '../../../alibaba.ts';
import { workHandler } from '../../../functions/work.ts';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Log } from '../../../lib/copy/model/ports.ts';
import { redriveLetters } from '../../../lib/runtime/alibaba/dead-letters.ts';
import { seal, unseal } from '../../../lib/queue/fc/envelope.ts';
import { directMessages, repeats } from '../../../lib/runtime/alibaba/direct.ts';
import { cloudFunction } from '../../../lib/runtime/middleware/function.ts';
import type { Delivery } from '../../../lib/runtime/middleware/messages.ts';
import { eachMessage, settleEach } from '../../../lib/runtime/middleware/messages.ts';
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
  const looks: string[] = [];
  const shared = { get: async (id: string) => void looks.push(id), compareAndSet: async () => true };
  const errors: string[] = [];
  const log: Log = { ...at.runtime.world.log, error: (message) => void errors.push(message) };
  const world = { ...at.runtime.world, clock, shared, log };
  const direct = directMessages({
    ...{ clock, log: world.log, random: () => 0.5 },
    invoker: async () => ({ start }),
    ownFunction: 'ferry-work',
  });
  const open = async () => ({ ...at.runtime, world, direct });
  const attempts = cloudFunction(open, [eachMessage()], (deliveries: Delivery[]) =>
    settleEach(deliveries, async ({ attempt }) => attempt),
  );
  const context = (retryCount: number) => ({ requestId: 'r', retryCount, function: { timeout: 300 } });
  const handle = workHandler(open);
  return {
    ...at,
    ...{ sent, slept, looks, errors },
    invoke: (body: string, retryCount = 0) => handle(Buffer.from(body), context(retryCount)),
    attemptOf: (body: string, retryCount: number) => attempts(Buffer.from(body), context(retryCount)),
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

  it('is worked on when it comes less than a second early, as two clocks may differ', async () => {
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
    expect((await useUp(at)).deliveries).toBe(20);
  });

  it('says in an error that its deliveries are used up, in words that the alert looks for', async () => {
    const at = rig();
    await useUp(at);
    expect(at.errors).toHaveLength(1);
    expect(alertQuery()).toContain(`"${at.errors[0]}"`);
  });

  it('fails with an error, in words that the alert looks for, when the platform repeats it for the last time', async () => {
    const at = rig();
    at.refuse();
    at.model.store.refuse = () => new RetryLater('slow down', { delayMs: 3_000 });
    for (const body of [at.first(), at.first(hour)]) {
      at.errors.length = 0;
      for (let retryCount = 0; retryCount < repeats; retryCount += 1) {
        await expect(at.invoke(body, retryCount)).rejects.toThrow(RetryLater);
      }
      expect(at.errors).toEqual([]);
      await expect(at.invoke(body, repeats)).rejects.toThrow(RetryLater);
      expect(at.errors).toEqual(['an invocation failed']);
    }
    expect(alertQuery()).toContain('"an invocation failed"');
  });
});

describe('a dead letter', () => {
  it('has all its deliveries before it again when it is redriven', async () => {
    const at = rig();
    const { body } = await useUp(at);
    await expect(at.invoke(body)).rejects.toThrow('slow down');
    expect(unseal(await redriven(body))).toMatchObject({ message: task, earlier: 0 });
    expect(await at.invoke(await redriven(body))).toEqual({ sentAgain: true });
    expect(unseal(at.sent[0]?.body)).toMatchObject({ message: task, earlier: 1 });
  });

  it('that is an event of another service is redriven as it is', async () => {
    const event = JSON.stringify({ events: [{ eventName: 'ObjectCreated:PutObject' }] });
    expect(unseal(await redriven(event))).toEqual(unseal(event));
  });
});

describe('other endings', () => {
  it('throws what no retry mends', async () => {
    const at = rig();
    at.model.store.refuse = () => new GiveUp('AccessDenied', 'no');
    await expect(at.invoke(at.first())).rejects.toThrow('no');
    expect(at.sent).toEqual([]);
  });

  it.each([
    [0, 0, 1],
    [1, 0, 2],
    [0, 1, 2],
    [4, 2, 7],
  ])(
    'counts %i deliveries of its own and %i repeats of the platform before as attempt %i',
    async (earlier, retryCount, attempt) => {
      const at = rig();
      const { body } = seal(task, { earlier, now: at.now() });
      expect(await at.attemptOf(body, retryCount)).toBe(attempt);
      // A later attempt looks whether a worker died with it.
      await at.invoke(body, retryCount);
      expect(at.looks.length > 0).toBe(attempt > 1);
    },
  );
});

/** Delivers a message until its invocation fails; that body is what the dead letter holds. */
async function useUp(at: ReturnType<typeof rig>): Promise<{ body: string; deliveries: number }> {
  at.model.store.refuse = () => new RetryLater('slow down');
  let body = at.first();
  for (let deliveries = 1; ; deliveries += 1) {
    const failure = await at.invoke(body).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure !== undefined) {
      expect(failure).toMatchObject({ message: 'slow down' });
      return { body, deliveries };
    }
    const next = at.sent.shift();
    body = next?.body ?? '';
    at.moveTo(next?.at ?? 0);
  }
}

/** What `ferry dead redrive` starts the function with, for a letter with this payload. */
async function redriven(payload: string): Promise<string> {
  const body = JSON.stringify({
    requestContext: { functionArn: 'acs:fc:cn-hangzhou:1:functions/work' },
    requestPayload: payload,
  });
  const letters = [{ id: '1', receipt: '1', body, sentAt: 0 }];
  const queue = { receive: async () => letters.splice(0), release: async () => {}, delete: async () => {} };
  const started: string[] = [];
  await redriveLetters(queue, { start: async (_, sent) => void started.push(sent) }, undefined);
  return started.join();
}

function alertQuery(): string {
  const { Resources } = templateOf(stageNamed('dev'), { bucket: 'code', object: 'code.zip' });
  const { Detail } = Resources['FailedInvocationsAlert']?.Properties as {
    Detail: { Configuration: { QueryList: { Query: string }[] } };
  };
  return Detail.Configuration.QueryList[0]?.Query ?? '';
}
