import { expect, it } from 'vitest';
import { Burst } from '../../../lib/runtime/serve/burst.ts';

function useBurst() {
  let now = 1_000_000;
  const burst = new Burst({ now: () => now, sleep: () => Promise.reject(new Error('never sleeps')) });
  /** So many events a second, for so long; how many of the 10 ms in it were part of a burst. */
  const arrive = (perSecond: number, ms: number): number => {
    let on = 0;
    for (let passed = 0, due = 0; passed < ms; passed += 10) {
      now += 10;
      for (due += perSecond / 100; due >= 1; due -= 1) burst.arrived();
      if (burst.isOn()) on += 1;
    }
    return on;
  };
  return { burst, arrive };
}

it('a steady trickle is no burst', () => {
  expect(useBurst().arrive(200, 20_000)).toBe(0);
});

it('a burst is noticed while it lasts, and over soon after it', () => {
  const { burst, arrive } = useBurst();
  expect(arrive(10_000, 1_000)).toBeGreaterThan(90);
  expect(burst.isOn()).toBe(true);
  arrive(0, 300);
  expect(burst.isOn()).toBe(false);
});

it('a burst that does not end leaves half of the time to work', () => {
  const on = useBurst().arrive(2_000, 60_000) / 6_000;
  expect(on).toBeGreaterThan(0.4);
  expect(on).toBeLessThan(0.6);
});
