import { GiveUp } from '../model/errors.ts';
import type { Pin } from '../model/job.ts';
import type { ObjectHead } from '../model/object.ts';
import type { CopyResult } from '../model/result.ts';
import { proofOf, sameEtag } from './compare.ts';

export type Proof = CopyResult['verifiedBy'];

/** What may prove that the destination is the copy: known ETags of a correct result. */
export interface Evidence {
  pin: Pin;
  /** Computed from the parts' ETags. */
  expectedEtag?: string;
  /** What the store answered to the write itself. */
  writtenEtag?: string;
  verify?: 'auto' | 'size';
  /** Something will be deleted in trust of the copy: what cannot be decided counts as a mismatch. */
  strict?: boolean;
}

/**
 * Compares the destination with the pinned source, strongest proof first. Returns the proof, `mismatch` when something
 * that must agree does not, or `undecided` when only the size could be compared and no answer says what was written.
 *
 * ETags of multipart objects depend on the part layout and, on some stores, on nothing documented: they prove equality
 * when they agree with what was expected, and prove nothing when they do not.
 */
export function judge(destination: ObjectHead, evidence: Evidence): Proof | 'mismatch' | 'undecided' {
  const { pin, expectedEtag, writtenEtag } = evidence;
  if (destination.size !== pin.size) return 'mismatch';
  if (evidence.verify !== 'size') {
    const proof = proofOf(pin, destination);
    if (proof !== 'undecided') return proof;
    if (sameEtag(destination.etag, expectedEtag)) return 'part-etags';
  }
  if (sameEtag(destination.etag, writtenEtag) || sameEtag(destination.etag, expectedEtag)) return 'size';
  // Where the store named what it wrote, anything else is a later write of another client.
  return !writtenEtag || destination.etag === '' ? 'undecided' : 'mismatch';
}

/**
 * Right after our own write: anything but a mismatch is our object, for the store has just told us so.
 * @throws GiveUp VerificationFailed.
 */
export function verifyWritten(name: string, destination: ObjectHead, evidence: Evidence): Proof {
  const verdict = judge(destination, evidence);
  if (verdict === 'mismatch' || (verdict === 'undecided' && evidence.strict)) {
    throw new GiveUp(
      'VerificationFailed',
      `${name} is not provably equal to the source that was copied (${destination.size} bytes there, ${evidence.pin.size} wanted). ` +
        `Another client may have written it at the same time. The source was kept; compare both and copy again.`,
    );
  }
  return verdict === 'undecided' ? 'size' : verdict;
}
