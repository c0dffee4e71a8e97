/**
 * Callbacks. A request that asks for one puts a message into the queue before its job starts; that message comes back every
 * `guardMs` until the job has ended, so no crash loses the callback. The end of the job itself sends another, which is what
 * normally delivers. The row records the delivery, so the second message finds it done.
 */
import type { BatchWorld } from '../../batch/index.ts';
import { batchRow } from '../../batch/rows/batch-row.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Job } from '../../copy/model/job.ts';
import { isFinal } from '../../copy/model/job.ts';
import type { World } from '../../copy/model/ports.ts';
import type { Caller } from '../callers/callers.ts';
import type { Stores } from '../callers/object-url.ts';
import { sign } from '../callers/signature.ts';
import { Problem } from '../http/problem.ts';
import type { AddressFilter, Resolve } from '../model/deps.ts';
import type { CallbackMessage, JobEvent, MessageQueue } from '../model/message.ts';
import { guardMs } from '../model/message.ts';
import { eventContentType, eventOf } from './cloud-event.ts';
import type { CallbackGate } from './gate.ts';
import type { Send } from './post.ts';
import type { TargetRules } from './target.ts';
import { checkTarget, resolveTarget } from './target.ts';

export interface CallbackDeps {
  world: World;
  batches: BatchWorld;
  messages: MessageQueue;
  callers: readonly Caller[];
  stores: Stores;
  /** Which addresses callers may be called back at. */
  isAllowed: AddressFilter;
  resolve: Resolve;
  send: Send;
  /** Keeps receivers apart; absent where every message has a process of its own. */
  gate?: CallbackGate;
  /** URI reference that names this installation, for CloudEvents. */
  source: string;
  /** Gets the lifecycle of every job; the operator's own choice, so any address will do. */
  hook?: { url: string; secrets: readonly string[] };
}

/** Waits between attempts, milliseconds; about 16 hours altogether. */
export const backoffMs = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000];

/** Clocks of machines that are synchronised differ by less than this, milliseconds. */
const clockStepMs = 60_000;

/** Until the next look whether a batch is added up. */
const sumMs = 3_000;

/** A callback that finds no room comes again after this and up to as much again; that is no attempt. */
const fullMs = 1_000;

/**
 * Delivers, or sends itself again for later.
 * @throws GiveUp when it was tried often enough, or may not be delivered any more; it then belongs into the dead letters.
 */
export async function deliverCallback(deps: CallbackDeps, message: CallbackMessage): Promise<void> {
  const now = deps.world.clock.now();
  const wait = (message.notBefore ?? 0) - now;
  // Sent in what is now the future: the sender's clock was set back since, and how long to wait cannot be known any more.
  const isDatedAhead = (message.sentAt ?? 0) > now + clockStepMs;
  if (wait > 0 && !isDatedAhead) return later(deps, message, wait);
  if (message.kind === 'event') return deliverEvent(deps, message);
  const job = await deps.world.state.get(message.jobId);
  const url = job?.labels?.['callback'];
  if (!job || url === undefined || job.labels?.['calledBack'] !== undefined) return;
  if (!isFinal(job.state)) return later(deps, { ...message, attempt: 1 }, guardMs);
  // A batch that was ended early is still being added up.
  if (job.batch !== undefined && !batchRow(job)?.summed) return later(deps, message, sumMs);
  const caller = deps.callers.find((candidate) => candidate.name === job.labels?.['caller']);
  if (!caller) throw new GiveUp('Unsupported', `callback of job ${job.id}: its caller is not configured any more`);
  const event = await eventOf(deps, job, `${job.id}-${job.state}`);
  const rules = { hosts: caller.policy.callbackHosts, isAllowed: deps.isAllowed };
  if (await attempt(deps, message, { url, caller: caller.name, rules, secrets: caller.secrets, event }))
    await remember(deps, job);
}

async function deliverEvent(deps: CallbackDeps, message: Extract<CallbackMessage, { kind: 'event' }>): Promise<void> {
  if (!deps.hook) return;
  const { url, secrets } = deps.hook;
  const { protocol, host } = new URL(url);
  const rules = { hosts: [`${protocol}//${host}`], isAllowed: () => true };
  await attempt(deps, message, { url, caller: '', rules, secrets, event: message.event });
}

interface Delivery {
  url: string;
  /** Whose it is; empty for the operator's own. */
  caller: string;
  rules: TargetRules;
  secrets: readonly string[];
  event: JobEvent;
}

/** Tries once; false means that another attempt is on its way. */
async function attempt(deps: CallbackDeps, message: CallbackMessage, delivery: Delivery): Promise<boolean> {
  const { log } = deps.world;
  const fields = { job: delivery.event.subject, delivery: delivery.event.id, attempt: message.attempt };
  const answer = await tryInTurn(deps, delivery);
  if (answer === 'full') {
    await later(deps, message, fullMs * (1 + deps.world.random()));
    return false;
  }
  if (answer.status >= 200 && answer.status < 300) {
    log.info('called back', fields);
    return true;
  }
  const delay = backoffMs[message.attempt - 1];
  if (delay === undefined || answer.status === 410) {
    throw new GiveUp('Unsupported', `callback ${delivery.event.id} was not accepted: ${answer.why}`);
  }
  log.warn('callback not accepted, trying again', { ...fields, why: answer.why, delayMs: delay });
  await later(deps, { ...message, attempt: message.attempt + 1 }, Math.max(delay, answer.delayMs ?? 0));
  return false;
}

interface Answer {
  /** 0 when there was none. */
  status: number;
  why: string;
  delayMs?: number;
}

async function tryInTurn(deps: CallbackDeps, delivery: Delivery): Promise<Answer | 'full'> {
  if (!deps.gate) return await tryOnce(deps, delivery);
  const { host } = new URL(delivery.url);
  const pass = deps.gate.enter(host, delivery.caller);
  if (pass.kind === 'full') return 'full';
  if (pass.kind === 'broken') return { status: 0, why: `${host} gave no answer to another callback just now` };
  let answered = false;
  try {
    const answer = await tryOnce(deps, delivery);
    answered = answer.status !== 0;
    return answer;
  } finally {
    pass.end(answered);
  }
}

async function tryOnce(deps: CallbackDeps, { url: text, rules, secrets, event }: Delivery): Promise<Answer> {
  const body = JSON.stringify(event);
  try {
    const url = checkTarget(text, rules);
    const addresses = await resolveTarget(url, rules.isAllowed, deps.resolve);
    const signed = sign(secrets, event.id, deps.world.clock.now(), body);
    const headers = { ...signed, 'content-type': eventContentType, 'user-agent': 'object-ferry' };
    const { status, retryAfter } = await deps.send({ url, addresses, headers, body });
    const delayMs = /^\d{1,5}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : undefined;
    return { status, why: `the receiver answered ${status}`, delayMs };
  } catch (error) {
    if (error instanceof Problem && error.kind === 'callback-forbidden') throw new GiveUp('Unsupported', error.message);
    return { status: 0, why: error instanceof Error ? error.message : String(error) };
  }
}

async function later(deps: CallbackDeps, message: CallbackMessage, delayMs: number): Promise<void> {
  const sentAt = deps.world.clock.now();
  await deps.messages.send([{ ...message, notBefore: sentAt + delayMs, sentAt }], { delayMs });
}

/** A concurrent sweep may win the compare-and-set; the loop re-reads the row and retries. */
async function remember(deps: CallbackDeps, delivered: Job): Promise<void> {
  let job: Job | undefined = delivered;
  while (job && isFinal(job.state)) {
    const written = await deps.world.state.move(job, { labels: { ...job.labels, calledBack: 'yes' } });
    if (written.landed) return;
    job = written.job;
  }
}
