import { gaveUp, RetryLater } from '../model/errors.ts';
import type { AclPlan, Job } from '../model/job.ts';
import type { Due, Expected } from '../model/object.ts';
import { describe } from '../model/object.ts';
import { present } from '../model/omit-undefined.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';
import type { FidelityLoss } from '../model/result.ts';
import { refuseLosses } from './accept-loss.ts';
import { planAcl, wantedAcl } from './acl.ts';
import type { Found } from './expected.ts';
import { changeTags } from './expected.ts';
import { foresee } from './foresee.ts';
import { readTags } from './losses.ts';

/**
 * What a copy may take away from an object that it overwrites with itself. It is read before the write, for afterwards there
 * is nothing left to read it from: Ceph RGW drops the tags of an object whose metadata are replaced.
 */
export interface Kept {
  /** The tags before the write. */
  tagsBefore: Record<string, string>;
  /** The tags that the object is to have. */
  tags: Record<string, string>;
  acl: AclPlan;
  /** Goes with the write, and is compared after it. */
  due: Due;
}

/**
 * Reads what a copy must not lose.
 * @param more what is known to be lost besides.
 * @throws GiveUp WouldLose for what cannot be read, unless the caller accepts the loss; RetryLater when the tags change meanwhile.
 */
export async function readKept(
  store: ObjectStore,
  request: CopyRequest,
  { head, expected }: Found,
  options?: CallOptions,
  more?: readonly FidelityLoss[],
): Promise<Kept> {
  const acl = await planAcl(store, request.source, wantedAcl(request), options);
  const { tags: change } = request.options;
  const lost = [...acl.lost];
  let tagsBefore: Record<string, string> = {};
  if (change?.base !== 'replace') {
    try {
      tagsBefore = await readTags(store, request.source, head, options, change !== undefined);
    } catch (error) {
      if (!gaveUp(error, 'Unsupported', 'AccessDenied')) throw error;
      lost.push({
        what: 'tags',
        wanted: `${head.tagCount ?? 'all'} of them`,
        why: `they could not be read: ${error.message}`,
      });
    }
    const count = Object.keys(tagsBefore).length;
    if (lost.every(({ what }) => what !== 'tags') && head.tagCount !== undefined && count !== head.tagCount) {
      // A copy of the object onto itself may be at work right now, and these tags be what it has not yet put right.
      const name = describe(request.store, request.source);
      throw new RetryLater(
        `${name} had ${head.tagCount} tags a moment ago and has ${count} now; it is looked at again.`,
      );
    }
  }
  const others = more ?? (await foresee(store, request, { head, expected }, undefined, options)).lost;
  refuseLosses(request, [...lost, ...others]);
  return { tagsBefore, tags: changeTags(tagsBefore, change), acl: { ...acl, lost }, due: dueOf(expected) };
}

function dueOf({ redirect, lock, checksums, hiddenMetadata, others }: Expected): Due {
  return present({ redirect, lock, checksums, hiddenMetadata, others });
}

/** Whether a crash between the write and its end could lose something: then a row has to know it before the write. */
export function isAtRisk(request: CopyRequest, { tagsBefore, acl, due }: Kept): boolean {
  const keepsAcl = wantedAcl(request) === 'keep' && (acl.canned !== undefined || acl.document !== undefined);
  return (
    keepsAcl ||
    due.redirect !== undefined ||
    due.lock !== undefined ||
    due.others !== undefined ||
    Object.keys(tagsBefore).length > 0
  );
}

/** As a row keeps it. */
export function keptFields({ tagsBefore, tags, acl, due }: Kept): Kept {
  return { tagsBefore, tags, acl, due };
}

/** What the row of an earlier worker knows; undefined when it had nothing to write down. */
export function keptOf({ tagsBefore, tags, acl, due }: Job): Kept | undefined {
  if (!tagsBefore && !acl) return undefined;
  return { tagsBefore: tagsBefore ?? {}, tags: tags ?? {}, acl: acl ?? { lost: [] }, due: due ?? {} };
}

const none = (tags: Record<string, string>): boolean => Object.keys(tags).length === 0;

/**
 * The tags that belong on an object that has `there` after our write. None at all, or the old ones although others were asked
 * for: the store has dropped or ignored what we sent. Any others are of a user who has tagged the object since: they stay, the
 * change that was asked for comes on top, and nothing that was there before comes back.
 */
export function tagsDue(kept: Kept, there: Record<string, string>, request: CopyRequest): Record<string, string> {
  const isOurs = none(there) || sameTags(there, kept.tagsBefore) || sameTags(there, kept.tags);
  return isOurs ? kept.tags : changeTags(there, request.options.tags);
}

export function sameTags(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

export function lostTags(wanted: Record<string, string>, got?: Record<string, string>, why?: string): FidelityLoss {
  const text = (tags: Record<string, string>): string => new URLSearchParams(tags).toString();
  return { what: 'tags', wanted: text(wanted), ...(got && { got: text(got) }), ...(why !== undefined && { why }) };
}
