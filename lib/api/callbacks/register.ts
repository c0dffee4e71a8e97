import type { Caller } from '../callers/callers.ts';
import { Problem } from '../http/problem.ts';
import type { ApiDeps } from '../model/deps.ts';
import { guardMs, type ApiMessage } from '../model/message.ts';
import { checkTarget, resolveTarget } from './target.ts';

/**
 * Refuses a callback that could not be delivered later, before anything is started for it. The name is looked up again at
 * delivery: today's DNS answer need not hold then.
 *
 * @throws Problem callback-forbidden, invalid, retry-later.
 */
export async function checkCallback(deps: ApiDeps, caller: Caller, text: string): Promise<void> {
  if (caller.secrets.length === 0) {
    throw new Problem('invalid', `Caller "${caller.name}" has no secret that a callback could be signed with.`);
  }
  const { isAllowed, resolve } = deps;
  const url = checkTarget(text, { hosts: caller.policy.callbackHosts, isAllowed });
  await resolveTarget(url, isAllowed, resolve);
}

/** Puts the message behind the job into the queue, before the job can start: no crash in between loses the callback. */
export async function askForCallback(deps: ApiDeps, jobId: string): Promise<void> {
  const sentAt = deps.world.clock.now();
  const message: ApiMessage = { kind: 'callback', jobId, attempt: 1, notBefore: sentAt + guardMs, sentAt };
  await deps.messages.send([message], { delayMs: guardMs });
}
