import type { Encryption, ObjectRef } from '../model/object.ts';
import type { CallOptions, ObjectStore } from '../model/ports.ts';

/**
 * The encryption to ask for at the destination: a key of KMS serves one region only, so the key of a source elsewhere is left
 * out, and the destination's region takes its own. The bucket's region is asked for once, and only where a key names a region.
 */
export async function usableEncryption(
  store: ObjectStore,
  encryption: Encryption | undefined,
  destination: ObjectRef,
  options?: CallOptions,
): Promise<Encryption | undefined> {
  const region = /^arn:[^:]*:kms:([^:]+):/.exec(encryption?.keyId ?? '')?.[1];
  if (region === undefined || !store.region) return encryption;
  const there = await store.region(destination.bucket, options);
  return there === undefined || there === region ? encryption : { ...encryption!, keyId: undefined };
}
