/**
 * A stand-in of a queue of Simple Message Queue, for its HTTP API of version 2015-06-06
 * (www.alibabacloud.com/help/en/mns/developer-reference/request-protocol-description): receive, change the visibility, delete.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SmqTwin {
  /** Of the queue. */
  url: string;
  keys: { accessKeyId: string; accessKeySecret: string; securityToken: string };
  /** Epoch milliseconds by which messages become visible again; to be moved. */
  clock: { now: number };
  send(body: string): string;
  /** Ids of all messages that are kept, visible or not. */
  kept(): string[];
  /** Operations so far. */
  calls: string[];
  close(): Promise<void>;
}

interface Message {
  id: string;
  body: string;
  sentAt: number;
  visibleAt: number;
  receipt?: string;
  received: number;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** Milliseconds; the default of a queue. */
const visibilityMs = 30_000;

export async function startSmqTwin(queue = 'dead'): Promise<SmqTwin> {
  const keys = { accessKeyId: 'smq-key', accessKeySecret: 'smq-secret', securityToken: 'smq-token' };
  const clock = { now: Date.now() };
  const calls: string[] = [];
  let messages: Message[] = [];
  const path = `/queues/${queue}/messages`;

  const byReceipt = (receipt: string | null): Message => {
    const found = messages.find((message) => message.receipt === receipt && receipt !== null);
    if (!found) throw new Refusal(404, 'MessageNotExist');
    if (found.visibleAt <= clock.now) throw new Refusal(400, 'ReceiptHandleError');
    return found;
  };

  function perform({ method = '', url = '/' }: IncomingMessage): { status: number; body?: string } {
    const { pathname, searchParams } = new URL(url, 'http://smq');
    if (pathname !== path) throw new Refusal(404, 'QueueNotExist');
    calls.push(method);
    if (method === 'GET') {
      const most = Number(searchParams.get('numOfMessages'));
      if (!(most >= 1 && most <= 16)) throw new Refusal(400, 'InvalidArgument');
      const visible = messages.filter(({ visibleAt }) => visibleAt <= clock.now).slice(0, most);
      if (visible.length === 0) throw new Refusal(404, 'MessageNotExist');
      for (const message of visible) {
        Object.assign(message, { receipt: randomUUID(), visibleAt: clock.now + visibilityMs });
        message.received += 1;
      }
      return { status: 200, body: `${xmlHead}<Messages xmlns="${space}">${visible.map(xmlOf).join('')}</Messages>` };
    }
    if (method === 'PUT') {
      const seconds = Number(searchParams.get('visibilityTimeout'));
      if (!(seconds >= 1 && seconds <= 43_200)) throw new Refusal(400, 'InvalidArgument');
      const message = byReceipt(searchParams.get('receiptHandle'));
      Object.assign(message, { receipt: randomUUID(), visibleAt: clock.now + seconds * 1_000 });
      return { status: 200, body: `${xmlHead}<ChangeVisibility xmlns="${space}"></ChangeVisibility>` };
    }
    if (method !== 'DELETE') throw new Refusal(400, 'InvalidRequestURL');
    const gone = byReceipt(searchParams.get('ReceiptHandle'));
    messages = messages.filter((message) => message !== gone);
    return { status: 204 };
  }

  function authorize({ method = '', url = '/', headers }: IncomingMessage): void {
    if (headers['x-mns-version'] !== '2015-06-06') throw new Refusal(400, 'InvalidVersion');
    const own = Object.keys(headers)
      .filter((name) => name.startsWith('x-mns-'))
      .sort()
      .map((name) => `${name}:${String(headers[name])}\n`);
    const text = `${method}\n${headers['content-md5'] ?? ''}\n${headers['content-type'] ?? ''}\n${headers.date ?? ''}\n${own.join('')}${url}`;
    const signature = createHmac('sha1', keys.accessKeySecret).update(text).digest('base64');
    if (headers['security-token'] !== keys.securityToken) throw new Refusal(403, 'InvalidSecurityToken');
    if (headers.authorization !== `MNS ${keys.accessKeyId}:${signature}`)
      throw new Refusal(403, 'SignatureDoesNotMatch');
    if (!(Math.abs(Date.parse(String(headers.date)) - Date.now()) < 900_000)) throw new Refusal(408, 'TimeExpired');
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    response.setHeader('content-type', 'text/xml;charset=utf-8');
    try {
      authorize(request);
      const { status, body } = perform(request);
      response.writeHead(status).end(body);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const text = `${xmlHead}<Error xmlns="${space}"><Code>${error.code}</Code><Message>${error.code}</Message><RequestId>1</RequestId><HostId>x</HostId></Error>`;
      response.writeHead(error.status).end(text);
    }
  }

  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/queues/${queue}`,
    ...{ keys, clock, calls },
    send(body) {
      const id = randomUUID().replaceAll('-', '').toUpperCase();
      messages.push({ id, body, sentAt: clock.now, visibleAt: clock.now, received: 0 });
      return id;
    },
    kept: () => messages.map(({ id }) => id),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const xmlHead = '<?xml version="1.0" encoding="UTF-8"?>';
const space = 'http://mns.aliyuncs.com/doc/v1/';

function xmlOf({ id, body, sentAt, visibleAt, receipt, received }: Message): string {
  const fields = {
    MessageId: id,
    ReceiptHandle: receipt,
    MessageBody: body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    MessageBodyMD5: createHash('md5').update(body).digest('hex').toUpperCase(),
    EnqueueTime: sentAt,
    NextVisibleTime: visibleAt,
    FirstDequeueTime: sentAt,
    DequeueCount: received,
    Priority: 8,
  };
  const inner = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<Message>${inner.join('')}</Message>`;
}
