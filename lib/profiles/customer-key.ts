/** Keys of the customer for objects (SSE-C): named in commands and files, and read from where they lie. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { GiveUp } from '../copy/model/errors.ts';
import type { Env } from './places.ts';

/** As requests carry it; never to be logged, stored or shown. */
export interface CustomerKey {
  /** Base64 of 32 bytes. */
  key: string;
  /** Base64 of their MD5. */
  md5: string;
}

const keyBytes = 32;

/** What a reference looks like; the file's path becomes absolute. Undefined for anything else, which may be a key itself. */
export function customerKeyReference(text: string): string | undefined {
  if (/^env:[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return text;
  const path = /^file:(.+)$/s.exec(text)?.[1];
  return path === undefined ? undefined : `file:${resolve(path)}`;
}

/**
 * Reads the key that `env:NAME` or `file:PATH` names: 32 bytes as they are, or in base64.
 * @throws GiveUp BadRequest that names the variable or the file, and never shows what is in it.
 */
export function readCustomerKey(reference: string, env: Env): CustomerKey {
  const [, kind, place = ''] = /^(env|file):(.+)$/s.exec(reference) ?? [];
  if (kind === undefined) throw new GiveUp('BadRequest', referenceRule);
  const found = kind === 'env' ? ofVariable(place, env) : ofFile(place);
  const key = asKey(found);
  if (key === undefined) {
    const where = kind === 'env' ? `the environment variable ${place}` : `the file ${place}`;
    throw new GiveUp(
      'BadRequest',
      `What is in ${where} is no key for SSE-C: it must be ${keyBytes} bytes, or their base64 (44 characters), and has ${found.length} bytes.`,
    );
  }
  return { key: key.toString('base64'), md5: createHash('md5').update(key).digest('base64') };
}

/** Whether what is sent to this endpoint can be read on the way; it cannot on this machine. */
export function isReadableByOthers(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol !== 'https:' && !/^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

export function withoutTls(endpoint: string): GiveUp {
  return new GiveUp(
    'BadRequest',
    `${endpoint} is reached without TLS, so that others could read a key of the customer (--sse-c, customerKeys) on its way. ` +
      'Give an endpoint that begins with https://.',
  );
}

export const noKeysInOss = 'oss:// stores take no keys of the customer (--sse-c, customerKeys): only S3 has SSE-C.';

/** In place of a key. */
export const referenceRule =
  'A key of the customer is named, never written: env:NAME for an environment variable, file:PATH for a file, with 32 bytes ' +
  'or their base64 in it.';

function ofVariable(name: string, env: Env): Buffer {
  const value = env[name];
  if (!value)
    throw new GiveUp('BadRequest', `The environment variable ${name}, which names a key for SSE-C, is not set.`);
  return Buffer.from(value, 'utf8');
}

function ofFile(path: string): Buffer {
  try {
    // What is read once, such as a pipe, would not be there for the worker that goes on with a job.
    if (!statSync(path).isFile())
      throw new GiveUp(
        'BadRequest',
        `${path}, which names a key for SSE-C, is no regular file; a job that goes on later could not read it again.`,
      );
    return readFileSync(path);
  } catch (error) {
    if (error instanceof GiveUp) throw error;
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new GiveUp('BadRequest', `The file ${path}, which names a key for SSE-C, cannot be read (${why}).`);
  }
}

/** Editors and secrets leave a line break behind a text; 32 bytes as they are may end in one. */
function asKey(bytes: Buffer): Buffer | undefined {
  if (bytes.length === keyBytes) return bytes;
  const text = bytes.toString('latin1').replace(/[\r\n]+$/, '');
  if (text.length === keyBytes) return Buffer.from(text, 'latin1');
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}
