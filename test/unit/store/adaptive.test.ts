import { describe, expect, it } from 'vitest';
import type { Permit } from '../../../lib/store/http/adaptive.ts';
import { AdaptiveLimiter } from '../../../lib/store/http/adaptive.ts';

const enter = (limiter: AdaptiveLimiter, count: number) =>
  Promise.all(Array.from({ length: count }, () => limiter.enter()));

async function serve(limiter: AdaptiveLimiter, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) (await limiter.enter()).release('served');
}

describe('adaptive concurrency', () => {
  it('lets in as many as the limit, the rest in order', async () => {
    const limiter = new AdaptiveLimiter(2);
    const [first, second] = await enter(limiter, 2);
    const order: string[] = [];
    const later = ['a', 'b', 'c'].map((name) =>
      limiter.enter().then((permit) => {
        order.push(name);
        return permit;
      }),
    );
    expect(limiter.pressure).toEqual({ limit: 2, inFlight: 2, waiting: 3, throttled: 0 });
    first?.release('served');
    second?.release('failed');
    (await later[0])?.release('served');
    await Promise.all(later);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('halves when pushed back, once for all that were under way', async () => {
    const limiter = new AdaptiveLimiter(16);
    const permits = await enter(limiter, 16);
    for (const permit of permits) permit.release('throttled');
    expect(limiter.pressure).toMatchObject({ limit: 8, throttled: 16, inFlight: 0 });
  });

  it('halves again for a request that entered after, down to one and no further', async () => {
    const limiter = new AdaptiveLimiter(16);
    for (const limit of [8, 4, 2, 1, 1, 1]) {
      (await limiter.enter()).release('throttled');
      expect(limiter.pressure.limit).toBe(limit);
    }
  });

  it('does not let in more than the halved limit while old requests are under way', async () => {
    const limiter = new AdaptiveLimiter(8);
    const permits = await enter(limiter, 8);
    let entered = 0;
    const waiting = Array.from({ length: 8 }, () => limiter.enter().then((permit) => ((entered += 1), permit)));
    permits[0]?.release('throttled');
    for (const permit of permits.slice(1, 4)) permit.release('served');
    await Promise.resolve();
    expect({ entered, limit: limiter.pressure.limit, inFlight: limiter.pressure.inFlight }).toEqual({
      entered: 0,
      limit: 4,
      inFlight: 4,
    });
    for (const permit of permits.slice(4)) permit.release('served');
    for (const permit of waiting) (await permit).release('served');
    expect(entered).toBe(8);
  });

  it('recovers by one per full round of served requests, up to where it began', async () => {
    const limiter = new AdaptiveLimiter(8);
    (await limiter.enter()).release('throttled');
    await serve(limiter, 3);
    expect(limiter.pressure.limit).toBe(4);
    await serve(limiter, 1);
    expect(limiter.pressure.limit).toBe(5);
    await serve(limiter, 5 + 6 + 7);
    expect(limiter.pressure.limit).toBe(8);
    await serve(limiter, 100);
    expect(limiter.pressure.limit).toBe(8);
  });

  it('a broken connection neither slows down nor speeds up', async () => {
    const limiter = new AdaptiveLimiter(4);
    (await limiter.enter()).release('throttled');
    for (let i = 0; i < 10; i += 1) (await limiter.enter()).release('failed');
    expect(limiter.pressure).toMatchObject({ limit: 2, throttled: 1 });
  });

  it('finds the rate of a store that refuses everything above it', async () => {
    const limiter = new AdaptiveLimiter(64);
    const served: number[] = [];
    for (let round = 0; round < 200; round += 1) {
      const permits: Permit[] = await enter(limiter, limiter.pressure.limit);
      permits.forEach((permit, index) => permit.release(index < 10 ? 'served' : 'throttled'));
      served.push(Math.min(10, permits.length));
    }
    const late = served.slice(50);
    expect(late.reduce((sum, count) => sum + count, 0) / late.length).toBeGreaterThan(7);
    expect(limiter.pressure.limit).toBeLessThanOrEqual(11);
  });
});
