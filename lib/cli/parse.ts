/** Values of options, checked where they are read; commander shows the message and exits with the usage code. */
import { InvalidArgumentError } from 'commander';

const factors: Record<string, number> = {
  '': 1,
  b: 1,
  k: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tib: 1024 ** 4,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
};

/** Bytes: `67108864`, `64MiB` (1,048,576 each), `64MB` (1,000,000 each); `64M` is `64MiB`. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = factors[match?.[2]?.toLowerCase() ?? ''];
  if (!match || factor === undefined) throw new InvalidArgumentError('Write a size such as 64MiB, 1GiB or 100000000.');
  const bytes = Math.round(Number(match[1]) * factor);
  if (!Number.isSafeInteger(bytes) || bytes < 1) throw new InvalidArgumentError('The size must be at least one byte.');
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

export function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new InvalidArgumentError('Write a URL such as https://oss-cn-hangzhou.aliyuncs.com.');
  }
  return text;
}
