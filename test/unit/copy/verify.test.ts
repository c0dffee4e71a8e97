import { expect, test } from 'vitest';
import { judge, verifyWritten } from '../../../lib/copy/fidelity/verify.ts';
import type { ObjectHead } from '../../../lib/copy/model/object.ts';

const pin = { etag: 'AA', size: 5, lastModified: 0 };
const found = (over: Partial<ObjectHead>): ObjectHead => ({
  size: 5,
  etag: 'other',
  lastModified: 1,
  content: {},
  userMetadata: {},
  storageClass: 'STANDARD',
  kind: 'normal',
  archived: false,
  clientEncrypted: false,
  ...over,
});
const crc = (value: string, fullObject = true) => ({ algorithm: 'CRC64NVME', value, fullObject });

test.each([
  ['another size', found({ size: 6, etag: 'AA' }), {}, 'mismatch'],
  ['equal CRC64', found({ crc64: '7' }), { pin: { ...pin, crc64: '7' } }, 'crc64'],
  ['another CRC64, whatever the ETag', found({ crc64: '8', etag: 'AA' }), { pin: { ...pin, crc64: '7' } }, 'mismatch'],
  ['CRC64 on one side only', found({ crc64: '8', etag: 'aa' }), {}, 'etag'],
  ['equal full-object checksum', found({ checksum: crc('x') }), { pin: { ...pin, checksum: crc('x') } }, 'checksum'],
  ['another checksum', found({ checksum: crc('y') }), { pin: { ...pin, checksum: crc('x') } }, 'mismatch'],
  [
    'composite checksums say nothing',
    found({ checksum: crc('y', false) }),
    { pin: { ...pin, checksum: crc('x') } },
    'undecided',
  ],
  ['the ETag of the source, in other case', found({ etag: 'aa' }), {}, 'etag'],
  [
    "the ETag that the parts make, which is not the source's",
    found({ etag: 'm-3' }),
    { expectedEtag: 'm-3' },
    'part-etags',
  ],
  ['an ETag that only the store can explain', found({ etag: 'w' }), { writtenEtag: 'w' }, 'size'],
  ['another ETag than was written', found({ etag: 'z' }), { writtenEtag: 'w' }, 'mismatch'],
  ['an ETag of an unknown formula', found({ etag: 'z' }), {}, 'undecided'],
  ['an empty ETag equals nothing', found({ etag: '' }), { writtenEtag: '', pin: { ...pin, etag: '' } }, 'undecided'],
  [
    'size only, and the ETag that was computed',
    found({ etag: 'm-3' }),
    { verify: 'size', expectedEtag: 'm-3' },
    'size',
  ],
  [
    'size only, as asked',
    found({ crc64: '8' }),
    { pin: { ...pin, crc64: '7' }, verify: 'size', writtenEtag: 'other' },
    'size',
  ],
] as const)('%s', (_name, head, evidence, verdict) => {
  expect(judge(head, { pin, ...evidence })).toBe(verdict);
});

test('a mismatch keeps the source and says what to do', () => {
  const verify = () => verifyWritten('oss://b/k', found({ size: 4 }), { pin });
  expect(verify).toThrow(/oss:\/\/b\/k.*4 bytes there, 5 wanted.*source was kept/s);
  expect(verify).toThrow(expect.objectContaining({ code: 'VerificationFailed' }));
});
