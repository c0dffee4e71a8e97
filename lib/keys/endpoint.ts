/** What may be an endpoint: the same on the command line, in variables, in profiles and in `ferry.yaml`. */

/** OSS users write the bare host name, as the console shows it. */
export function asUrl(endpoint: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`;
}

export const endpointRule = 'write http:// or https:// and a host, no user, query or fragment';

/** Why it is none; undefined for a good one. The value is not repeated: a URL may hold a password. */
export function wrongEndpoint(endpoint: string): string | undefined {
  const full = asUrl(endpoint);
  const url = URL.canParse(full) ? new URL(full) : undefined;
  const good =
    url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && !/[?#\s]/.test(full);
  return good ? undefined : endpointRule;
}

/** The endpoint's host lies with Amazon or Alibaba Cloud and names its region, so that no other one may be signed for. */
export function namesRegion(endpoint: string): boolean {
  const { hostname } = new URL(asUrl(endpoint));
  if (/\.amazonaws\.com(\.cn)?$/.test(hostname)) return /\b[a-z]{2}-(?:[a-z]+-)+\d/.test(hostname);
  return hostname.endsWith('.aliyuncs.com') && /\boss-[a-z]{2}-[a-z]/.test(hostname);
}
