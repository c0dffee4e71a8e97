import { isIP } from 'node:net';
import { Problem } from '../http/problem.ts';
import type { AddressFilter, Resolve } from '../model/deps.ts';

export interface TargetRules {
  /** Hosts that the caller may be called back at. */
  hosts: readonly string[];
  isAllowed: AddressFilter;
}

/**
 * Checks a callback URL as far as that goes without asking DNS. The URL parser has by then turned every spelling of an IPv4
 * address (decimal, octal, hexadecimal, short) into the dotted one.
 *
 * @throws Problem callback-forbidden.
 */
export function checkTarget(text: string, rules: TargetRules): URL {
  const url = parse(text);
  if (url.username !== '' || url.password !== '') throw refused('must not hold a user name or password');
  if (url.hash !== '') throw refused('must not hold a fragment');
  if (!rules.hosts.some((entry) => matches(entry, url))) {
    throw refused(`may not go to ${url.protocol}//${url.host}: the policy of the caller does not list that host`);
  }
  const address = literalAddress(url);
  if (address !== undefined && !rules.isAllowed(address)) throw refused(`may not go to the address ${address}`);
  return url;
}

/**
 * The addresses to connect to. One address that is not allowed refuses the name altogether: a mixed answer is how a name is
 * turned against the network it is asked from.
 *
 * @throws Problem callback-forbidden; invalid for a name that does not exist; retry-later when DNS gives no answer.
 */
export async function resolveTarget(url: URL, isAllowed: AddressFilter, resolve: Resolve): Promise<string[]> {
  const literal = literalAddress(url);
  const addresses = literal === undefined ? await lookUp(url.hostname, resolve) : [literal];
  const bad = addresses.find((address) => !isAllowed(address));
  if (bad !== undefined) throw refused(`may not go to ${url.hostname}: it resolves to ${bad}, which is not public`);
  return addresses;
}

async function lookUp(host: string, resolve: Resolve): Promise<string[]> {
  let addresses: string[];
  try {
    addresses = await resolve(host);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTFOUND') addresses = [];
    else throw new Problem('retry-later', `The callback host ${host} could not be looked up.`);
  }
  if (addresses.length === 0) throw new Problem('invalid', `The callback host ${host} does not exist.`);
  return addresses;
}

function parse(text: string): URL {
  // The URL parser drops line breaks and tabs and reads backslashes as slashes; a URL that needs that is a trick.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text) || !URL.canParse(text)) throw refused('is not a URL');
  return new URL(text);
}

/** An entry without a scheme means https on its usual port; `http://` in front allows plain HTTP, for exactly that host. */
function matches(entry: string, url: URL): boolean {
  const [, scheme = 'https', host = ''] = /^(?:(https?):\/\/)?(.+)$/.exec(entry.toLowerCase()) ?? [];
  if (url.protocol !== `${scheme}:`) return false;
  if (!host.startsWith('*.')) return url.host === host;
  const suffix = host.slice(1);
  return url.host.endsWith(suffix) && url.host.length > suffix.length && isIP(url.hostname) === 0;
}

function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? undefined : host;
}

function refused(why: string): Problem {
  return new Problem('callback-forbidden', `The callback URL ${why}.`);
}
