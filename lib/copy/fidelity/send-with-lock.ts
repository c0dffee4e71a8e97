import { gaveUp } from '../model/errors.ts';
import type { ObjectLock } from '../model/object.ts';

/**
 * Sends a write that sets an object lock; where the store refuses it (the bucket has no object lock, or we may not set one),
 * sends it once more without. The comparison with the destination then names the loss.
 *
 * @throws what `send` throws, when the lock was not the reason.
 */
export async function sendWithLock<C extends { lock?: ObjectLock }, R>(
  call: C,
  send: (call: C) => Promise<R>,
): Promise<R> {
  try {
    return await send(call);
  } catch (error) {
    if (!call.lock || !gaveUp(error, 'Unsupported', 'AccessDenied', 'BadRequest')) throw error;
    return await send({ ...call, lock: undefined });
  }
}
