import { describe, expect, it } from 'vitest';
import { changesAnything, copyOptions, metaOptions } from '../../../lib/cli/requests/copy-request.ts';
import { UsageError } from '../../../lib/cli/process/exit.ts';

describe('copyOptions', () => {
  it('asks for nothing when nothing was asked', () => {
    expect(copyOptions('oss', {})).toEqual({});
  });

  it('merges metadata and tags unless told to replace', () => {
    const flags = {
      meta: { a: '1' },
      removeMeta: ['Old'],
      contentType: 'text/plain',
      cacheControl: '',
      tag: { t: '1' },
    };
    expect(copyOptions('s3', flags)).toEqual({
      metadata: {
        base: 'merge',
        content: { contentType: 'text/plain' },
        removeContent: ['cacheControl'],
        set: { a: '1' },
        remove: ['old'],
      },
      tags: { base: 'merge', set: { t: '1' } },
    });
    expect(copyOptions('s3', { metadataDirective: 'replace', taggingDirective: 'replace' })).toEqual({
      metadata: { base: 'replace' },
      tags: { base: 'replace' },
    });
    expect(copyOptions('s3', { metadataDirective: 'copy', taggingDirective: 'copy' })).toEqual({});
  });

  it('passes the rest on', () => {
    const flags = {
      storageClass: 'IA',
      acl: 'keep',
      verify: 'size',
      partSize: 1,
      concurrency: 2,
      overwrite: 'never',
    } as const;
    expect(copyOptions('oss', flags)).toEqual(flags);
    expect(copyOptions('oss', { ifDifferent: true })).toEqual({ overwrite: 'if-different' });
  });

  it('spells encryption as the store does', () => {
    expect(copyOptions('oss', { sse: 'kms', sseKeyId: 'k' })).toEqual({ encryption: { algorithm: 'KMS', keyId: 'k' } });
    expect(copyOptions('s3', { sse: 'AWS:KMS' })).toEqual({ encryption: { algorithm: 'aws:kms' } });
  });

  it.each([
    ['oss', { sse: 'aws:kms' }, /AES256, KMS, SM4/],
    ['s3', { sse: 'SM4' }, /AES256, aws:kms/],
    ['s3', { sseKeyId: 'k' }, /needs --sse/],
    ['s3', { acl: '' }, /--acl needs a value/],
    ['s3', { ifDifferent: true, overwrite: 'never' }, /contradict/],
  ] as const)('refuses %s %j', (scheme, flags, message) => {
    expect(() => copyOptions(scheme, flags)).toThrow(UsageError);
    expect(() => copyOptions(scheme, flags)).toThrow(message);
  });
});

describe('metaOptions', () => {
  it('knows when there is nothing to change', () => {
    expect(changesAnything(metaOptions('oss', { verify: 'size', concurrency: 2 }))).toBe(false);
    for (const flags of [
      { set: { a: '1' } },
      { remove: ['a'] },
      { replace: true },
      { tag: { a: '' } },
      { removeTag: ['a'] },
    ]) {
      expect(changesAnything(metaOptions('oss', flags))).toBe(true);
    }
    expect(changesAnything(metaOptions('oss', { storageClass: 'IA' }))).toBe(true);
    expect(changesAnything(metaOptions('oss', { contentLanguage: '' }))).toBe(true);
  });
});
