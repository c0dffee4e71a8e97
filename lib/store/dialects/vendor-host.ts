import type { Dialect, VendorHost } from './dialect.ts';

type Endpoints = Pick<Dialect, 'endpoints'>;

/** What a host name says about itself. */
export interface KnownHost {
  kind: VendorHost;
  /** Absent where the name holds none. */
  region?: string;
}

/** Undefined for a host that is not the vendor's, or whose kind is not known. */
export function vendorHost({ endpoints }: Endpoints, host: string): KnownHost | undefined {
  for (const kind of endpoints.hosts) {
    const region = kind.name.exec(host)?.groups?.['region'];
    if (kind.name.test(host)) return { kind, region: region ?? kind.region };
  }
  return undefined;
}

/** The domain of the hosts of a region. */
export function domainOf({ endpoints }: Endpoints, region: string): string {
  return endpoints.domains.find(({ regions }) => regions.test(region))?.domain ?? '';
}

/**
 * The host of the same kind for buckets of another region.
 * @returns undefined where there is none: the host is bound to its region, the text is no name of a region, or the region belongs
 *   to another part of the vendor's cloud, in which these credentials are worth nothing.
 */
export function hostElsewhere(dialect: Endpoints, host: string, region: string): string | undefined {
  const found = vendorHost(dialect, host);
  if (!found?.kind.elsewhere || !dialect.endpoints.regionName.test(region)) return undefined;
  const sameCloud = found.region === undefined || domainOf(dialect, found.region) === domainOf(dialect, region);
  if (!sameCloud) return undefined;
  if (found.kind.elsewhere === 'same') return host;
  return host.replace(found.kind.name, found.kind.elsewhere.replace('{region}', region));
}
