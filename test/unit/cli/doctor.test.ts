import { describe, expect, it } from 'vitest';
import { check, checkClock, credentialsSource, maskKey } from '../../../lib/cli/commands/doctor-checks.ts';
import { exportsFor, parseBucket, parseUser } from '../../../lib/cli/commands/twin.ts';
import { UsageError } from '../../../lib/cli/process/exit.ts';

describe('doctor', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');

  it.each([
    ['Sun, 01 Mar 2026 12:00:01 GMT', 'good', 'right'],
    ['Sun, 01 Mar 2026 11:59:30 GMT', 'good', '30 s off'],
    ['Sun, 01 Mar 2026 12:20:00 GMT', 'bad', '1200 s off'],
    ['yesterday', 'skipped', 'did not tell'],
    [undefined, 'skipped', 'did not tell'],
  ])('reads the clock %s', (date, state, text) => {
    expect(checkClock(date, now)).toMatchObject({ name: 'clock', state, text: expect.stringContaining(text) });
  });

  it('shows no more of a key than is needed to recognise it', () => {
    expect(maskKey('LTAI5tFakeFakeFake9xZ')).toBe('LTAI...9xZ');
    expect(maskKey('twin-key')).toBe('tw...');
  });

  it('says where credentials come from', () => {
    const nowhere = { HOME: '/nowhere' };
    expect(credentialsSource('oss', undefined, { ...nowhere, OSS_ACCESS_KEY_ID: 'x' })).toBe('OSS_ACCESS_KEY_ID');
    expect(credentialsSource('oss', undefined, nowhere)).toBe('Alibaba Cloud provider chain');
    expect(credentialsSource('s3', 'work', { ...nowhere, AWS_ACCESS_KEY_ID: 'x' })).toBe('AWS profile work');
    expect(credentialsSource('s3', undefined, { ...nowhere, AWS_ACCESS_KEY_ID: 'x' })).toBe('AWS_ACCESS_KEY_ID');
    expect(credentialsSource('s3', undefined, nowhere)).toBe('AWS provider chain');
  });

  it('turns an error into a line', async () => {
    const failing = async (): Promise<string> => Promise.reject(new Error('no such bucket'));
    expect(await check('list', failing)).toEqual({ name: 'list', state: 'bad', text: 'no such bucket' });
  });
});

describe('twin', () => {
  it('gives lines that a shell takes as they are', () => {
    expect(exportsFor('http://127.0.0.1:9470', { region: 'cn-hangzhou', accessKey: 'id', secret: "it's" })).toEqual([
      'export OSS_ENDPOINT=http://127.0.0.1:9470 OSS_REGION=cn-hangzhou',
      `export OSS_ACCESS_KEY_ID=id OSS_ACCESS_KEY_SECRET='it'\\''s'`,
      'export AWS_ENDPOINT_URL=http://127.0.0.1:9470 AWS_REGION=cn-hangzhou',
      `export AWS_ACCESS_KEY_ID=id AWS_SECRET_ACCESS_KEY='it'\\''s'`,
    ]);
  });

  it('reads buckets with a region of their own', () => {
    expect(parseBucket('photos')).toStrictEqual({ name: 'photos' });
    expect(parseBucket('photos:cn-shanghai')).toEqual({ name: 'photos', region: 'cn-shanghai' });
    for (const text of ['', ':x', 'a:', 'a:b:c']) expect(() => parseBucket(text)).toThrow(UsageError);
  });

  it('reads --user, whose secret may have colons and is not repeated in an error', () => {
    expect(parseUser('bob:key:se:cret')).toEqual({ name: 'bob', accessKeyId: 'key', secretAccessKey: 'se:cret' });
    for (const text of ['', 'bob', 'bob:key', 'bob:key:', ':key:s', 'bob::s']) {
      expect(() => parseUser(text)).toThrow(UsageError);
    }
    expect(() => parseUser('bob::s3cr3t')).toThrow(/^(?!.*s3cr3t)/s);
  });
});
