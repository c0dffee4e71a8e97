/** `--sse-c` and `--sse-c-source`: which objects the keys are for, as the address of the store carries it. */
import type { CustomerKeyRule, StoreAddress } from '../../copy/model/object.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import { hasWildcard } from '../../keys/wildcard.ts';
import { customerKeyReference, readCustomerKey, referenceRule } from '../../profiles/customer-key.ts';
import type { KeyFlags } from '../input/options.ts';
import { UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';

/** One object, or with an empty key or a slash at its end everything below it. Without a bucket: in every bucket. */
export type Area = Pick<CustomerKeyRule, 'bucket' | 'key'>;

export interface KeyRules {
  scheme: StoreAddress['scheme'];
  rules: CustomerKeyRule[];
}

/**
 * The keys of a command that copies. Each is read once, so that a missing one is said before anything is written.
 * @throws UsageError for what is no reference, a key that cannot be read, and places that overlap.
 */
export function copyKeys(
  io: Io,
  flags: KeyFlags,
  { scheme, source, destination }: { scheme: KeyRules['scheme']; source: Area; destination: Area },
): KeyRules | undefined {
  const ofSource = referenceIn(io, '--sse-c-source', flags.sseCSource);
  const ofDestination = referenceIn(io, '--sse-c', flags.sseC);
  if (ofSource === undefined && ofDestination === undefined) return undefined;
  if (ofSource !== ofDestination && overlap(source, destination)) {
    throw new UsageError(
      'source and destination overlap, so that their names do not tell which of them a key is for: copy to a place outside the source.',
    );
  }
  const rules = [
    { ...source, reference: ofSource ?? 'none' },
    { ...destination, reference: ofDestination ?? 'none' },
  ];
  return { scheme, rules };
}

/** The key of a command that reads objects, or changes them where they are. @throws UsageError as `copyKeys`. */
export function ownKeys(io: Io, flags: KeyFlags, scheme: KeyRules['scheme'], area: Area): KeyRules | undefined {
  const own = referenceIn(io, '--sse-c', flags.sseC);
  const same = referenceIn(io, '--sse-c-source', flags.sseCSource);
  if (own !== undefined && same !== undefined && own !== same) {
    throw new UsageError(
      '--sse-c and --sse-c-source differ, and an object keeps its key where it is: copy it to another name to give it another key.',
    );
  }
  const reference = own ?? same;
  return reference === undefined ? undefined : { scheme, rules: [{ ...area, reference }] };
}

/** What a URL may mean: with wildcards the folder that holds every match. */
export function areaOf({ bucket, key }: { bucket: string; key: string }): Area {
  if (!hasWildcard(key)) return { bucket, key };
  const literal = key.slice(0, key.search(/[*?[\\]/));
  return { bucket, key: literal.slice(0, literal.lastIndexOf('/') + 1) };
}

/** @throws GiveUp BadRequest where a key that the address names is not there now. */
export function checkKeys({ customerKeys = [] }: Pick<StoreAddress, 'customerKeys'>, env: Io['env']): void {
  for (const { reference } of customerKeys) if (reference !== 'none') readCustomerKey(reference, env);
}

function referenceIn(io: Io, option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const reference = customerKeyReference(text);
  if (reference === undefined) throw new UsageError(`${option}: ${referenceRule}`);
  try {
    readCustomerKey(reference, io.env);
  } catch (error) {
    if (error instanceof GiveUp) throw new UsageError(`${option}: ${error.message}`);
    throw error;
  }
  return reference;
}

/** One object lies closer than what is around it; of two folders, one inside the other, no name tells which is meant. */
function overlap(a: Area, b: Area): boolean {
  if (a.bucket === undefined || b.bucket === undefined || a.bucket !== b.bucket) return false;
  if (a.key === b.key) return true;
  const [isFolder, isOther] = [a, b].map(({ key }) => key === '' || key.endsWith('/'));
  return Boolean(isFolder && isOther) && (a.key.startsWith(b.key) || b.key.startsWith(a.key));
}
