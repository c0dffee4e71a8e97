import dgram from 'node:dgram';
import dns from 'node:dns';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';
import { Pool } from 'undici';
import { describe, expect, it } from 'vitest';
import { takeAttempts } from './no-network.ts';

/** Each way out must fail and be noticed; `takeAttempts` keeps this file itself from failing. */
describe('the network in unit tests', () => {
  const ways: Record<string, () => Promise<unknown>> = {
    'net.connect': () => once(net.connect(9, '127.0.0.1'), 'connect'),
    'tls.connect': () => once(tls.connect({ host: '127.0.0.1', port: 9 }), 'secureConnect'),
    'http.get': () => once(http.get('http://127.0.0.1:9/'), 'response'),
    'an undici pool': () => new Pool('http://127.0.0.1:9').request({ method: 'GET', path: '/' }),
    fetch: () => fetch('http://127.0.0.1:8123/'),
    'dns.lookup': () =>
      new Promise((resolve, reject) => dns.lookup('localhost', (error) => (error ? reject(error) : resolve(0)))),
    'dns.promises.resolve4': () => dns.promises.resolve4('localhost'),
    'a datagram': async () => {
      const socket = dgram.createSocket('udp4');
      try {
        socket.send('x', 9, '127.0.0.1');
      } finally {
        socket.close();
      }
    },
  };

  it.each(Object.keys(ways))('%s fails and leaves a trace', async (way) => {
    await expect(ways[way]?.()).rejects.toThrow();
    expect(takeAttempts()).not.toEqual([]);
  });
});
