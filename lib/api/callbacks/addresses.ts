import { BlockList, isIP } from 'node:net';
import type { AddressFilter } from '../model/deps.ts';

/**
 * Addresses that are not the public internet: IANA's special-purpose registries for IPv4 and IPv6. For IPv6 everything
 * outside 2000::/3 is not public, which takes in loopback, IPv4-mapped, NAT64, unique-local, link-local and multicast.
 */
const notPublic = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10', // carrier-grade NAT; Alibaba Cloud's metadata service is 100.100.100.200
  '127.0.0.0/8',
  '169.254.0.0/16', // link-local; the metadata service of most clouds
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32', // public on paper: Azure's host service
  '::/3',
  '4000::/2',
  '8000::/1',
  '2001::/23', // protocol assignments, Teredo among them
  '2001:db8::/32',
  '2002::/16', // 6to4 carries an IPv4 address inside
  '2620:4f:8000::/48',
  '3fff::/20',
];

/** One list per family: a list of both would hold an IPv4 address against the block ::/3, where its IPv6 spelling lies. */
function isIn(blocks: readonly string[]): (address: string) => boolean {
  const lists = { 4: new BlockList(), 6: new BlockList() };
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    const family = isIP(address);
    if (family === 4) lists[4].addSubnet(address, Number(bits ?? 32), 'ipv4');
    else if (family === 6) lists[6].addSubnet(address, Number(bits ?? 128), 'ipv6');
    else throw new Error(`"${block}" is not an address or a block like 10.0.0.0/8`);
  }
  return (address) => (isIP(address) === 4 ? lists[4].check(address, 'ipv4') : lists[6].check(address, 'ipv6'));
}

const isBlocked = isIn(notPublic);

/**
 * Public addresses, and the given blocks besides: an installation that calls its own network back lists that here.
 * @throws Error for a block that is none.
 */
export function addressFilter(alsoAllowed: readonly string[] = []): AddressFilter {
  const isListed = isIn(alsoAllowed);
  return (address) => isIP(address) !== 0 && (isListed(address) || !isBlocked(address));
}
