import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { FidelityLoss } from '../model/result.ts';
import type { ByParts } from './accept-loss.ts';
import { foreseen } from './accept-loss.ts';
import { listAnnotations } from './annotations.ts';
import type { Found } from './expected.ts';
import { losesCustomerKey } from './expected.ts';
import { lockLosses } from './losses.ts';
import { usableEncryption } from './usable-key.ts';

/** What is known before the write to be lost, but for tags and ACL. */
export interface Foresight {
  lost: FidelityLoss[];
  /** Of the source of a copy by parts: to be carried when the copy stands. `known`: the store has such. */
  annotations: { count: number; known: boolean };
}

/**
 * What a copy would lose, by asking the store where HEAD of the source does not tell: whether the destination takes a lock, in
 * which region it is, and which annotations there are. A plain object of one request is not asked about.
 *
 * @param parts present for a copy by parts.
 */
export async function foresee(
  store: ObjectStore,
  request: CopyRequest,
  { expected }: Found,
  parts: ByParts | undefined,
  options?: CallOptions,
): Promise<Foresight> {
  const lost = foreseen(request, expected, parts);
  const { lock, encryption } = expected;
  if (lock && (await store.takesLocks?.(request.destination.bucket, options)) === false) {
    const why = 'the bucket has no object lock';
    lost.push(...lockLosses(lock, undefined).map((loss) => ({ ...loss, why })));
  }
  if (losesCustomerKey(request, expected))
    lost.push({
      what: 'encryption',
      wanted: encryption?.algorithm,
      why: 'no key of the customer is given for the copy',
    });
  const usable = await usableEncryption(store, request, encryption, options);
  if (usable?.keyId !== encryption?.keyId) {
    const why = 'the key is of another region than the destination';
    lost.push({ what: 'encryption-key', wanted: encryption?.keyId, why });
  }
  if (!parts) return { lost, annotations: { count: 0, known: false } };
  const annotations = await listAnnotations(store, request.source, options);
  const count = annotations.found.length;
  lost.push(...annotations.lost);
  if (count > 0 && request.mode === 'metadata') {
    // Complete takes them away together with the object that they would have to be read from.
    lost.push({ what: 'annotations', wanted: `${count} of them`, why: 'a copy by parts onto itself drops them' });
  }
  return { lost, annotations: { count, known: annotations.known } };
}
