/** Which bucket and key a request names: by Host header (virtual-hosted style) or by path. */
import { isIP } from 'node:net';
import { refuse } from '../errors.ts';

/** Decoded; a name without `=` has the value undefined. */
export class Query {
  readonly pairs: readonly (readonly [string, string | undefined])[];

  constructor(text: string) {
    this.pairs = text
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const at = pair.indexOf('=');
        return at < 0
          ? [decode(pair, true), undefined]
          : [decode(pair.slice(0, at), true), decode(pair.slice(at + 1), true)];
      });
  }

  has(name: string): boolean {
    return this.pairs.some(([its]) => its === name);
  }

  /** Undefined when absent, '' when it has no value. */
  get(name: string): string | undefined {
    const found = this.pairs.find(([its]) => its === name);
    return found && (found[1] ?? '');
  }
}

export function decode(text: string, plusIsSpace = false): string {
  try {
    return decodeURIComponent(plusIsSpace ? text.replaceAll('+', '%20') : text);
  } catch {
    throw refuse('InvalidURI');
  }
}

export interface Target {
  bucket: string | undefined;
  /** Undefined for requests to the bucket or the service. */
  key: string | undefined;
  query: Query;
  /** Path as it came, still encoded. */
  rawPath: string;
  virtualHosted: boolean;
  /** Region named by the host, e.g. by `oss-cn-hangzhou.localhost`. */
  hostRegion: string | undefined;
}

const OSS_HOST =
  /^(?:(?!s3\.oss-)(?<bucket>.+?)\.)?(?:s3\.)?oss-(?<region>[a-z0-9-]+?)(?:-internal)?\.(?:localhost|aliyuncs\.com)$/;
const S3_HOST = /^(?:(?<bucket>.+?)\.)?s3(?:[.-](?<region>[a-z0-9-]+))?\.(?:localhost|amazonaws\.com)$/;
const PLAIN_HOST = /^(?<bucket>[^.]+)\.localhost$/;

/** `boundTo` finds the bucket a custom domain is bound to. */
export function parseTarget(url: string, host: string, boundTo: (host: string) => string | undefined): Target {
  const at = url.indexOf('?');
  const rawPath = at < 0 ? url : url.slice(0, at);
  const query = new Query(at < 0 ? '' : url.slice(at + 1));
  const hostname = host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  const common = { query, rawPath };

  const cname = boundTo(hostname);
  const named = isIP(hostname)
    ? undefined
    : (OSS_HOST.exec(hostname) ?? S3_HOST.exec(hostname) ?? PLAIN_HOST.exec(hostname))?.groups;
  const hostRegion = named?.['region'];
  const hostBucket = cname ?? named?.['bucket'];
  if (hostBucket !== undefined) {
    const key = decode(rawPath.slice(1));
    return { ...common, bucket: hostBucket, key: key === '' ? undefined : key, virtualHosted: true, hostRegion };
  }
  const slash = rawPath.indexOf('/', 1);
  const bucket = decode(slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash));
  const key = slash < 0 ? '' : decode(rawPath.slice(slash + 1));
  return {
    ...common,
    bucket: bucket === '' ? undefined : bucket,
    key: key === '' ? undefined : key,
    virtualHosted: false,
    hostRegion,
  };
}
