import type { Encryption } from '../model/object.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';
import type { CopyRequest } from '../model/request.ts';

/**
 * The encryption to ask for at the destination: a key of KMS serves one region only, so the key of a source elsewhere is left
 * out, and the destination's region takes its own. A key that the caller names is sent as it is, and the store decides. The
 * bucket's region is asked for once, and only where a key names a region.
 *
 * @param encryption of the source, or what the caller asks for.
 */
export async function usableEncryption(
  store: ObjectStore,
  { destination, options: { encryption: asked } }: Pick<CopyRequest, 'destination' | 'options'>,
  encryption: Encryption | undefined,
  options?: CallOptions,
): Promise<Encryption | undefined> {
  if (asked?.keyId !== undefined) return encryption;
  const region = /^arn:[^:]*:kms:([^:]+):/.exec(encryption?.keyId ?? '')?.[1];
  if (region === undefined || !store.region) return encryption;
  const there = await store.region(destination.bucket, options);
  return there === undefined || there === region ? encryption : { ...encryption!, keyId: undefined };
}
