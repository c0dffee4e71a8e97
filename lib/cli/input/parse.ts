/** Values of options, checked where they are read; commander shows the message and exits with the usage code. */
import { InvalidArgumentError } from 'commander';
import { parseSize } from '../../config/env.ts';
import { asUrl, wrongEndpoint } from '../../keys/endpoint.ts';

/** Bytes: `67108864`, `64MiB` (1,048,576 each), `64MB` (1,000,000 each). */
export function parseBytes(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined || bytes < 1)
    throw new InvalidArgumentError('Write a size such as 64MiB, 1GiB or 100000000.');
  return bytes;
}

/** A parser for whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Write a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** Collects repeated `NAME=VALUE`; the value may be empty and may hold more equals signs. */
export function collectPair(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write NAME=VALUE.');
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Collects repeated metadata `NAME=VALUE`; names are compared in lower case, as stores keep them. */
export function collectMeta(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const [[name, value] = ['', '']] = Object.entries(collectPair(text));
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
    throw new InvalidArgumentError(`"${name}" cannot be a metadata name: it travels as an HTTP header name.`);
  }
  return { ...previous, [name.toLowerCase()]: value };
}

/** Collects a repeated option. */
export function collect(text: string, previous: string[] = []): string[] {
  return [...previous, text];
}

/** A base URL; a bare host name, as consoles show it, means https. */
export function parseEndpoint(text: string): string {
  const wrong = wrongEndpoint(text);
  if (wrong !== undefined)
    throw new InvalidArgumentError(`It is no endpoint such as https://oss-cn-hangzhou.aliyuncs.com: ${wrong}.`);
  return asUrl(text);
}
