/** Tiny objects written through rules on a schedule: their arrival is measured, and both copies are removed. */
import { randomUUID } from 'node:crypto';
import { CopyError, gaveUp } from '../../copy/model/errors.ts';
import { headIfThere } from '../../copy/model/head-if-there.ts';
import type { ObjectHead, ObjectRef, StoreAddress } from '../../copy/model/object.ts';
import type { Clock, Log } from '../../copy/model/ports.ts';
import { canaryKey } from '../../replicate/rules/canary.ts';
import type { RuleSet } from '../../replicate/rules/rules.ts';
import type { Route } from '../../replicate/rules/route.ts';
import type { StoreClient } from '../../store/open.ts';

export interface CanaryParts {
  client(address: StoreAddress): StoreClient;
  clock: Clock;
  log: Log;
  /** Hears of each end: seconds until the replica was there, or undefined when it did not come. */
  ended(rule: string, seconds: number | undefined): void;
}

/** The user metadata by which both copies are known. */
const markerName = 'ferry-canary';
const pollMs = 500;
/** A canary that has not arrived after this has failed, milliseconds; never longer than half of its own pause. */
const patienceMs = 300_000;

/** Sends canaries until the signal. Never throws. */
export async function keepCanaries(parts: CanaryParts, rules: RuleSet, signal: AbortSignal): Promise<void> {
  const { clock, log, ended } = parts;
  await Promise.all(
    rules.routes.map(async (route) => {
      const { canarySeconds } = route;
      if (canarySeconds === undefined) return;
      while (!signal.aborted) {
        const startedAt = clock.now();
        const patience = Math.min(patienceMs, canarySeconds * 500);
        try {
          const seconds = await sendCanary(parts, route, startedAt + patience, signal);
          if (!signal.aborted) ended(route.rule, seconds);
          if (seconds === undefined && !signal.aborted) log.error('a canary has not arrived', { rule: route.rule });
        } catch (error) {
          ended(route.rule, undefined);
          log.error('a canary failed', { rule: route.rule, error: String(error) });
        }
        await clock.sleep(Math.max(0, startedAt + canarySeconds * 1000 - clock.now()), signal);
      }
    }),
  );
}

/** @returns seconds from the write to the replica; undefined when it did not come in time. @throws CopyError. */
async function sendCanary(
  { client, clock }: CanaryParts,
  route: Route,
  until: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const store = client(route.store);
  const key = canaryKey(route);
  const source = { bucket: route.source.bucket, key };
  const destination = { bucket: route.destination.bucket, key: route.template.apply(key) };
  const token = randomUUID();
  const there = await headIfThere(store, source, {});
  // What stands there without our marker belongs to a user.
  if (there && there.userMetadata[markerName] === undefined) return undefined;
  await store.putObject(source, Buffer.from(token), {
    userMetadata: { [markerName]: token },
    // What comes in between belongs to a user as well.
    forbidOverwrite: there === undefined,
  });
  const writtenAt = clock.now();
  try {
    while (!signal.aborted && clock.now() < until) {
      const replica = await headIfThere(store, destination, {});
      if (replica?.userMetadata[markerName] === token) return (clock.now() - writtenAt) / 1000;
      await clock.sleep(pollMs, signal);
    }
    return undefined;
  } finally {
    // The source first: a replica that comes late would be a replica of nothing.
    await removeOurs(store, source);
    await removeOurs(store, destination);
  }
}

/** Deletes what carries the marker of a canary, and only the version that was just seen. */
async function removeOurs(store: StoreClient, ref: ObjectRef): Promise<void> {
  const seen: ObjectHead | undefined = await headIfThere(store, ref, {});
  if (seen?.userMetadata[markerName] === undefined) return;
  try {
    await store.delete(ref, store.facts.conditionalDelete ? { ifMatch: seen.etag } : {});
  } catch (error) {
    if (!gaveUp(error, 'NotFound') && !(error instanceof CopyError && error.decision === 'source-changed')) throw error;
  }
}
