import { describe, expect, it } from 'vitest';
import { readServeConfig, serveJsonSchema } from '../../../lib/config/file.ts';

const env = {
  MEDIA_KEY: 'media-key-0123456789abcdef',
  MEDIA_SECRET: 'whsec_bWVkaWEtbWVkaWEtbWVkaWEtbWVkaWEt',
  EVENTS_TOKEN: 'token-token-token-token-1',
};

const full = `
host: 0.0.0.0
port: 9000
stores:
  oss: { scheme: oss, region: cn-hangzhou }
  ceph: { scheme: s3, endpoint: http://127.0.0.1:7480, region: default }
callers:
  - name: media
    keys: [env:MEDIA_KEY]
    secrets: [env:MEDIA_SECRET]
    read: [oss://media]
    write: [oss://media/uploads/, ceph://backup]
    callbackHosts: [hooks.example.com]
eventTokens: [env:EVENTS_TOKEN]
callbacks: { allowAddresses: [127.0.0.0/8] }
lifecycle: { url: https://events.example.com/ferry, secrets: [env:MEDIA_SECRET] }
defaultStore: oss
rules:
  - name: backup
    source: { bucket: media }
    destination: { bucket: backup }
`;

describe('readServeConfig', () => {
  it('needs nothing to be written', () => {
    expect(readServeConfig('', {})).toMatchObject({
      host: '127.0.0.1',
      port: 8470,
      stores: { oss: { scheme: 'oss' }, s3: { scheme: 's3' } },
      callers: [],
      rules: { routes: [] },
    });
  });

  it('reads everything, and secrets from the environment', () => {
    const config = readServeConfig(full, env);
    expect(config.callers).toMatchObject([{ keys: [env.MEDIA_KEY], secrets: [env.MEDIA_SECRET], postsEvents: false }]);
    expect(config.eventTokens).toEqual([env.EVENTS_TOKEN]);
    expect(config.rules.routes).toMatchObject([{ id: 'backup', store: { scheme: 'oss', region: 'cn-hangzhou' } }]);
  });

  it.each([
    ['an unknown key', 'prot: 1', /Unrecognized key: "prot"/],
    ['an unknown key deeper down', 'callers: [{ name: a, kees: [] }]', /callers\[0\].*kees/],
    ['a port that is none', 'port: 70000', /port: /],
    ['a variable that is not set', 'eventTokens: [env:NOT_THERE]', /eventTokens\[0\]: .*NOT_THERE is not set/],
    ['a short key', 'callers: [{ name: a, keys: [short-secret] }]', /callers\[0\]\.keys\[0\]: must have at least 24/],
    [
      'a secret of another form',
      'callers: [{ name: a, secrets: [my-secret-my-secret-my-secret] }]',
      /secrets\[0\]: must be whsec_/,
    ],
    ['a caller without any', 'callers: [{ name: a }]', /caller a: needs a key or a secret/],
    [
      'two callers of one name',
      'callers: [{ name: a, keys: [env:MEDIA_KEY] }, { name: a, keys: [env:MEDIA_KEY] }]',
      /two callers named a/,
    ],
    [
      'callbacks that could not be signed',
      'callers: [{ name: a, keys: [env:MEDIA_KEY], callbackHosts: [h] }]',
      /callbacks need a secret/,
    ],
    [
      'a store that is not there',
      'callers: [{ name: a, keys: [env:MEDIA_KEY], read: ["gs://media"] }]',
      /there is no store gs/,
    ],
    ['an endpoint with a password', 'stores: { s3: { scheme: s3, endpoint: "http://u:p@h" } }', /stores\.s3\.endpoint/],
    ['an address block that is none', 'callbacks: { allowAddresses: [localhost] }', /allowAddresses\[0\]/],
    ['a lifecycle webhook without secrets', 'lifecycle: { url: "https://h", secrets: [] }', /lifecycle\.secrets/],
    [
      'a rule that copies onto itself',
      'defaultStore: oss\nrules: [{ name: r, source: { bucket: b }, destination: { bucket: b } }]',
      /rule 'r'/,
    ],
    ['no YAML', 'a: [', /configuration cannot be used/],
    ['a list', '- a', /file: /],
  ])('refuses %s and says where', (_what, text, message) => {
    expect(() => readServeConfig(text, env)).toThrow(message);
  });

  it('never repeats what may be a secret', () => {
    for (const text of [
      'callers: [{ name: a, keys: [hunter2] }]',
      'eventTokens: [hunter2]',
      'eventTokens: [{ hunter2: ',
    ]) {
      let refusal = '';
      try {
        readServeConfig(text, env);
      } catch (error) {
        refusal = String(error);
      }
      expect(refusal).toContain('cannot be used');
      expect(refusal).not.toContain('hunter2');
    }
  });

  it('has a JSON Schema that knows the same keys', () => {
    const schema = serveJsonSchema() as { properties: object; additionalProperties: boolean };
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(['host', 'stores', 'callers', 'rules', 'lifecycle']),
    );
  });
});
