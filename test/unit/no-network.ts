/**
 * Setup of every unit test: a connection or a name lookup fails, and so does the test that tried it, even when the code
 * under test swallowed the error.
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { afterEach } from 'vitest';

const attempts: string[] = [];

/** What was tried since the last call. */
export function takeAttempts(): string[] {
  return attempts.splice(0);
}

function refuse(what: string): Error {
  attempts.push(what);
  return Object.assign(new Error(`unit tests have no network: ${what}`), { code: 'ENETUNREACH' });
}

// Every TCP client ends here: net, tls, http, the built-in fetch and undici's pools.
net.Socket.prototype.connect = function connect(this: net.Socket, ...args: unknown[]) {
  const error = refuse(`connect ${JSON.stringify(args[0])}`);
  process.nextTick(() => this.destroy(error));
  return this;
};

dgram.Socket.prototype.send = (): void => {
  throw refuse('send a datagram');
};

const lookups = Object.keys(dns).filter((name) => /^(lookup|resolve|reverse)/.test(name));
for (const name of lookups) {
  Object.assign(dns, {
    [name]: (...args: unknown[]): void => {
      const error = refuse(`dns ${name} ${String(args[0])}`);
      const callback = args.at(-1);
      if (typeof callback !== 'function') throw error;
      process.nextTick(() => {
        (callback as (error: Error) => void)(error);
      });
    },
  });
  if (name in dns.promises) {
    Object.assign(dns.promises, {
      [name]: (...args: unknown[]) => Promise.reject(refuse(`dns ${name} ${String(args[0])}`)),
    });
  }
}
syncBuiltinESMExports();

afterEach(() => {
  const tried = takeAttempts();
  if (tried.length > 0) throw new Error(`a unit test used the network: ${tried.join('; ')}`);
});
