import { randomInt } from 'node:crypto';
import { mostDeaths } from '../../../lib/queue/deaths.ts';
import { nameOf } from '../../../lib/runtime/shared/task-name.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import type { LambdaFunction } from '../../lambda-host/function.ts';
import type { Installation } from './installation.ts';

/**
 * Until `done`: kills one function after another, and stalls some, so that their timeout finds them; messages come twice.
 * No message is struck so often that it would be set aside, as one is whose work ends its worker.
 */
export async function withMischief(at: Installation, victim: LambdaFunction, done: () => Promise<void>): Promise<void> {
  at.duplicates = true;
  const struck = new Map<string, number>();
  const isFair = (event: unknown): boolean => namesIn(event).every((name) => (struck.get(name) ?? 0) < mostDeaths - 1);
  let turn = 0;
  const strikes = setInterval(() => {
    if (randomInt(3) === 0) return;
    const event = victim.strike(turn % 4 === 1 ? 'stall' : 'kill', Math.random, isFair);
    if (event === undefined) return;
    for (const name of namesIn(event)) struck.set(name, (struck.get(name) ?? 0) + 1);
    turn += 1;
    if (turn === 12) clearInterval(strikes);
  }, 1_000);
  try {
    await done();
  } finally {
    clearInterval(strikes);
    at.duplicates = false;
  }
}

/** What the messages of an event are about, the same for each delivery of one and for its duplicates. */
function namesIn(event: unknown): string[] {
  const { Records } = event as { Records: { body: string }[] };
  return Records.map(({ body }) => {
    const message = JSON.parse(body) as Partial<Task>;
    return message.kind === undefined ? body : nameOf(message as Task);
  });
}
