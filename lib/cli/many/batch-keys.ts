import type { BatchFlags } from '../input/batch-options.ts';
import { parseUrl, type StoreUrl } from '../input/urls.ts';
import { UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { areaOf, copyKeys, ownKeys, type Area, type KeyRules } from '../run/customer-keys.ts';

/** Which objects of a batch the keys of the customer are for. @throws UsageError where names do not tell. */
export function batchKeys(io: Io, places: readonly string[], flags: BatchFlags): KeyRules | undefined {
  const { manifest, inventory, report, inPlace, scheme, sseC, sseCSource } = flags;
  if (sseC === undefined && sseCSource === undefined) return undefined;
  const lists = [manifest, inventory].filter((text) => text !== undefined);
  if ([...lists, report].some((text) => text !== undefined && /^[a-z0-9]+:\/\//i.test(text))) {
    throw new UsageError(
      'with --sse-c or --sse-c-source the list and the report are local: nothing tells whether a key is for them, too.',
    );
  }
  const [first, second] = places.map(parseUrl);
  const isListed = lists.length > 0;
  const [from, to] = isListed ? [undefined, first] : [first, second];
  const source = from ? folderOf(from) : { key: '' };
  const used = from?.scheme ?? to?.scheme ?? scheme ?? 's3';
  if (inPlace) return ownKeys(io, flags, used, source);
  // A template may lead anywhere in the bucket.
  const isMapped = flags.keyTemplate !== undefined || flags.keyPattern !== undefined;
  const bucket = (to ?? from)?.bucket;
  return copyKeys(io, flags, {
    scheme: used,
    source,
    destination: isMapped || !to ? { bucket, key: '' } : folderOf(to),
  });
}

/** The places of a batch are prefixes, which may end anywhere in a name: the folder that holds them is meant. */
function folderOf(url: StoreUrl): Area {
  const { bucket, key = '' } = areaOf(url);
  return { bucket, key: key.slice(0, key.lastIndexOf('/') + 1) };
}
