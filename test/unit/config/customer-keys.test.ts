/** `customerKeys` of a store in `ferry.yaml`: references, checked at start, with no key in any message. */
import { describe, expect, it } from 'vitest';
import { loadServeConfig } from '../../../lib/config/load.ts';
import { customerKeyOf } from '../../../lib/copy/model/object.ts';

const key = Buffer.alloc(32, 'k').toString('base64');
const env = { AWS_REGION: 'eu-west-1', HOME: '/nonexistent', PHOTOS_KEY: key };
const lines = (...rules: string[]): string => rules.map((rule) => `      - ${rule}`).join('\n');
const file = (rules: string, more = ''): string =>
  `stores:\n  s3:\n    scheme: s3\n${more}    customerKeys:\n${rules}\n`;
const load = (text: string, variables: Record<string, string> = env) => loadServeConfig(variables, text);
const whole = lines("{ objects: 's3://photos/', key: 'env:PHOTOS_KEY' }");

describe('customerKeys of a store', () => {
  it('stay references, and the closest line holds', async () => {
    const rules = lines(
      "{ objects: 's3://photos/open/', key: none }",
      "{ objects: 's3://photos/', key: 'env:PHOTOS_KEY' }",
      "{ objects: 's3://photos/open/one', key: 'env:PHOTOS_KEY' }",
    );
    const { file: read } = await load(file(rules));
    const store = read.stores['s3']!;
    expect(JSON.stringify(store)).not.toContain(key);
    const of = (name: string, bucket = 'photos') => customerKeyOf(store, { bucket, key: name });
    expect(of('a')).toBe('env:PHOTOS_KEY');
    expect(of('open/a')).toBeUndefined();
    expect(of('open/one')).toBe('env:PHOTOS_KEY');
    expect(of('open/one-more')).toBeUndefined();
    expect(of('a', 'backup')).toBeUndefined();
  });

  it('stay with a store that a rule describes, whose text is read again by its batches', async () => {
    const rules = `rules:
  - name: nightly
    source:
      bucket: photos
      store:
        scheme: s3
        customerKeys: [{ objects: 's3://photos/', key: 'env:PHOTOS_KEY' }]
    destination: { bucket: backup }
`;
    const { file: read } = await load(rules);
    const wanted = [{ bucket: 'photos', key: '', reference: 'env:PHOTOS_KEY' }];
    expect(read.rules.routes[0]?.store.customerKeys).toEqual(wanted);
    const again = await load(JSON.stringify(read.rules.written));
    expect(again.file.rules.routes[0]?.store.customerKeys).toEqual(wanted);
  });

  it.each([
    ['a variable that is not set', file(whole), { ...env, PHOTOS_KEY: '' }, 'PHOTOS_KEY'],
    ['a variable that holds no key', file(whole), { ...env, PHOTOS_KEY: 'no-such-secret' }, 'PHOTOS_KEY'],
    ['the key itself', file(lines(`{ objects: 's3://photos/', key: '${key}' }`)), env, 'never be it'],
    ['one place twice', file(`${whole}\n${whole}`), env, 'twice'],
    ['a store without TLS', file(whole, '    endpoint: http://store.example.com\n'), env, 'https://'],
    ['a store of OSS', file(whole, '    region: cn-hangzhou\n').replace('scheme: s3', 'scheme: oss'), env, 'only S3'],
  ])('are refused at start for %s, without the value', async (_, text, variables, words) => {
    const error: unknown = await load(text, variables).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain(key);
    expect(String(error)).not.toContain('no-such-secret');
  });

  it('are sent without TLS to this machine', async () => {
    const { file: read } = await load(file(whole, '    endpoint: http://127.0.0.1:9000\n'));
    expect(read.stores['s3']?.customerKeys).toHaveLength(1);
  });
});
