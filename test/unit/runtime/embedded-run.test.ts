import { describe, expect, it } from 'vitest';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Invocation, ObjectStore, World } from '../../../lib/copy/model/ports.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import { noLog } from '../../../lib/log.ts';
import type { Driver } from '../../../lib/runtime/embedded/driver.ts';
import { runCopy } from '../../../lib/runtime/embedded/run-copy.ts';
import { oss } from '../../../lib/store/dialects/oss.ts';
import { settle, VirtualClock } from '../queue/virtual-clock.ts';

const graceMs = 5_000;
const request: CopyRequest = {
  mode: 'copy',
  store: { scheme: 'oss', region: 'cn-hangzhou' },
  source: { bucket: 'a', key: 'k' },
  destination: { bucket: 'b', key: 'k' },
  options: {},
};

/** A run whose first call to the store, HEAD of the source, does what `head` says. */
function start(head: (attempt: number) => Promise<never>) {
  const clock = new VirtualClock();
  const from = clock.now();
  const heads: number[] = [];
  const attempts: number[] = [];
  const store = {
    facts: oss.facts,
    head: () => {
      heads.push(clock.now() - from);
      return head(heads.length);
    },
  } as unknown as ObjectStore;
  const settings = { ...defaultSettings, maxAttempts: 3 };
  const world = { store: () => store, clock, random: () => 1, log: noLog, settings } as unknown as World;
  const newInvocation = (attempt = 1): Invocation => {
    attempts.push(attempt);
    return { id: 'i', deadline: clock.now() + 60_000, attempt };
  };
  const parts = { world, driver: {} as Driver, newInvocation, graceMs };
  return { clock, heads, attempts, run: (signal?: AbortSignal) => runCopy(parts, request, { signal }) };
}

const busy = new RetryLater('busy', { delayMs: 1_000 });
const gone = new GiveUp('NotFound', 'no such key');

describe('starting a copy', () => {
  it('is tried again for what passes, after the delay that was asked for and a doubling random one', async () => {
    const { clock, heads, attempts, run } = start(async (attempt) => {
      throw attempt < 3 ? busy : gone;
    });
    const failed = expect(run()).rejects.toBe(gone);
    await clock.advance(60_000);
    await failed;
    expect(heads).toEqual([0, 1_500, 3_500]);
    expect(attempts).toEqual([1, 2, 3]);
  });

  it('is not tried for ever', async () => {
    const { clock, heads, run } = start(async () => {
      throw busy;
    });
    const failed = expect(run()).rejects.toBe(busy);
    await clock.advance(60_000);
    await failed;
    expect(heads).toHaveLength(3);
  });

  it('ends between two attempts when it is interrupted, with the error that it waited for', async () => {
    const { clock, heads, run } = start(async () => {
      throw busy;
    });
    const stop = new AbortController();
    const failed = expect(run(stop.signal)).rejects.toBe(busy);
    await settle();
    stop.abort();
    await failed;
    expect(heads).toHaveLength(1);
    expect(clock.sleeping).toBe(0);
  });

  it('may end its call in the grace time after an interruption', async () => {
    const { clock, run } = start(async () => {
      await clock.sleep(graceMs - 1);
      throw gone;
    });
    const stop = new AbortController();
    const failed = expect(run(stop.signal)).rejects.toBe(gone);
    await settle();
    stop.abort();
    await clock.advance(graceMs);
    await failed;
  });

  it('does not outlive the grace time after an interruption', async () => {
    const { clock, run } = start(() => new Promise(() => {}));
    const stop = new AbortController();
    const failed = expect(run(stop.signal)).rejects.toMatchObject({
      decision: 'retry',
      message: expect.stringMatching(/Interrupted before the store had answered/) as string,
    });
    await settle();
    stop.abort();
    await clock.advance(graceMs);
    await failed;
    expect(clock.sleeping).toBe(0);
  });
});
