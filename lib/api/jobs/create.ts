import type { Located } from '../callers/object-url.ts';
import { locate, locatePair, paidBy, refOf } from '../callers/object-url.ts';
import { requireAccess, requireOptions } from '../callers/policy.ts';
import type { ApiResponse } from '../http/http.ts';
import { Problem } from '../http/problem.ts';
import type { Call } from '../model/deps.ts';
import { startPrefix } from './prefix-batch.ts';
import type { CopyBody, MetadataBody, RenameBody, RenamePrefixBody } from './schemas.ts';
import { begin, startNow } from './start.ts';

export async function createCopy(call: Call<CopyBody>): Promise<ApiResponse> {
  const { source: from, destination: to, sourceVersionId, options } = call.body;
  const [source, destination] = locatePair(from, to, call.deps.stores);
  requireAccess(call.caller, 'read', source);
  requireAccess(call.caller, 'write', destination);
  requireOptions(call.caller, options);
  return begin(call, startNow, {
    mode: 'copy',
    store: paidBy(source.store, call.body.requestPayer),
    source: refOf(source, sourceVersionId),
    destination: refOf(destination),
    options,
  });
}

/** A rename removes its source, so it needs the right to write there, too. */
export async function createRename(call: Call<RenameBody | RenamePrefixBody>): Promise<ApiResponse> {
  const { body } = call;
  const isPrefix = 'fromPrefix' in body;
  const [from, to] = isPrefix ? [body.fromPrefix, body.toPrefix] : [body.from, body.to];
  const [source, destination] = locatePair(from, to, call.deps.stores);
  requireAccess(call.caller, 'read', source);
  requireAccess(call.caller, 'write', source);
  requireAccess(call.caller, 'write', destination);
  requireOptions(call.caller, body.options);
  if (isPrefix) refuseOverlap(source, destination);
  return begin({ ...call, body }, isPrefix ? startPrefix : startNow, {
    mode: 'rename',
    store: paidBy(source.store, body.requestPayer),
    source: refOf(source),
    destination: refOf(destination),
    options: body.options,
  });
}

/** Renamed objects must not turn up again in the listing that finds them. */
function refuseOverlap(source: Located, destination: Located): void {
  const [a, b] = [source.key, destination.key];
  if (source.bucket === destination.bucket && (a.startsWith(b) || b.startsWith(a))) {
    throw new Problem(
      'invalid',
      `Source and destination prefixes overlap: "${a}" and "${b}". Choose a destination outside the source prefix.`,
    );
  }
}

export async function createMetadata(call: Call<MetadataBody>): Promise<ApiResponse> {
  const { object, callback: _callback, requestPayer, ...options } = call.body;
  const at = locate(object, call.deps.stores);
  requireAccess(call.caller, 'read', at);
  requireAccess(call.caller, 'write', at);
  requireOptions(call.caller, options);
  return begin(call, startNow, {
    mode: 'metadata',
    store: paidBy(at.store, requestPayer),
    source: refOf(at),
    destination: refOf(at),
    options,
  });
}
