import { gaveUp } from '../model/errors.ts';
import type { ObjectLock } from '../model/object.ts';
import type { Asked } from './accept-loss.ts';
import { refuseLosses } from './accept-loss.ts';
import { lockLosses } from './losses.ts';

/**
 * Sends a write that sets an object lock; where the store refuses it (the bucket has no object lock, or we may not set one),
 * sends it once more without. The comparison with the destination then names the loss.
 *
 * @throws what `send` throws, when the lock was not the reason; GiveUp WouldLose for a request that must keep everything.
 */
export async function sendWithLock<C extends { lock?: ObjectLock }, R>(
  request: Asked,
  call: C,
  send: (call: C) => Promise<R>,
): Promise<R> {
  try {
    return await send(call);
  } catch (error) {
    if (!call.lock || !gaveUp(error, 'Unsupported', 'AccessDenied', 'BadRequest')) throw error;
    const why = `the store refused a write with it: ${error.message}`;
    refuseLosses(
      request,
      lockLosses(call.lock, undefined).map((loss) => ({ ...loss, why })),
    );
    return await send({ ...call, lock: undefined });
  }
}
