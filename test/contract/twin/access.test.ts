/** Who may do what: users with keys of their own, requests without a signature, and the ACLs that let them in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../../lib/twin/start.ts';
import { oss, s3, unsigned, type Answer, type Ask } from './raw.ts';

const MAIN = '1234567890';
const other = { accessKeyId: 'other-key', secretAccessKey: 'other-secret' };
const GROUP = 'http://acs.amazonaws.com/groups/global';

let twin: Twin;
let otherId: string;
beforeAll(async () => {
  twin = await startTwin({ users: [{ name: 'other', ...other }] });
  otherId = (await s3(twin, { method: 'GET', ...other })).xml('ID')!;
});
afterAll(() => twin.close());

let bucket: string;
let count = 0;
beforeEach(async () => {
  bucket = `bucket-${++count}`;
  twin.store.createBucket({ name: bucket });
  await twin.store.put(bucket, 'k', { body: 'data', acl: { canned: 'private' } });
});

const verdict = ({ status, xml }: Answer): string => `${status} ${xml('Code') ?? ''}`.trim();
const setAcl = (name: string, more: Partial<Ask> = {}) =>
  s3(twin, { method: 'PUT', bucket, query: { acl: '' }, headers: { 'x-amz-acl': name }, ...more });
const grants = async (key?: string): Promise<string[]> => {
  const { body } = await s3(twin, { method: 'GET', bucket, key, query: { acl: '' } });
  return [
    ...body.matchAll(
      /<(?:ID|URI)>([^<]*)<\/(?:ID|URI)>(?:<DisplayName>[^<]*<\/DisplayName>)?<\/Grantee><Permission>(\w+)/g,
    ),
  ]
    .map(([, grantee, permission]) => `${grantee} ${permission}`)
    .sort();
};

describe('a request without a signature', () => {
  const ask = (more: Partial<Ask>): Promise<string> =>
    unsigned(twin, { method: 'GET', bucket, key: 'k', ...more }).then(verdict);

  it('learns that a bucket is not there, and a key only where it may list', async () => {
    expect(await ask({ bucket: 'nosuchbucket' })).toBe('404 NoSuchBucket');
    expect(await ask({ key: 'none' })).toBe('403 AccessDenied');
    expect(await ask({ key: undefined })).toBe('403 AccessDenied');
    await setAcl('public-read');
    expect(await ask({ key: 'none' })).toBe('404 NoSuchKey');
    expect(await ask({ key: undefined })).toBe('200');
    expect(await ask({})).toBe('403 AccessDenied');
  });

  it('writes where the ACL of the bucket allows it', async () => {
    const put = { method: 'PUT', key: 'new', body: 'x' };
    for (const [acl, expected] of [
      ['private', '403 AccessDenied'],
      ['public-read', '403 AccessDenied'],
      ['public-read-write', '200'],
    ] as const) {
      await setAcl(acl);
      expect(await ask(put)).toBe(expected);
      expect((await twin.store.head(bucket, 'new')) !== undefined).toBe(expected === '200');
    }
    expect(await ask({ method: 'PUT', query: { acl: '' }, key: undefined })).toBe('403 AccessDenied');
    expect(await ask({ method: 'DELETE', key: 'new' })).toBe('204');
  });

  it('does neither create nor list buckets', async () => {
    expect(await ask({ method: 'PUT', bucket: 'nobodys', key: undefined })).toBe('403 AccessDenied');
    expect(await ask({ bucket: undefined, key: undefined })).toBe('403 AccessDenied');
  });
});

describe('another user', () => {
  const ask = (more: Partial<Ask>): Promise<string> =>
    s3(twin, { method: 'GET', bucket, key: 'k', ...other, ...more }).then(verdict);

  it.each([s3, oss])('is refused without a grant, whatever it asks for', async (send) => {
    const copy = (prefix: string) => ({ [`${prefix}copy-source`]: `/${bucket}/k` });
    twin.store.createBucket({ name: `${bucket}-mine`, owner: otherId });
    const asks: Partial<Ask>[] = [
      {},
      { method: 'PUT', body: 'x' },
      { method: 'DELETE' },
      { method: 'DELETE', key: undefined },
      { key: undefined },
      { query: { acl: '' } },
      { query: { tagging: '' } },
      { method: 'POST', query: { uploads: '' } },
      { method: 'PUT', bucket: `${bucket}-mine`, headers: copy(send === s3 ? 'x-amz-' : 'x-oss-') },
    ];
    for (const more of asks) {
      const answer = await send(twin, { method: 'GET', bucket, key: 'k', ...other, ...more });
      expect([more, verdict(answer)]).toEqual([more, '403 AccessDenied']);
    }
    expect(twin.store.keys(bucket)).toEqual(['k']);
  });

  it('lists its own buckets only, and owns what it creates', async () => {
    expect(await ask({ method: 'PUT', bucket: `${bucket}-own`, key: undefined })).toBe('200');
    const { body } = await s3(twin, { method: 'GET', ...other });
    expect([body.includes(`<Name>${bucket}-own<`), body.includes(`<Name>${bucket}<`)]).toEqual([true, false]);
    expect(verdict(await s3(twin, { method: 'GET', bucket: `${bucket}-own` }))).toBe('403 AccessDenied');
  });

  it('does what the grants say', async () => {
    await setAcl('', { headers: { 'x-amz-grant-read': `id="${otherId}"`, 'x-amz-grant-write-acp': `id=${otherId}` } });
    expect(await ask({ key: undefined })).toBe('200');
    expect(await ask({ key: undefined, query: { acl: '' } })).toBe('403 AccessDenied');
    expect(await ask({ method: 'PUT', body: 'x' })).toBe('403 AccessDenied');
    expect(await ask({ method: 'PUT', key: undefined, query: { acl: '' }, headers: { 'x-amz-acl': 'private' } })).toBe(
      '200',
    );
    expect(await ask({ key: undefined })).toBe('403 AccessDenied');
  });

  it('owns the objects it writes into a bucket that lets it, and the owner of the bucket is let in by a canned ACL', async () => {
    await setAcl('public-read-write');
    expect(await ask({ method: 'PUT', key: 'theirs', body: 'x' })).toBe('200');
    const read = () => s3(twin, { method: 'GET', bucket, key: 'theirs' }).then(verdict);
    expect(await read()).toBe('403 AccessDenied');
    const headers = { 'x-amz-acl': 'bucket-owner-read' };
    expect(await ask({ method: 'PUT', key: 'theirs', query: { acl: '' }, headers })).toBe('200');
    expect(await read()).toBe('200');
  });
});

describe('grants', () => {
  it('of a bucket are kept, and given up for a canned ACL, as an empty list is', async () => {
    await setAcl('', {
      headers: { 'x-amz-grant-read': `id=${otherId}`, 'x-amz-grant-write': `uri="${GROUP}/AllUsers"` },
    });
    expect(await grants()).toEqual([`${otherId} READ`, `${GROUP}/AllUsers WRITE`].sort());
    await setAcl('private');
    expect(await grants()).toEqual([`${MAIN} FULL_CONTROL`]);
    const body = `<AccessControlPolicy><Owner><ID>${MAIN}</ID></Owner><AccessControlList/></AccessControlPolicy>`;
    expect(verdict(await setAcl('', { headers: {}, body }))).toBe('200');
    expect(await grants()).toEqual([]);
  });

  it('that were given up do not come back with a restart', async () => {
    const data = mkdtempSync(join(tmpdir(), 'twin-'));
    const start = () => startTwin({ data, buckets: [{ name: 'kept' }], users: [{ name: 'other', ...other }] });
    const put = (twin: Twin, headers: Record<string, string>) =>
      s3(twin, { method: 'PUT', bucket: 'kept', query: { acl: '' }, headers });
    let kept = await start();
    await put(kept, { 'x-amz-grant-read': `id=${otherId}` });
    await kept.close();
    kept = await start();
    expect(kept.store.bucket('kept').settings.grants).toEqual([{ grantee: otherId, permission: 'READ' }]);
    await put(kept, { 'x-amz-acl': 'private' });
    await kept.close();
    kept = await start();
    expect(kept.store.bucket('kept').settings.grants).toBeUndefined();
    await kept.close();
    rmSync(data, { recursive: true });
  });

  it('of authenticated-read go to the group of those who sign', async () => {
    const expected = [`${MAIN} FULL_CONTROL`, `${GROUP}/AuthenticatedUsers READ`];
    await setAcl('authenticated-read');
    await setAcl('authenticated-read', { key: 'k' });
    for (const key of [undefined, 'k']) expect(await grants(key)).toEqual(expected);
    const ask = { method: 'GET', bucket, key: 'k' };
    expect(verdict(await s3(twin, { ...ask, ...other }))).toBe('200');
    expect(verdict(await unsigned(twin, ask))).toBe('403 AccessDenied');
  });

  it('to a grantee that the store does not know are refused, and nothing changes', async () => {
    for (const [grantee, code] of [
      ['id=unknown', 'InvalidArgument'],
      ['uri=http://example.com/group', 'InvalidArgument'],
      ['emailAddress=unknown@example.com', 'UnresolvableGrantByEmailAddress'],
    ]) {
      expect((await setAcl('', { headers: { 'x-amz-grant-read': grantee! } })).xml('Code')).toBe(code);
    }
    expect(await grants()).toEqual([`${MAIN} FULL_CONTROL`]);
  });
});

describe('100 Continue', () => {
  /** Everything the twin says to a client that sends its body only after 100. */
  const told = (line: string, body = 'body'): Promise<string> =>
    new Promise((resolve, reject) => {
      const lines = [`${line} HTTP/1.1`, 'Host: localhost', `Content-Length: ${body.length}`, 'Expect: 100-continue'];
      let all = '';
      const socket = connect(twin.port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
      socket.on('data', (data) => {
        all += data.toString();
        if (/^HTTP\/1.1 100 /.test(all) && !all.includes(' 200 ')) socket.write(body);
        else if (all.includes('\r\n\r\n')) socket.end();
      });
      socket.on('close', () => resolve(all));
      socket.on('error', reject);
    });

  it('comes only after the headers were accepted', async () => {
    expect(await told(`PUT /${bucket}/c`)).toMatch(/^HTTP\/1.1 403 [^]*\r\nconnection: close\r\n/i);
    await setAcl('public-read-write');
    expect(await told(`PUT /${bucket}/c`)).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
    expect(String(await twin.store.bytes(bucket, 'c'))).toBe('body');
  });

  it('comes at once for the control API', async () => {
    const answer = await told('POST /__twin/buckets', '{"name":"by-control"}');
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
    expect(twin.store.bucket('by-control').settings.name).toBe('by-control');
  });
});

it('two users with one key, or with one name, are a mistake that is named', async () => {
  const start = (users: { name: string; accessKeyId: string; secretAccessKey: string }[]) => startTwin({ users });
  await expect(
    start([
      { name: 'x', ...other },
      { name: 'y', ...other },
    ]),
  ).rejects.toThrow(/access key other-key/);
  const second = { ...other, accessKeyId: 'another' };
  await expect(
    start([
      { name: 'x', ...other },
      { name: 'x', ...second },
    ]),
  ).rejects.toThrow(/name x/);
});

it('a role has keys of its own, shares the objects of the first user, and can be told from it in the record', async () => {
  const role = { accessKeyId: 'role-key', secretAccessKey: 'role-secret' };
  const withRole = await startTwin({ roles: [role], buckets: [{ name: 'shared' }] });
  try {
    await withRole.store.put('shared', 'k', { body: 'data', acl: { canned: 'private' } });
    const headers = { 'x-oss-copy-source': '/shared/k', 'x-oss-object-acl': 'private' };
    expect((await oss(withRole, { method: 'PUT', bucket: 'shared', key: 'copy', headers, ...role })).status).toBe(200);
    expect((await oss(withRole, { method: 'GET', bucket: 'shared', key: 'copy' })).status).toBe(200);
    expect(withRole.requests.all().map(({ accessKeyId, carries }) => [accessKeyId, carries])).toEqual([
      ['role-key', { 'copy-source': '/shared/k', 'object-acl': 'private' }],
      [withRole.accessKeyId, undefined],
    ]);
    await expect(startTwin({ roles: [role, role] })).rejects.toThrow(/access key role-key/);
  } finally {
    await withRole.close();
  }
});
