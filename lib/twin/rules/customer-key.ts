/** S3: keys that the client brings with each request (SSE-C). The twin remembers the MD5 of a key, never the key. */
import { createHash } from 'node:crypto';
import { own, type Call } from '../call.ts';
import { refuse } from '../errors.ts';
import type { Encryption, StoredObject, Upload } from '../model/object.ts';

const OBJECT = 'server-side-encryption-customer-';
const SOURCE = `copy-source-${OBJECT}`;

/** MD5 of the key in the three headers that begin so, base64; undefined where the request brings none. */
function keyIn(call: Call, start: string): string | undefined {
  const [algorithm, key, md5] = ['algorithm', 'key', 'key-md5'].map((name) => own(call, start + name));
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined;
  if (call.dialect.name === 'oss') {
    throw refuse('NotImplemented', { message: 'Customer-provided encryption keys are not supported.' });
  }
  if (algorithm === undefined) {
    throw wrong(start, 'algorithm', 'must provide a valid encryption algorithm');
  }
  if (algorithm !== 'AES256') {
    throw refuse('InvalidEncryptionAlgorithmError', {
      message: 'The Encryption request you specified is not valid. Supported value: AES256.',
    });
  }
  if (key === undefined) throw wrong(start, 'key', 'must provide an appropriate secret key');
  if (md5 === undefined) throw wrong(start, 'key-MD5', 'must provide the client calculated MD5 of the secret key');
  const bytes = Buffer.from(key, 'base64');
  const argument = { ArgumentName: `x-amz-${start}key` };
  if (bytes.length !== 32) {
    throw refuse('InvalidArgument', {
      message: 'The secret key was invalid for the specified algorithm.',
      fields: argument,
    });
  }
  if (createHash('md5').update(bytes).digest('base64') !== md5) {
    throw refuse('InvalidArgument', {
      message: 'The calculated MD5 hash of the key did not match the hash that was provided.',
      fields: argument,
    });
  }
  return md5;
}

function wrong(start: string, name: string, what: string): Error {
  return refuse('InvalidArgument', {
    message: `Requests specifying Server Side Encryption with Customer provided keys ${what}.`,
    fields: { ArgumentName: `x-amz-${start}${name}` },
  });
}

/** The encryption that a new object gets from such a key. */
export function customerEncryption(call: Call): Encryption | undefined {
  const md5 = keyIn(call, OBJECT);
  if (md5 === undefined) return undefined;
  if (own(call, 'server-side-encryption') !== undefined) {
    throw refuse('InvalidArgument', {
      message: 'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
    });
  }
  return { algorithm: 'AES256', customerKey: md5 };
}

/** Refuses to read an object without its key, with another one, and with one where there is none. */
export function checkCustomerKey(call: Call, { encryption }: StoredObject, of: 'object' | 'source' = 'object'): void {
  const brought = keyIn(call, of === 'source' ? SOURCE : OBJECT);
  const wanted = encryption?.customerKey;
  if (brought === wanted) return;
  if (brought === undefined) {
    throw refuse('InvalidRequest', {
      message:
        'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    });
  }
  if (wanted === undefined) {
    throw refuse('InvalidRequest', { message: 'The encryption parameters are not applicable to this object.' });
  }
  throw refuse('AccessDenied');
}

/** Every part is encrypted with the key that the upload was begun with. */
export function checkUploadKey(call: Call, { attributes }: Upload): void {
  const brought = keyIn(call, OBJECT);
  const wanted = attributes.encryption?.customerKey;
  if (brought === wanted) return;
  const message =
    brought === undefined
      ? 'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.'
      : wanted === undefined
        ? 'The multipart upload initiate did not request encryption. Please resend the request without sending encryption parameters.'
        : 'The provided encryption parameters did not match the ones used originally.';
  throw refuse('InvalidRequest', { message });
}

/** ListParts and Complete want the key only where the upload keeps checksums; a wrong one is refused everywhere. */
export function checkLedgerKey(call: Call, upload: Upload): void {
  if (upload.checksum === undefined && keyIn(call, OBJECT) === undefined) return;
  checkUploadKey(call, upload);
}

export function customerKeyHeaders({ customerKey }: Encryption): Record<string, string | undefined> {
  return { [`x-amz-${OBJECT}algorithm`]: 'AES256', [`x-amz-${OBJECT}key-md5`]: customerKey };
}

/** Of such an object the ETag says nothing of the bytes. */
export function hiddenEtag(call: Call): string {
  return createHash('md5').update(call.world.store.nextId()).digest('hex');
}
