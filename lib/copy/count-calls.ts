import type { Decision } from './decide.ts';
import { mayLose, mustLook } from './direct/copy.ts';
import { mustKeepAll } from './fidelity/accept-loss.ts';
import { wantedAcl } from './fidelity/acl.ts';
import { hidesContent } from './fidelity/compare.ts';
import { keepsChecksum } from './fidelity/losses.ts';
import type { ObjectHead } from './model/object.ts';
import type { ObjectStore } from './model/ports.ts';
import type { CopyRequest } from './model/request.ts';
import { mayMeetItself } from './plan/access-point.ts';
import { overwriteOf, takesTurns } from './plan/overwrite.ts';
import { partCount } from './plan/plan.ts';

const listPage = 1000;

type Calls = Record<string, number>;

/**
 * Requests of a run by operation, without retries, without what a worker repeats for one that died, and without the questions of
 * a process where a bucket is.
 */
export function countCalls(store: ObjectStore, request: CopyRequest, decision: Decision): Calls {
  const { found } = decision;
  const { mode, options } = request;
  const looksFirst = mode !== 'metadata' && overwriteOf(request) !== 'always' ? 1 : 0;
  const calls: Calls = { HeadObject: 1 + looksFirst + (mayMeetItself(request) ? 1 : 0) };
  const add = (operation: string, count: number): void => {
    if (count > 0) calls[operation] = (calls[operation] ?? 0) + count;
  };
  if (decision.way === 'unchanged') {
    // The source is looked at once more before it is removed.
    if (mode === 'rename') {
      add('HeadObject', 1);
      add('DeleteObject', 1);
    }
    return calls;
  }
  const readsTags = (found.head.tagCount ?? Number(options.tags !== undefined)) > 0;
  const knowsTags = options.tags === undefined || options.tags.base === 'merge';
  if (decision.way === 'attributes') {
    add('GetObjectTagging', options.tags && readsTags ? 1 : 0);
    add('PutObjectTagging', decision.change.tags ? 1 : 0);
    add('PutObjectAcl', decision.change.acl !== undefined ? 1 : 0);
    return calls;
  }
  const keepsTags = mode === 'metadata' && (readsTags || options.tags !== undefined);
  const acl = decision.way === 'parts' ? decision.input.acl : (decision.kept?.acl ?? decision.acl);
  const keepsAcl = acl?.canned !== undefined || acl?.document !== undefined;
  if (wantedAcl(request) === 'keep') add('GetObjectAcl', 1 + (mode === 'metadata' && keepsAcl ? 1 : 0));
  add('PutObjectAcl', acl?.document ? 1 : 0);
  add('GetObjectLockConfiguration', locksAsked(store, request, decision));
  if (takesTurns(request, store.facts)) add('HeadObject', 1);
  if (mode === 'rename' || mode === 'replicate') add('HeadObject', 1);
  if (mode === 'rename') add('DeleteObject', 1);
  if (found.head.archived) add('RestoreObject', 1);
  if (decision.way === 'direct') {
    const looks = mode === 'metadata' || looksAfter(store, request, decision);
    add('HeadObject', looks ? 1 : 0);
    add('CopyObject', 1);
    const readsForChange = options.tags?.base === 'merge' && (readsTags || mode === 'rename');
    add('GetObjectTagging', mode === 'metadata' ? (readsTags && knowsTags ? 1 : 0) : readsForChange ? 1 : 0);
  } else {
    const count = partCount(decision.parts);
    add('HeadObject', 2 + (readsLayout(store, request, found.head) ? 1 : 0));
    add('GetObjectTagging', readsTags && knowsTags ? 1 : 0);
    add('InitiateMultipartUpload', 1);
    add('UploadPartCopy', count);
    add('ListParts', Math.ceil(count / listPage));
    add('CompleteMultipartUpload', 1);
    addAnnotations(store, request, decision, add);
  }
  // Tags that were asked for are read back.
  add('GetObjectTagging', keepsTags || (mode !== 'metadata' && options.tags !== undefined) ? 1 : 0);
  return calls;
}

function locksAsked(store: ObjectStore, request: CopyRequest, { way, found }: Decision): number {
  if (!found.expected.lock || !store.takesLocks) return 0;
  return way === 'parts' || mustKeepAll(request) ? 1 : 0;
}

/** What the answer of the store will not prove by itself. */
function looksAfter({ facts }: ObjectStore, request: CopyRequest, { found: { head, expected } }: Decision): boolean {
  const unasked = [{ algorithm: facts.defaultChecksum ?? '', fullObject: true }];
  const mayLoseChecksum = (expected.checksums ?? []).some((one) => !keepsChecksum(one, unasked));
  const tellsAnother = facts.compositeEtag && (head.etag.includes('-') || hidesContent(head.encryption));
  return mustLook(request, expected) || mayLose(expected) || mayLoseChecksum || tellsAnother;
}

function readsLayout({ facts }: ObjectStore, { options }: CopyRequest, { etag }: ObjectHead): boolean {
  return facts.tellsPartLayout && options.partSize === undefined && /-\d+$/.test(etag);
}

/** Listed before the upload and, where there are some or the source is going to be removed, once more after it. */
function addAnnotations(
  { listAnnotations }: ObjectStore,
  { mode }: CopyRequest,
  decision: Extract<Decision, { way: 'parts' }>,
  add: (operation: string, count: number) => void,
): void {
  if (!listAnnotations) return;
  const { count, known } = decision.input.annotations;
  add('ListObjectAnnotations', 1);
  if (!known || mode === 'metadata') return;
  if (count === 0) return add('ListObjectAnnotations', mode === 'rename' ? 1 : 0);
  add('ListObjectAnnotations', 3);
  add('GetObjectAnnotation', count);
  add('PutObjectAnnotation', count);
}
