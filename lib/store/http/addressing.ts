import { isIP } from 'node:net';
import { GiveUp } from '../../copy/model/errors.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { encodeKey } from '../wire/encode.ts';

export interface AddressingOptions {
  /** `auto`: path style for IP addresses, localhost and other single-label hosts, else virtual-hosted. */
  addressing?: 'auto' | 'virtual' | 'path';
  /** The endpoint is a custom domain bound to one bucket: the host never names the bucket. */
  cname?: boolean;
  /** The vendor's endpoint inside its own network. */
  internal?: boolean;
}

/** Where a request goes: for the socket, for the request line, for the signature. */
export interface Target {
  origin: string;
  /** Value of the Host header. */
  host: string;
  path: string;
  canonicalUri: string;
}

export interface Addressing {
  /** As the signature wants it, e.g. `cn-hangzhou`. */
  region: string;
  target(bucket?: string, key?: string): Target;
}

/**
 * Decides once, from the configuration, how buckets are addressed.
 * @throws GiveUp BadRequest for an endpoint that is no URL, or when the region cannot be known.
 */
export function resolveAddressing(address: StoreAddress, dialect: Dialect, options: AddressingOptions): Addressing {
  const region = regionOf(address, dialect);
  const vendor = options.internal ? dialect.endpoints.internal : dialect.endpoints.public;
  const china = dialect.scheme === 's3' && region.startsWith('cn-') ? '.cn' : '';
  const base = parseEndpoint(address.endpoint ?? vendor.replace('{region}', region) + china);
  const prefix = base.pathname === '/' ? '' : base.pathname.replace(/\/$/, '');
  const style = options.cname ? 'none' : (options.addressing ?? 'auto');

  const target = (bucket?: string, key?: string): Target => {
    if (bucket !== undefined) checkBucket(bucket);
    const inHost = bucket !== undefined && bucketInHost(style, bucket, base);
    const host = inHost ? `${bucket}.${base.host}` : base.host;
    const inPath = bucket === undefined || inHost || style === 'none' ? '' : `/${bucket}`;
    const path = `${prefix}${inPath}/${key === undefined ? '' : encodeKey(key)}`;
    const canonicalUri = dialect.signsBucket && bucket !== undefined ? `/${bucket}/${encodeKey(key ?? '')}` : path;
    return { origin: `${base.protocol}//${host}`, host, path, canonicalUri };
  };
  return { region, target };
}

/** As given, `oss-` left out; or else read from an endpoint of the vendor's. */
function regionOf(address: StoreAddress, dialect: Dialect): string {
  const given = address.region || dialect.endpoints.region.exec(address.endpoint ?? '')?.[1];
  const region = (given || dialect.defaultRegion)?.replace(/^oss-(?=[a-z])/, '');
  if (region === undefined) {
    throw new GiveUp(
      'BadRequest',
      'The region of the OSS buckets is not known; give one, e.g. cn-hangzhou, or set OSS_REGION.',
    );
  }
  if (!/^[a-z0-9-]+$/i.test(region)) throw new GiveUp('BadRequest', `${JSON.stringify(region)} is no region name.`);
  return region;
}

function parseEndpoint(endpoint: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new GiveUp(
      'BadRequest',
      `${JSON.stringify(endpoint)} is no endpoint; give a URL such as https://s3.example.com.`,
    );
  }
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new GiveUp(
      'BadRequest',
      'An endpoint is http:// or https:// with a host, and neither user, query nor fragment.',
    );
  }
  return url;
}

/** A bucket name becomes part of a host name or path; only what no parser can misread may pass. */
function checkBucket(bucket: string): void {
  if (!/^[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9_-])?$/i.test(bucket) || bucket.includes('..')) {
    throw new GiveUp('BadRequest', `${JSON.stringify(bucket)} is no bucket name.`);
  }
}

function bucketInHost(style: 'auto' | 'virtual' | 'path' | 'none', bucket: string, base: URL): boolean {
  if (style !== 'auto') return style === 'virtual';
  const name = base.hostname.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0 || !name.includes('.')) return false;
  // A wildcard certificate covers one label only, and host names know no capitals and no underscores.
  return /^[a-z0-9-]+$/.test(bucket) || (base.protocol === 'http:' && /^[a-z0-9.-]+$/.test(bucket));
}
