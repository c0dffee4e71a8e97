import { forbiddenOption } from '../../batch/request/allowed-options.ts';
import type { Areas } from '../../batch/request/request.ts';
import type { CopyOptions } from '../../copy/model/request.ts';
import { isInside, resolvedKey } from '../../keys/prefixes.ts';
import { Problem } from '../http/problem.ts';
import type { Caller } from './callers.ts';
import type { Located } from './object-url.ts';

export type Access = 'read' | 'write';

/**
 * Refuses what the caller's policy does not allow, before any call to the store.
 * @throws Problem forbidden; invalid for a key that climbs above its bucket.
 */
export function requireAccess(caller: Caller, access: Access, at: Located): void {
  const root = `${at.name}://${at.bucket}/`;
  if (resolvedKey(at.key) === undefined) {
    throw new Problem('invalid', `The key climbs above its bucket with "..": ${root}${at.key}`);
  }
  if (!isInside(caller.policy[access], root, at.key)) {
    throw new Problem(
      'forbidden',
      `Caller "${caller.name}" may not ${access} ${root}${at.key}; its policy does not list it.`,
    );
  }
}

/**
 * Refuses an ACL that opens objects to others, a storage class or an encryption key that the caller may not ask for.
 * @throws Problem forbidden.
 */
export function requireOptions(caller: Caller, options: Partial<CopyOptions>): void {
  const forbidden = forbiddenOption(caller.policy, options);
  if (!forbidden) return;
  throw new Problem(
    'forbidden',
    `Caller "${caller.name}" may not ${forbidden.what}. Leave it out, or set \`${forbidden.setting}\` for this caller in the ` +
      'configuration.',
  );
}

/**
 * What the caller may touch in one store, without the store's name: how `bucket/key` starts; the empty text is everything.
 * @param names all that the store goes by
 */
export function areasIn(caller: Caller, names: readonly string[]): Areas {
  const within = (entries: readonly string[]): string[] =>
    entries.flatMap((entry) => {
      if (entry === '') return [''];
      const [name = '', start = ''] = entry.split(/:\/\/(.*)/s);
      return names.includes(name) ? [start] : [];
    });
  const { read, write, setsPublicAcl, storageClasses, encryptionKeys } = caller.policy;
  return {
    read: within(read),
    write: within(write),
    ...(setsPublicAcl && { setsPublicAcl }),
    ...(storageClasses && { storageClasses }),
    ...(encryptionKeys?.length && { encryptionKeys }),
  };
}
