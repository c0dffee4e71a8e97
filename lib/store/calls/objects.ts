import { GiveUp, gaveUp } from '../../copy/model/errors.ts';
import type { Acl, ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions, ObjectStore } from '../../copy/model/ports.ts';
import { readAcl } from '../answers/acl.ts';
import { nameCall } from '../answers/error-text.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import { readXml, writeXml } from '../wire/xml.ts';
import { headObject } from './head-object.ts';

type ObjectCalls = Pick<ObjectStore, 'head' | 'getTags' | 'putTags' | 'getAcl' | 'putAcl' | 'delete'>;

export function objectCalls(caller: Caller): ObjectCalls {
  return {
    head: (ref, options) => headObject(caller, ref, options),
    getTags: (ref, options) => getTags(caller, ref, options),
    putTags: (ref, tags, options) => putTags(caller, ref, tags, options),
    getAcl: (ref, options) => getAcl(caller, ref, options),
    putAcl: (ref, acl, options) => putAcl(caller, ref, acl, options),
    delete: (ref, options) => deleteObject(caller, ref, options),
  };
}

async function getTags(caller: Caller, ref: ObjectRef, options?: CallOptions): Promise<Record<string, string>> {
  const call: Call = { operation: 'GetObjectTagging', method: 'GET', ...ref, query: [['tagging', undefined]] };
  try {
    return await perform(caller, call, options, (answer) => {
      // Ceph RGW 16 says nothing at all where a copy has no tags.
      if (answer.body.trim() === '') return {};
      const tags = readXml(answer.body, 'Tagging').child('TagSet').list('Tag');
      return Object.fromEntries(tags.map((tag) => [tag.text('Key') ?? '', tag.text('Value') ?? '']));
    });
  } catch (error) {
    // Some stores call an object without tags an error.
    if (error instanceof GiveUp && error.answer?.code === 'NoSuchTagSet') return {};
    throw error;
  }
}

async function putTags(
  caller: Caller,
  ref: ObjectRef,
  tags: Record<string, string>,
  options?: CallOptions,
): Promise<void> {
  const query = [['tagging', undefined]] as const;
  const entries = Object.entries(tags);
  if (entries.length === 0) {
    await perform(
      caller,
      { operation: 'DeleteObjectTagging', method: 'DELETE', ...ref, query },
      options,
      () => undefined,
    );
    return;
  }
  const set = entries.map(([name, value]): [string, [string, string][]] => [
    'Tag',
    [
      ['Key', name],
      ['Value', value],
    ],
  ]);
  const call: Call = {
    operation: 'PutObjectTagging',
    method: 'PUT',
    ...ref,
    query,
    body: writeXml('Tagging', [['TagSet', set]]),
  };
  await perform(caller, call, options, () => undefined);
}

async function getAcl(caller: Caller, ref: ObjectRef, options?: CallOptions): Promise<Acl> {
  const call: Call = { operation: 'GetObjectAcl', method: 'GET', ...ref, query: [['acl', undefined]] };
  return perform(caller, call, options, (answer) => readAcl(answer.body, caller.dialect.scheme));
}

async function putAcl(caller: Caller, ref: ObjectRef, acl: Acl, options?: CallOptions): Promise<void> {
  const { prefix, objectAcl } = caller.dialect.headers;
  const call: Call = {
    operation: 'PutObjectAcl',
    method: 'PUT',
    ...ref,
    query: [['acl', undefined]],
    ...(acl.canned === undefined ? { body: acl.document } : { headers: { [prefix + objectAcl]: acl.canned } }),
  };
  if (acl.canned === undefined && acl.document === undefined) {
    throw new GiveUp('BadRequest', `${nameCall(call, caller.dialect)}: neither a canned ACL nor a document is given.`);
  }
  await perform(caller, call, options, () => undefined);
}

async function deleteObject(
  caller: Caller,
  ref: ObjectRef,
  options: CallOptions & { ifMatch?: string } = {},
): Promise<{ versionId?: string; marker: boolean }> {
  const { dialect } = caller;
  const { prefix } = dialect.headers;
  const pin = dialect.facts.conditionalDelete ? options.ifMatch : undefined;
  const call: Call = {
    operation: 'DeleteObject',
    method: 'DELETE',
    ...ref,
    pinned: Boolean(pin),
    headers: { 'if-match': pin && `"${pin}"` },
    // A second attempt would find nothing to match and take its own success for another writer's change.
    repeat: pin ? 'if-refused' : 'always',
  };
  try {
    return await perform(caller, call, options, ({ headers }) => {
      const versionId = headers[`${prefix}version-id`];
      return {
        marker: headers[`${prefix}delete-marker`] === 'true',
        ...(versionId === undefined ? {} : { versionId }),
      };
    });
  } catch (error) {
    if (gaveUp(error, 'NotFound')) return { marker: false };
    throw error;
  }
}
