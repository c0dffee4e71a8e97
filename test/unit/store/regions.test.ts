import { describe, expect, it } from 'vitest';
import { checkRegion } from '../../../lib/copy/plan/check-region.ts';
import type { StoreConfig } from '../../../lib/store/open.ts';
import type { Reply, Sent } from './harness.ts';
import { aHead, bench, copied, errorXml, failure, refusal } from './harness.ts';

const ref = { bucket: 'dst', key: 'k' };
const copy = {
  source: { bucket: 'src', key: 's' },
  sourceIfMatch: 'abc',
  destination: ref,
  metadata: { directive: 'copy' },
  tags: 'copy',
} as const;

const signedFor = ({ headers }: Sent): string | undefined =>
  /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers['authorization'] ?? '')?.[1];
const places = (sent: Sent[]): string[] => sent.map((request) => `${request.origin} ${signedFor(request)}`);

const toldBy = (header: string): Record<string, string> => ({ 'x-amz-bucket-region': header });
const ireland = 'eu-west-1';

describe('a bucket in another region', () => {
  it.each<[string, Reply]>([
    ['a redirect with a header', { ...refusal(301, 'PermanentRedirect'), headers: toldBy(ireland) }],
    [
      'a redirect that names a host of the vendor',
      refusal(301, 'PermanentRedirect', '', '<Endpoint>dst.s3-eu-west-1.amazonaws.com</Endpoint>'),
    ],
    ['a temporary redirect', { ...refusal(307, 'TemporaryRedirect'), headers: toldBy(ireland) }],
    ['a refused signature', refusal(400, 'AuthorizationHeaderMalformed', '', `<Region>${ireland}</Region>`)],
    [
      'a refused signature, in words alone',
      refusal(400, 'AuthorizationHeaderMalformed', `the region 'us-east-1' is wrong; expecting '${ireland}'`),
    ],
  ])('is learned from %s, and asked there from then on', async (_name, refused) => {
    const { store, sent } = bench('s3', (request) => (signedFor(request) === ireland ? copied : refused));
    await store.copyObject(copy);
    await store.copyObject(copy);
    expect(places(sent)).toEqual([
      'https://dst.s3.us-east-1.amazonaws.com us-east-1',
      'https://dst.s3.eu-west-1.amazonaws.com eu-west-1',
      'https://dst.s3.eu-west-1.amazonaws.com eu-west-1',
    ]);
  });

  it.each([301, 400, 403])('is learned from the header of a HEAD that is refused with %i', async (status) => {
    const { store, sent } = bench('s3', (request) =>
      signedFor(request) === ireland ? aHead : { status, headers: toldBy(ireland) },
    );
    expect(await store.head(ref)).toMatchObject({ size: 5 });
    expect(sent).toHaveLength(2);
  });

  it.each([
    ['a redirect that does not say where', { status: 301, headers: { location: 'https://evil.example/k' } }],
    ['a refusal of an endpoint of one region', refusal(400, 'IllegalLocationConstraintException')],
  ])('is asked for by HEAD of the bucket after %s', async (_name, refused) => {
    const { store, sent } = bench('s3', (request) => {
      if (request.method === 'HEAD') return { status: 403, headers: toldBy(ireland) };
      return signedFor(request) === ireland ? copied : refused;
    });
    await store.copyObject(copy);
    expect(sent.map((request) => `${request.method} ${new URL(request.origin).hostname}${request.path}`)).toEqual([
      'PUT dst.s3.us-east-1.amazonaws.com/k',
      'HEAD dst.s3.us-east-1.amazonaws.com/',
      'PUT dst.s3.eu-west-1.amazonaws.com/k',
    ]);
  });

  it('is addressed by itself: HEAD of the source where that is, the copy where the destination is', async () => {
    const home: Record<string, string> = { src: 'ap-southeast-2', dst: ireland };
    const { store, sent } = bench('s3', (request) => {
      const region = home[new URL(request.origin).hostname.split('.')[0] ?? ''] ?? '';
      if (signedFor(request) !== region) return { status: 301, headers: toldBy(region) };
      return request.method === 'HEAD' ? aHead : copied;
    });
    await store.head(copy.source);
    await store.copyObject(copy);
    await store.head(copy.source);
    expect(places(sent).filter((_, index) => index !== 0 && index !== 2)).toEqual([
      'https://src.s3.ap-southeast-2.amazonaws.com ap-southeast-2',
      'https://dst.s3.eu-west-1.amazonaws.com eu-west-1',
      'https://src.s3.ap-southeast-2.amazonaws.com ap-southeast-2',
    ]);
    expect(sent[3]?.headers['x-amz-copy-source']).toBe('/src/s');
  });

  it('changes nothing but the signature at an endpoint of the user', async () => {
    const { store, sent } = bench(
      's3',
      (request) =>
        signedFor(request) === 'garage'
          ? copied
          : refusal(400, 'AuthorizationHeaderMalformed', '', '<Region>garage</Region>'),
      { address: { scheme: 's3', endpoint: 'http://store.example:9000/s3', region: 'us-east-1' } },
    );
    await store.copyObject(copy);
    expect(places(sent)).toEqual(['http://dst.store.example:9000 us-east-1', 'http://dst.store.example:9000 garage']);
    expect(sent[1]?.path).toBe('/s3/k');
  });

  it('is found anew when it moves, for a name may be given to a new bucket', async () => {
    let now = ireland;
    const { store, sent } = bench('s3', (request) =>
      signedFor(request) === now ? copied : { status: 301, headers: toldBy(now) },
    );
    await store.copyObject(copy);
    now = 'us-west-2';
    await store.copyObject(copy);
    await store.copyObject(copy);
    expect(sent.map(signedFor)).toEqual(['us-east-1', ireland, ireland, 'us-west-2', 'us-west-2']);
  });

  it('signs URLs for the region that it is known to be in', async () => {
    const { store } = bench('s3', (request) =>
      signedFor(request) === ireland ? aHead : { status: 301, headers: toldBy(ireland) },
    );
    await store.head(ref);
    expect(await store.presign('GET', ref, 60)).toMatch(
      /^https:\/\/dst\.s3\.eu-west-1\.amazonaws\.com\/k\?.*eu-west-1/,
    );
  });
});

describe('an answer about regions that cannot be followed', () => {
  it('costs one request more per call when the store contradicts itself', async () => {
    const { store, sent } = bench('s3', (request) => ({
      status: 301,
      headers: toldBy(signedFor(request) === ireland ? 'us-west-2' : ireland),
    }));
    expect(await failure(store.copyObject(copy))).toMatchObject({ code: 'WrongEndpoint' });
    expect(sent).toHaveLength(2);
    expect(await failure(store.copyObject(copy))).toMatchObject({ code: 'WrongEndpoint' });
    expect(sent).toHaveLength(4);
  });

  it('costs at most one request more for each of many calls at once', async () => {
    const { store, sent } = bench('s3', (request) =>
      signedFor(request) === ireland ? aHead : { status: 301, headers: toldBy(ireland) },
    );
    await Promise.all(Array.from({ length: 50 }, () => store.head(ref)));
    expect(sent.length).toBeLessThanOrEqual(100);
    const before = sent.length;
    await store.head(ref);
    expect(sent).toHaveLength(before + 1);
  });

  it.each<[string, Reply]>([
    ['a host of another owner', refusal(301, 'PermanentRedirect', '', '<Endpoint>dst.evil.example</Endpoint>')],
    [
      'a host that only looks like the vendor',
      refusal(301, 'PermanentRedirect', '', '<Endpoint>s3.eu-west-1.amazonaws.com.evil.example</Endpoint>'),
    ],
    ['a host that a header names', { status: 307, headers: { location: 'https://evil.example/k' } }],
    ['a region that is a host', { status: 301, headers: toldBy('evil.example/') }],
    ['a region that is a path', { status: 301, headers: toldBy('../x') }],
    ['a region of another part of the cloud', { status: 301, headers: toldBy('cn-north-1') }],
  ])('sends no credentials to %s', async (_name, refused) => {
    const { store, sent } = bench('s3', (request) => (request.method === 'HEAD' ? { status: 403 } : refused));
    expect(await failure(store.copyObject(copy))).toMatchObject({ code: 'WrongEndpoint' });
    expect(new Set(sent.map(({ origin }) => origin))).toEqual(new Set(['https://dst.s3.us-east-1.amazonaws.com']));
    expect(sent.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  it('names the host of another owner, and the option for a host that is right', async () => {
    const { store } = bench('s3', (request) =>
      request.method === 'HEAD'
        ? { status: 403 }
        : refusal(301, 'PermanentRedirect', '', '<Endpoint>zone2.example</Endpoint>'),
    );
    const { message } = await failure(store.copyObject(copy));
    expect(message).toContain('The store names zone2.example instead. That is no host of Amazon');
    expect(message).toContain('--endpoint-url');
  });

  it('makes a new bucket where the configuration says, and asks for it there', async () => {
    const { store, sent } = bench('s3', (request) => {
      if (request.method === 'PUT' && request.path === '/') return {};
      return sent.length > 3 || signedFor(request) === ireland ? aHead : { status: 301, headers: toldBy(ireland) };
    });
    await store.head(ref);
    await store.createBucket('dst');
    await store.head(ref);
    expect(sent.map(signedFor)).toEqual(['us-east-1', ireland, 'us-east-1', 'us-east-1']);
  });
});

describe('a bucket of OSS in another region', () => {
  const words = 'The bucket you are attempting to access must be addressed using the specified endpoint.';
  // An answer to HEAD has no body: OSS packs the document into a header.
  const at = (endpoint: string): Reply => {
    const body = errorXml('AccessDenied', words, `<EC>0003-00001403</EC><Endpoint>${endpoint}</Endpoint>`);
    return { status: 403, headers: { 'x-oss-err': Buffer.from(body).toString('base64') } };
  };
  const beijing = at('oss-cn-beijing.aliyuncs.com');

  it.each<[string, Partial<StoreConfig>, string]>([
    ['the public endpoint', {}, 'https://dst.oss-cn-beijing.aliyuncs.com cn-beijing'],
    ['the internal one', { internal: true }, 'https://dst.oss-cn-beijing.aliyuncs.com cn-beijing'],
    [
      'one with IPv6',
      { address: { scheme: 'oss', endpoint: 'https://cn-hangzhou.oss.aliyuncs.com' } },
      'https://dst.cn-beijing.oss.aliyuncs.com cn-beijing',
    ],
    [
      'an accelerating one, which serves all regions',
      { address: { scheme: 'oss', endpoint: 'https://oss-accelerate.aliyuncs.com', region: 'cn-hangzhou' } },
      'https://dst.oss-accelerate.aliyuncs.com cn-beijing',
    ],
    [
      'one of the user, where nothing but the signature changes',
      { address: { scheme: 'oss', endpoint: 'https://oss.example.com', region: 'cn-hangzhou' } },
      'https://dst.oss.example.com cn-beijing',
    ],
  ])('is reached from %s', async (_name, config, place) => {
    const { store, sent } = bench('oss', (request) => (signedFor(request) === 'cn-beijing' ? aHead : beijing), config);
    await store.head(ref);
    await store.head(ref);
    expect(places(sent).slice(1)).toEqual([place, place]);
  });

  it.each(['oss-cn-beijing.aliyuncs.com.evil.example', 'evil.example', 'oss-cn-beijing.evil.aliyuncs.org'])(
    'is not looked for at %s',
    async (endpoint) => {
      const { store, sent } = bench('oss', () => at(endpoint));
      expect((await failure(store.head(ref))).message).toContain(endpoint);
      expect(sent).toHaveLength(1);
    },
  );

  it('is named in the refusal of a copy, in the words of the plan', async () => {
    const location = (region: string): Reply => ({ body: `<LocationConstraint>oss-${region}</LocationConstraint>` });
    const { store, sent } = bench('oss', (request) => {
      if (request.method === 'PUT') return refusal(403, 'AccessDenied', '', '<EC>0016-00000306</EC>');
      return location(request.origin.includes('src') ? 'cn-beijing' : 'cn-hangzhou');
    });
    const refused = await failure(store.copyObject(copy));
    expect(refused).toMatchObject({ code: 'CrossRegion', answer: { ec: '0016-00000306' } });
    expect(refused.message).toBe(
      'src is in cn-beijing and dst in cn-hangzhou; this store copies only inside one region. Use a destination bucket in ' +
        "cn-beijing, or the store's own cross-region replication. Nothing was written.",
    );
    await failure(store.copyObject(copy));
    expect(sent.filter(({ path }) => path === '/?location')).toHaveLength(2);
  });
});

describe('a copy between two regions of S3 that the way there does not take', () => {
  /** HEAD of a bucket, as S3 answers it: the source is in us-west-2, the destination in us-east-1. */
  const headBucket = (request: Sent): Reply => {
    const home = request.origin.includes('src') ? 'us-west-2' : 'us-east-1';
    return { status: signedFor(request) === home ? 200 : 400, headers: toldBy(home) };
  };

  it('is refused with both regions, and with the cause: a VPC endpoint of the network', async () => {
    const { store } = bench('s3', (request) => {
      if (request.method === 'PUT')
        return refusal(403, 'AccessDenied', 'VPC endpoints do not support cross-region requests');
      return headBucket(request);
    });
    const error = await failure(store.copyObject(copy));
    expect(error).toMatchObject({ code: 'CrossRegion' });
    expect(error.message).toMatch(/^src is in us-west-2 and dst in us-east-1; the VPC endpoint on the way/);
  });

  it.each([
    ['https://s3-accelerate.amazonaws.com', 'us-east-1', /S3 Transfer Acceleration copies only inside one region/],
    [
      'https://bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com',
      undefined,
      /a VPC endpoint of S3 copies only inside/,
    ],
  ])('is refused before anything is written at %s', async (endpoint, region, words) => {
    const { store } = bench('s3', headBucket, { address: { scheme: 's3', endpoint, region } });
    const refused = await failure(checkRegion(store, copy, {}));
    expect(refused).toMatchObject({ code: 'CrossRegion' });
    expect(refused.message).toMatch(words);
    expect(store.facts.sameRegionOnly).toBe(true);
  });
});

describe('the region of a bucket', () => {
  it('is proved by what the bucket has done, without a request', async () => {
    const { store, sent } = bench('s3', () => aHead);
    await store.head(ref);
    expect(await store.region?.('dst')).toBe('us-east-1');
    expect(sent).toHaveLength(1);
  });

  it('is not proved by a store of another owner, which may not look at the region at all', async () => {
    const address = { scheme: 's3', endpoint: 'http://store.example', region: 'us-east-1' } as const;
    const { store, sent } = bench('s3', (request) => (request.path === '/' ? {} : aHead), { address });
    await store.head(ref);
    expect(await store.region?.('dst')).toBeUndefined();
    expect(await store.region?.('dst')).toBeUndefined();
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual(['HEAD /k', 'HEAD /']);
  });

  it('is proved by a store of another owner that has told one bucket apart', async () => {
    const address = { scheme: 's3', endpoint: 'http://store.example', region: 'us-east-1' } as const;
    const { store } = bench(
      's3',
      (request) =>
        request.origin.includes('src') || signedFor(request) === ireland
          ? aHead
          : { status: 301, headers: toldBy(ireland) },
      { address },
    );
    await store.head(copy.source);
    await store.head(ref);
    expect([await store.region?.('src', { ask: false }), await store.region?.('dst', { ask: false })]).toEqual([
      'us-east-1',
      ireland,
    ]);
  });

  it('is asked for with HEAD of the bucket on S3, and is known even where that is not allowed', async () => {
    const { store } = bench('s3', (request) =>
      request.origin.includes('src') ? { headers: toldBy('us-east-1') } : { status: 403, headers: toldBy(ireland) },
    );
    expect(await store.region?.('src')).toBe('us-east-1');
    expect(await store.region?.('dst')).toBe(ireland);
  });

  it('is where the store serves it, whatever the answer says besides', async () => {
    const { store } = bench('s3', (request) =>
      signedFor(request) === ireland ? { headers: toldBy('us-east-1') } : { status: 301, headers: toldBy(ireland) },
    );
    expect(await store.region?.('dst')).toBe(ireland);
  });

  it('is not asked for where only memory may answer', async () => {
    const { store, sent } = bench('oss', () => aHead);
    expect(await store.region?.('src', { ask: false })).toBeUndefined();
    expect(sent).toHaveLength(0);
  });

  it('of OSS is what an endpoint serves, where the location may not be asked for', async () => {
    const { store } = bench('oss', (request) =>
      request.path === '/?location' ? refusal(403, 'AccessDenied') : { body: '<AccessControlPolicy/>' },
    );
    expect(await store.region?.('src')).toBe('cn-hangzhou');
  });
});
