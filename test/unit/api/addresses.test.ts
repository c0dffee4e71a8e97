import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressFilter } from '../../../lib/api/callbacks/addresses.ts';

const isPublic = addressFilter();

describe('addressFilter', () => {
  it.each([
    '8.8.8.8',
    '93.184.216.34',
    '100.63.255.255',
    '172.15.0.1',
    '172.32.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('lets %s through', (address) => {
    expect(isPublic(address)).toBe(true);
  });

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '5f00::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'ff02::1',
    'not an address',
    '',
  ])('stops %s', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  it('stops every private IPv4 address, in its IPv6 spellings, too', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.constantFrom(10, 127), byte, byte, byte, (a, b, c, d) => {
        const dotted = [a, b, c, d].join('.');
        expect(isPublic(dotted)).toBe(false);
        expect(isPublic(`::ffff:${dotted}`)).toBe(false);
        expect(isPublic(`64:ff9b::${dotted}`)).toBe(false);
      }),
    );
  });

  it('lets through what the operator lists besides, and no more', () => {
    const filter = addressFilter(['127.0.0.1', '10.9.0.0/16', 'fd12::/16']);
    expect(['127.0.0.1', '10.9.8.7', 'fd12::1', '8.8.8.8'].map(filter)).toEqual([true, true, true, true]);
    expect(['127.0.0.2', '10.8.0.1', 'fd13::1'].map(filter)).toEqual([false, false, false]);
    expect(() => addressFilter(['localhost'])).toThrow('localhost');
  });
});
