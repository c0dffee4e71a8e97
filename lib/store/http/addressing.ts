import { isIP } from 'node:net';
import { GiveUp } from '../../copy/model/errors.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { AccessPoint } from '../../copy/plan/access-point.ts';
import { readAccessPoint } from '../../copy/plan/access-point.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { domainOf, hostElsewhere, vendorHost } from '../dialects/vendor-host.ts';
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
  /** True where the host is the vendor's, which serves no request that is signed for another region than the bucket's. */
  checksRegion: boolean;
  /** Buckets that are not used, and why. */
  refusedBuckets: readonly { name: RegExp; why: string }[];
  /** Why a copy through this endpoint stays inside one region, and what to do instead, where it does. */
  oneRegion?: string;
  /** The same for the buckets of another region; undefined where this endpoint cannot lead there. */
  elsewhere(region: string): Addressing | undefined;
}

/**
 * Decides, from the configuration, how buckets of the configured region are addressed.
 * @throws GiveUp BadRequest for an endpoint that is no URL, or when the region cannot be known.
 */
export function resolveAddressing(address: StoreAddress, dialect: Dialect, options: AddressingOptions): Addressing {
  const given = address.endpoint === undefined ? undefined : parseEndpoint(address.endpoint);
  const region = regionOf(address.region, given, dialect);
  const vendor = options.internal ? dialect.endpoints.internal : dialect.endpoints.public;
  const own = vendor.replace('{region}', region).replace('{domain}', domainOf(dialect, region));
  return addressingAt(given ?? parseEndpoint(own), region, dialect, options);
}

/** How buckets of one region are addressed at one endpoint. */
function addressingAt(base: URL, region: string, dialect: Dialect, options: AddressingOptions): Addressing {
  const isVendors = dialect.endpoints.vendor.test(base.hostname);
  const prefix = base.pathname === '/' ? '' : base.pathname.replace(/\/$/, '');
  const style = options.cname ? 'none' : (options.addressing ?? 'auto');

  const refusedBuckets = (dialect.endpoints.refusedBuckets ?? []).filter(({ anywhere }) => anywhere ?? isVendors);

  const target = (bucket?: string, key?: string): Target => {
    const refused = bucket === undefined ? undefined : refusedBuckets.find(({ name }) => name.test(bucket));
    if (refused) throw new GiveUp('Unsupported', `${dialect.scheme}://${bucket} ${refused.why}`);
    const point = bucket === undefined ? undefined : readAccessPoint(bucket);
    if (point) return accessPointTarget(point, base, `${prefix}/${key === undefined ? '' : encodeKey(key)}`, isVendors);
    if (bucket !== undefined) checkBucket(bucket);
    const inHost = bucket !== undefined && bucketInHost(style, bucket, base);
    const host = inHost ? `${bucket}.${base.host}` : base.host;
    const inPath = bucket === undefined || inHost || style === 'none' ? '' : `/${bucket}`;
    const path = `${prefix}${inPath}/${key === undefined ? '' : encodeKey(key)}`;
    const canonicalUri = dialect.signsBucket && bucket !== undefined ? `/${bucket}/${encodeKey(key ?? '')}` : path;
    return { origin: `${base.protocol}//${host}`, host, path, canonicalUri };
  };
  return {
    region,
    target,
    refusedBuckets,
    checksRegion: isVendors,
    oneRegion: vendorHost(dialect, base.hostname)?.kind.oneRegion,
    elsewhere: (other) => {
      // A host of the user's own serves what it serves, whatever the request is signed for.
      if (!isVendors) return isRegion(other) ? addressingAt(base, other, dialect, options) : undefined;
      const host = hostElsewhere(dialect, base.hostname, other);
      if (host === undefined) return undefined;
      const there = new URL(base);
      there.hostname = host;
      return addressingAt(there, other, dialect, options);
    },
  };
}

/**
 * An access point has a host of its own: `NAME-ACCOUNT.s3-accesspoint.REGION.amazonaws.com`, also for FIPS and dual-stack; below an
 * endpoint of the user's own `NAME-ACCOUNT` stands in front of its host, as the SDKs of AWS have it. On localhost only the Host
 * header says so, for not every system finds names below it.
 */
function accessPointTarget(
  { name, account, region }: AccessPoint,
  base: URL,
  path: string,
  isVendors: boolean,
): Target {
  const label = `${name}-${account}`;
  const hostname = base.hostname.replace(/^\[|\]$/g, '');
  if (isVendors) {
    const [, fips = '', dual = ''] = /s3(-fips)?[.-](dualstack\.)?/.exec(hostname) ?? [];
    const domain = /amazonaws\.[a-z.]+$/.exec(hostname)?.[0] ?? 'amazonaws.com';
    const host = `${label}.s3-accesspoint${fips}.${dual}${region}.${domain}`;
    return { origin: `${base.protocol}//${host}`, host, path, canonicalUri: path };
  }
  if (isIP(hostname) !== 0) {
    throw new GiveUp(
      'BadRequest',
      `An access point is addressed by a host name, and the endpoint is ${hostname}. Name the bucket.`,
    );
  }
  const host = `${label}.${base.host}`;
  return { origin: `${base.protocol}//${hostname.includes('.') ? host : base.host}`, host, path, canonicalUri: path };
}

/**
 * As given, `oss-` left out; or else read from a host of the vendor's that holds one. A host of the vendor's that holds none is
 * never taken for the default region's.
 */
function regionOf(given: string | undefined, endpoint: URL | undefined, dialect: Dialect): string {
  const host = endpoint?.hostname ?? '';
  const found = given || vendorHost(dialect, host)?.region;
  const asked = dialect.endpoints.vendor.test(host) ? undefined : dialect.defaultRegion;
  const region = (found || asked)?.replace(/^oss-(?=[a-z])/, '');
  if (region === undefined) {
    const [example, variable] = dialect.scheme === 'oss' ? ['cn-hangzhou', 'OSS_REGION'] : ['eu-west-1', 'AWS_REGION'];
    const name = dialect.scheme.toUpperCase();
    throw new GiveUp(
      'BadRequest',
      `The region of the ${name} buckets is not known${endpoint ? `: the host ${host} does not tell it` : ''}. ` +
        `Give it with --region, e.g. ${example}, or set ${variable}.`,
    );
  }
  if (!isRegion(region)) throw new GiveUp('BadRequest', `${JSON.stringify(region)} is no region name.`);
  return region;
}

/** What can stand in a signature's scope; stores other than the vendor's name their regions as they like. */
function isRegion(text: string): boolean {
  return /^[a-z0-9-]{1,64}$/i.test(text);
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
