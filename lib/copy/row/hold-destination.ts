import { createHash } from 'node:crypto';
import { GiveUp, RetryLater } from '../model/errors.ts';
import { headIfThere } from '../model/head-if-there.ts';
import { describe } from '../model/object.ts';
import type { CallOptions, ObjectStore, World } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import { mustBeAbsent, takesTurns } from '../plan/overwrite.ts';

type Rename = Pick<CopyRequest, 'mode' | 'store' | 'source' | 'destination' | 'options'>;

interface Hold {
  /** Digest of the source: two workers of one rename do not keep each other out. */
  holder: string;
  /** Epoch milliseconds. */
  until: number;
}

/** A write whose answer was lost may still arrive after the hold of a dead worker has run out. */
const keepMs = 60_000;

/** Stores that answered 501 to the condition (OpenStack Swift does on CopyObject): asked once, not for every object. */
const refusesCondition = new WeakSet<ObjectStore>();

/**
 * Runs the write of a rename that must not overwrite. Where the store may ignore that condition (every Ceph RGW does on
 * CopyObject), another rename with the same destination could write between this one's HEAD and its write, and then remove
 * its source: so the two take turns, by a shared record, and HEAD the destination within theirs (I3). Costs one HEAD and two
 * writes of the shared record, and only there.
 *
 * @param write Sends the write, with the condition `forbidOverwrite` or without.
 * @throws GiveUp DestinationExists; RetryLater while another rename writes this destination.
 */
export async function holdingDestination<T>(
  world: World,
  client: ObjectStore,
  rename: Rename,
  options: CallOptions,
  write: (forbidOverwrite: boolean) => Promise<T>,
): Promise<T> {
  if (!takesTurns(rename, client.facts)) return await write(mustBeAbsent(rename));
  // The destination is the same with and without requester pays, and whatever encrypts it.
  const { requestPayer: _, customerKeys: _keys, ...store } = rename.store;
  const id = `destination/${digest([store, rename.destination])}`;
  const holder = digest([store, rename.source]);
  await take(world, id, { holder, until: Math.max(world.clock.now(), options.deadline ?? 0) + keepMs }, rename);
  if (await headIfThere(client, rename.destination, options)) {
    await release(world, id, holder);
    throw new GiveUp(
      'DestinationExists',
      `${describe(rename.store, rename.destination)} was written meanwhile and was not overwritten; nothing was copied. ` +
        'To replace it, ask for overwrite: always (--overwrite always).',
    );
  }
  try {
    const written = await writeInTurn(client, write);
    await release(world, id, holder);
    return written;
  } catch (error) {
    // A write without an answer may still take effect: the hold stays until then.
    if (!(error instanceof RetryLater) || error.effect === 'none') await release(world, id, holder);
    throw error;
  }
}

/** The condition guards against writers that take no turns; a store that refuses it still has the look within our turn. */
async function writeInTurn<T>(store: ObjectStore, write: (forbidOverwrite: boolean) => Promise<T>): Promise<T> {
  if (refusesCondition.has(store)) return await write(false);
  try {
    return await write(true);
  } catch (error) {
    if (!(error instanceof GiveUp) || error.answer?.status !== 501) throw error;
    const written = await write(false);
    refusesCondition.add(store);
    return written;
  }
}

async function take({ shared, clock }: World, id: string, hold: Hold, rename: Rename): Promise<void> {
  const found = await shared.get(id);
  const other = found?.value as Hold | undefined;
  const isHeld = other !== undefined && other.until > clock.now() && other.holder !== hold.holder;
  if (!isHeld && (await shared.compareAndSet(id, found, hold, hold.until))) return;
  throw new RetryLater(`Another rename writes ${describe(rename.store, rename.destination)} at the moment.`, {
    delayMs: 1_000,
  });
}

/** Best effort: a hold that is not released runs out. */
async function release({ shared, clock, log }: World, id: string, holder: string): Promise<void> {
  try {
    const found = await shared.get(id);
    if (!found || (found.value as Hold).holder !== holder) return;
    const now = clock.now();
    await shared.compareAndSet(id, found, { holder, until: now } satisfies Hold, now);
  } catch (error) {
    log.debug('the hold of a destination was not released', { error: String(error) });
  }
}

function digest(identity: unknown): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 24);
}
