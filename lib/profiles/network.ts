/** Proxies and certificate authorities, from the variables that other programs read too. */
import { readFileSync } from 'node:fs';
import { GiveUp } from '../copy/model/errors.ts';
import type { Env } from './places.ts';

/** How connections are made; `openAgent` of the store client takes this. */
export interface Network {
  /** For `http:` and, where there is none of its own, for `https:`. */
  httpProxy?: string;
  httpsProxy?: string;
  /** Hosts, domains and `host:port` that are reached without a proxy, or `*`. */
  noProxy?: string;
  /** Certificate authorities in place of the system's, PEM. */
  ca?: string[];
}

/**
 * HTTP_PROXY, HTTPS_PROXY and NO_PROXY; in lower case they go first, as in curl.
 *
 * @param caBundle path of a PEM file; NODE_EXTRA_CA_CERTS is added to it, and stands alone without it.
 * @throws GiveUp BadRequest for a file that cannot be read.
 */
export function readNetwork(env: Env, caBundle?: string): Network {
  const of = (name: string) => env[name.toLowerCase()] || env[name] || undefined;
  const proxy = (name: string) => {
    const value = of(name);
    return value === undefined ? undefined : asProxyUrl(value);
  };
  const extra = env['NODE_EXTRA_CA_CERTS'];
  return {
    httpProxy: proxy('HTTP_PROXY'),
    httpsProxy: proxy('HTTPS_PROXY'),
    noProxy: of('NO_PROXY'),
    // Node adds NODE_EXTRA_CA_CERTS by itself, but not to a list that it is given.
    ca: caBundle === undefined ? undefined : [caBundle, ...(extra ? [extra] : [])].map(readPem),
  };
}

/** A proxy is often written without its scheme; undefined for what is none. */
export function asProxyUrl(text: string): string | undefined {
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full)) return undefined;
  const { protocol, hostname } = new URL(full);
  return /^(?:https?|socks5):$/.test(protocol) && hostname !== '' ? full : undefined;
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new GiveUp('BadRequest', `The certificate authorities in ${path} (AWS_CA_BUNDLE) cannot be read.`, {
      cause: error,
    });
  }
}
