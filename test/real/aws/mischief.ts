import { randomInt } from 'node:crypto';
import type { LambdaFunction } from '../../lambda-host/function.ts';
import type { Installation } from './installation.ts';

/** Until `done`: kills one function after another, and stalls some, so that their timeout finds them; messages come twice. */
export async function withMischief(at: Installation, victim: LambdaFunction, done: () => Promise<void>): Promise<void> {
  at.duplicates = true;
  let turn = 0;
  const strikes = setInterval(() => {
    if (randomInt(3) === 0) return;
    if (victim.strike(turn % 4 === 1 ? 'stall' : 'kill', Math.random)) turn += 1;
    if (turn === 12) clearInterval(strikes);
  }, 1_000);
  try {
    await done();
  } finally {
    clearInterval(strikes);
    at.duplicates = false;
  }
}
