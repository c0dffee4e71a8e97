/** The environment as containers and shells set it, and what in it cannot be. */
import { accessSync, constants } from 'node:fs';
import { GiveUp } from '../copy/model/errors.ts';
import type { Env } from '../profiles/places.ts';
import { homeOf } from '../profiles/places.ts';
import { asProxyUrl } from '../profiles/network.ts';

/** Names that the program and the SDKs of the vendors read. */
const ours = /^(?:FERRY|AWS|OSS|OSSUTIL|ALIBABA_CLOUD|ECS)_|^(?:HTTP|HTTPS|NO)_PROXY$/i;

/**
 * Our variables without line breaks at their ends: secrets that are mounted as files, and `--from-file`, leave one there,
 * and no value of ours ends in one.
 */
export function withoutLineEnds(env: Env): Env {
  const entries = Object.entries(env).map(([name, value]) => [
    name,
    value !== undefined && ours.test(name) ? withoutLineEnd(value) : value,
  ]);
  return Object.fromEntries(entries) as Env;
}

export function withoutLineEnd(value: string): string {
  let end = value.length;
  while (end > 0 && (value[end - 1] === '\n' || value[end - 1] === '\r')) end--;
  return value.slice(0, end);
}

/**
 * The same in the process itself, for the SDKs read it on their own. They also ask for a home folder and fail where the
 * user has none, so such a user gets one that does not exist.
 */
export function cleanProcessEnvironment(env: NodeJS.ProcessEnv = process.env): void {
  for (const [name, value] of Object.entries(withoutLineEnds(env))) {
    if (value !== undefined && value !== env[name]) env[name] = value;
  }
  if (homeOf(env) === undefined) env['HOME'] = '/nonexistent';
}

const keys = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'OSS_ACCESS_KEY_ID',
  'OSS_ACCESS_KEY_SECRET',
  'OSS_SESSION_TOKEN',
];
const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'];
const certificates = ['AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'];

/** @throws GiveUp BadRequest that names the first variable whose value cannot be; values are not repeated, for they may be secrets. */
export function refuseBrokenValues(env: Env): void {
  for (const name of keys) {
    const value = env[name] ?? '';
    // A secret is signed with and never sent, so a store of one's own may have any text for one.
    const wrongly = /SECRET/.test(name) ? hasControl(value) : /[^\x21-\x7e]/.test(value);
    if (wrongly) throw wrong(name, 'holds a line break or another character that no key has; copy the key again');
  }
  for (const name of proxies) {
    const value = env[name];
    if (value && asProxyUrl(value) === undefined) throw wrong(name, 'is no proxy: write http://host:port');
  }
  for (const name of certificates) {
    const path = env[name];
    if (path && !isReadable(path)) throw wrong(name, `names a file that cannot be read: ${path}`);
  }
}

function hasControl(text: string): boolean {
  return [...text].some((letter) => letter < ' ' || letter === '\x7f');
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function wrong(name: string, what: string): GiveUp {
  return new GiveUp('BadRequest', `The environment variable ${name} ${what}.`);
}
