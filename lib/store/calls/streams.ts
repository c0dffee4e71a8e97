import type { ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions, WriteResult } from '../../copy/model/ports.ts';
import type { Answer } from '../answers/answer.ts';
import { readHead } from '../answers/head.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { presignUrl } from '../http/request.ts';
import { failed, perform, performWith, readGood } from '../http/retry.ts';
import { exchangeStream } from '../http/transport.ts';
import type { GetQuery, ObjectData, ObjectStream, PutQuery, StoreClient } from './client.ts';
import { writeHeaders, writeResult } from './write-headers.ts';

/** The only calls through which object data passes this process (I10): never used by the engine. */
export function streamCalls(caller: Caller): Pick<StoreClient, 'getObject' | 'putObject' | 'presign'> {
  return {
    getObject: (ref, query) => getObject(caller, ref, query),
    putObject: (ref, data, query) => putObject(caller, ref, data, query),
    presign: async (method, ref, expires) => {
      const time = caller.clock.now() + caller.skew.offset;
      const { addressing, signer } = caller.routes.of(ref);
      return presignUrl(
        { method, ...ref },
        addressing,
        signer,
        await caller.credentials(),
        time,
        expires,
        caller.always,
      );
    },
  };
}

async function getObject(caller: Caller, ref: ObjectRef, query: GetQuery & CallOptions = {}): Promise<ObjectStream> {
  const { dialect, transport, clock } = caller;
  const { first, last, ifMatch } = query;
  const call: Call = {
    operation: 'GetObject',
    method: 'GET',
    ...ref,
    pinned: Boolean(ifMatch),
    headers: {
      range: first === undefined && last === undefined ? undefined : `bytes=${first ?? 0}-${last ?? ''}`,
      'if-match': ifMatch && `"${ifMatch}"`,
    },
  };
  return performWith(caller, call, query, async (wire, attempt, timeout) => {
    const result = await exchangeStream(transport, call, wire, attempt, timeout);
    if ('whole' in result) return failed(caller, result.whole, wire);
    const { status, headers, body } = result.open;
    const value = readGood(caller, call, { status, headers, body: '' }, wire, (answer): ObjectStream => {
      const head = readHead(answer.headers, dialect, clock.now(), caller.customerKeys.referenceOf(ref) !== undefined);
      const length = head.size;
      return { head: { ...head, size: wholeSize(answer) ?? length }, length, body };
    });
    return { value };
  });
}

/** Of an answer to a range request: the size behind the slash of Content-Range. */
function wholeSize(answer: Answer): number | undefined {
  const total = /\/(\d{1,16})$/.exec(answer.headers['content-range'] ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

async function putObject(
  caller: Caller,
  ref: ObjectRef,
  data: ObjectData,
  query: PutQuery & CallOptions = {},
): Promise<WriteResult> {
  const { dialect } = caller;
  const call: Call = {
    operation: 'PutObject',
    method: 'PUT',
    bucket: ref.bucket,
    key: ref.key,
    forbidOverwrite: query.forbidOverwrite,
    headers: writeHeaders(query, 'PutObject', dialect),
    body: typeof data === 'string' ? Buffer.from(data, 'utf8') : data,
    repeat: query.forbidOverwrite ? 'if-refused' : 'always',
  };
  return perform(caller, call, query, (answer) => writeResult(answer, dialect));
}
