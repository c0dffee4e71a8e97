import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closeAfterBodiless } from '../../../lib/store/http/connection.ts';
import { openStore } from '../../../lib/store/open.ts';
import { failure, keyPair, readAll } from './harness.ts';

/** A server on the other end of in-memory sockets, which speaks HTTP by hand and may speak it wrongly. */
function server(answer: (head: string, write: (text: string) => void) => void): {
  agent: Agent;
  connections: () => number;
} {
  let connections = 0;
  const agent = new Agent({
    connections: 1,
    connect: (_options, callback) => {
      connections += 1;
      const [ours, theirs] = duplexPair();
      listen(theirs, answer);
      const socket = Object.assign(ours, { ref: () => ours, unref: () => ours }) as unknown as Socket;
      setImmediate(() => callback(null, socket));
    },
  });
  onTestFinished(() => agent.destroy());
  return { agent, connections: () => connections };
}

function listen(socket: Duplex, answer: (head: string, write: (text: string) => void) => void): void {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      answer(head, (part) => {
        if (!socket.destroyed) socket.write(part);
      });
    }
  });
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok';
const emptyOk = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n';

/** After so many turns of the event loop. */
function later(turns: number, act: () => void): void {
  if (turns === 0) act();
  else setImmediate(() => later(turns - 1, act));
}

/** Headers first, then a body that has no business there, in a packet of its own. */
function poison(status: string, body: string, write: (text: string) => void): void {
  write(
    `HTTP/1.1 ${status}\r\nconnection: keep-alive\r\n${body.startsWith('26') ? 'transfer-encoding: chunked' : `content-length: ${body.length}`}\r\n\r\n`,
  );
  later(4, () => write(body));
}
const ceph304 = '26\r\n<Error><Code>NotModified</Code></Error>\r\n0\r\n\r\n';

function hostile(head: string, write: (text: string) => void): void {
  if (head.includes(' /304 ')) poison('304 Not Modified', ceph304, write);
  else if (head.includes(' /404 ')) poison('404 Not Found', '<Error/>', write);
  else later(8, () => write(head.startsWith('HEAD') ? emptyOk : ok));
}

async function statuses(agent: Agent, wrapped: boolean, requests: string[]): Promise<(number | string)[]> {
  const dispatcher = wrapped ? closeAfterBodiless(agent) : agent;
  return Promise.all(
    requests.map(async (request) => {
      const [method = 'GET', path = '/'] = request.split(' ');
      try {
        const answer = await dispatcher.request({
          origin: 'http://store.example',
          path,
          method: method as 'GET',
          reset: false,
        });
        await answer.body.text();
        return answer.statusCode;
      } catch (error) {
        return (error as { code?: string }).code ?? String(error);
      }
    }),
  );
}

describe('a body where HTTP knows none', () => {
  const requests = ['GET /304', 'GET /a', 'HEAD /404', 'GET /b', 'HEAD /304', 'HEAD /c', 'GET /304', 'HEAD /d'];
  const expected = [304, 200, 404, 200, 304, 200, 304, 200];

  it('fails the next request on the connection, if nothing is done about it', async () => {
    expect(await statuses(server(hostile).agent, false, requests)).not.toEqual(expected);
  });

  it('does no harm when the connection is closed at once', async () => {
    expect(await statuses(server(hostile).agent, true, requests)).toEqual(expected);
  });
});

describe('connections', () => {
  it('are kept between calls, HEAD included', async () => {
    const { agent, connections } = server((head, write) => {
      const headers = 'content-length: 5\r\netag: "e"\r\nlast-modified: Mon, 01 Jun 2026 10:00:00 GMT\r\n';
      write(`HTTP/1.1 200 OK\r\n${headers}connection: keep-alive\r\n\r\n${head.startsWith('HEAD') ? '' : 'hello'}`);
    });
    const store = openStore({
      address: { scheme: 's3', endpoint: 'http://store.example' },
      credentials: () => Promise.resolve(keyPair),
      dispatcher: agent,
    });
    for (let i = 0; i < 3; i += 1) {
      expect((await store.head({ bucket: 'bkt', key: 'k' })).size).toBe(5);
      expect(await readAll((await store.getObject({ bucket: 'bkt', key: 'k' })).body)).toBe('hello');
    }
    expect(connections()).toBe(1);
  });

  it('send exactly the bytes that were signed: keys raw, metadata as UTF-8', async () => {
    const heads: string[] = [];
    const { agent } = server((head, write) => {
      heads.push(head);
      write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\netag: "e"\r\nconnection: keep-alive\r\n\r\n');
    });
    const store = openStore({
      address: { scheme: 's3', endpoint: 'http://store.example' },
      credentials: () => Promise.resolve(keyPair),
      dispatcher: agent,
      addressing: 'path',
    });
    await store.putObject({ bucket: 'bkt', key: './a//../ü?#%41+' }, '', { userMetadata: { title: '日本' } });
    expect(heads[0]).toMatch(/^PUT \/bkt\/\.\/a\/\/\.\.\/%C3%BC%3F%23%2541%2B HTTP\/1\.1\r\n/);
    expect(Buffer.from(heads[0] ?? '', 'latin1').toString('utf8')).toContain('x-amz-meta-title: 日本\r\n');
    expect(heads[0]).toContain('\r\ncontent-length: 0');
  });

  it('a parser error left behind by an earlier answer is no lost call', async () => {
    let asked = 0;
    const { agent } = server((_head, write) => {
      asked += 1;
      const body = '<Tagging><TagSet/></Tagging>';
      write(
        asked === 1
          ? 'garbage that is no HTTP\r\n\r\n'
          : `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
    const store = openStore({
      address: { scheme: 's3', endpoint: 'http://store.example' },
      credentials: () => Promise.resolve(keyPair),
      dispatcher: agent,
      random: () => 0,
    });
    expect(await store.getTags({ bucket: 'bkt', key: 'k' })).toEqual({});
    expect(asked).toBe(2);
  });

  it('an answer that drips for ever is cut off at the deadline', async () => {
    const { agent } = server((_head, write) => {
      write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const drip = (): void => {
        write('1\r\n \r\n');
        setTimeout(drip, 5).unref();
      };
      drip();
    });
    const store = openStore({
      address: { scheme: 's3', endpoint: 'http://store.example' },
      credentials: () => Promise.resolve(keyPair),
      dispatcher: agent,
      retry: { attempts: 1, timeout: 50 },
    });
    const error = await failure(store.getTags({ bucket: 'bkt', key: 'k' }));
    expect(error).toMatchObject({ decision: 'retry', message: expect.stringContaining('ETIMEDOUT') });
  });
});
