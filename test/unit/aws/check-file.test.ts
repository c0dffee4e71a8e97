import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkFile } from '../../../deploy/aws/check-file.ts';
import type { NamedStage } from '../../../deploy/aws/stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferry-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stage: NamedStage = {
  ...{ name: 'dev', region: 'eu-central-1', read: ['photos'], write: ['backup'], keepTable: false },
  ...{ partsAtOnce: 2, othersAtOnce: 2, requestsPerSecond: 1, requestBurst: 1 },
};

const rule = (text: string) => `defaultStore: s3\nrules:\n  - { name: all, ${text} }\n`;
const good = rule('source: { bucket: photos }, destination: { bucket: backup }');

function check(text: string, more: Partial<NamedStage> = {}): () => void {
  const path = join(folder, 'ferry.yaml');
  writeFileSync(path, text);
  return () => checkFile({ ...stage, ...more }, path);
}

it('takes a file whose rules and variables fit the stage', () => {
  expect(check(good)).not.toThrow();
  const callers = 'callers:\n  - { name: media, keys: [env:MEDIA_KEY], secrets: [env:MEDIA_SECRET] }\n';
  const environment = { MEDIA_KEY: '{{resolve:secretsmanager:a:SecretString:K}}', MEDIA_SECRET: '{{resolve:ssm:b}}' };
  expect(check(callers, { environment })).not.toThrow();
});

it.each([
  ['a file that is no YAML', 'rules: [', {}, /cannot be used/],
  ['an unknown field', good.replace('source', 'sauce'), {}, /rules.0.*sauce/s],
  ['a name without value', 'eventTokens: [env:TOKEN]\n', {}, /variable TOKEN is not set/],
  ['a value of the wrong form', 'eventTokens: [env:TOKEN]\n', { environment: { TOKEN: 'short' } }, /24 to 128/],
  ['a source outside the stage', good.replace('photos', 'videos'), {}, /rule 'all': its source videos .*photos/],
  ['a destination outside the stage', good.replace('backup', 'else'), {}, /rule 'all': its destination else .*backup/],
  ['an ACL without permission', good.replace('bucket: backup', '$&, acl: keep'), {}, /setsAcls/],
  ['a restore without permission', good.replace('bucket: photos', '$&, restore: { days: 1 }'), {}, /restores/],
])('refuses %s', (_, text, more, why) => {
  expect(check(text, more)).toThrow(why);
});

it('refuses a stage without a file', () => {
  expect(() => checkFile(stage, join(folder, 'none.yaml'))).toThrow(/none\.yaml, which cannot be read/);
});

it('leaves rules on other stores to their own keys', () => {
  const elsewhere = 'stores:\n  ceph: { scheme: s3, endpoint: "https://ceph.example.com" }\n';
  expect(
    check(elsewhere + good.replace('defaultStore: s3', 'defaultStore: ceph').replace('photos', 'x')),
  ).not.toThrow();
});
