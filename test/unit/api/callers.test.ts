import { describe, expect, it } from 'vitest';
import { authenticate } from '../../../lib/api/callers/authenticate.ts';
import { callerFrom, digest } from '../../../lib/api/callers/callers.ts';
import { requireAccess } from '../../../lib/api/callers/policy.ts';
import { fullRequest, start, stores } from './fakes.ts';

const key = 'a-key-of-some-length-0123456789';

describe('callerFrom', () => {
  it('takes a digest in place of a key', () => {
    const caller = callerFrom({ name: 'a', keys: [`sha256:${digest(key).toString('hex')}`] });
    const request = fullRequest({ headers: { authorization: `Bearer ${key}` } });
    expect(authenticate([caller], request, start).caller).toBe(caller);
    const withDigest = fullRequest({ headers: { authorization: `Bearer sha256:${digest(key).toString('hex')}` } });
    expect(() => authenticate([caller], withDigest, start)).toThrow('not known');
  });

  it('allows nothing that is not written', () => {
    const { policy } = callerFrom({ name: 'a', keys: [key] });
    expect(policy).toEqual({
      ...{ read: [], write: [], callbackHosts: [], encryptionKeys: [] },
      ...{ postsEvents: false, seesAllJobs: false, setsPublicAcl: false },
    });
  });
});

describe('requireAccess', () => {
  const caller = callerFrom({ name: 'a', keys: [key], read: ['oss://media', 'oss://logs/2026-'] });
  const may = (bucket: string, name: string): boolean => {
    try {
      requireAccess(caller, 'read', { name: 'oss', store: stores['oss'] ?? { scheme: 'oss' }, bucket, key: name });
      return true;
    } catch {
      return false;
    }
  };

  it.each([
    ['media', 'anything', true],
    ['media', 'a/../b', true],
    ['media', '../logs/2026-01', false],
    ['media-2', 'a', false],
    ['logs', '2026-01/a', true],
    ['logs', '2025-01/a', false],
    ['logs', '2026-01/../2025-01/a', false],
    ['logs', './2026-01', false],
    ['logs', '2026-01/./a', true],
  ])('on %s, key %s: %s', (bucket, name, allowed) => {
    expect(may(bucket, name)).toBe(allowed);
  });
});
