/** Writing an answer the dialect's way. */
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { httpDate, type Reply } from '../call.ts';
import type { Dialect } from '../dialect.ts';
import type { Refusal } from '../errors.ts';
import { renderXml } from './xml.ts';

export interface AnswerContext {
  dialect: Dialect;
  method: string;
  requestId: string;
  /** For the error document: bucket and key as a path. */
  resource: string;
  host: string;
  /** Epoch milliseconds. */
  at: number;
}

/** The Date header is the twin's clock, since clients correct theirs by it. */
function commonHeaders({ dialect, requestId, at }: AnswerContext): Record<string, string> {
  const date = httpDate(at);
  return dialect.name === 'oss'
    ? { date, server: 'AliyunOSS', 'x-oss-request-id': requestId, 'x-oss-server-time': '1' }
    : {
        date,
        server: 'AmazonS3',
        'x-amz-request-id': requestId,
        'x-amz-id-2': Buffer.from(requestId).toString('base64'),
      };
}

function errorDocument(context: AnswerContext, refusal: Refusal): string {
  const { dialect, requestId, resource, host } = context;
  const { code, message, fields, ec } = refusal;
  const common = { Code: code, Message: message, ...fields };
  return dialect.name === 'oss'
    ? renderXml('Error', { ...common, RequestId: requestId, HostId: host, EC: ec })
    : renderXml('Error', { ...common, Resource: resource, RequestId: requestId, HostId: requestId });
}

/** HEAD has no room for a document: OSS puts it into a header in base64, S3 leaves it out. */
export function sendRefusal(response: ServerResponse, context: AnswerContext, refusal: Refusal): void {
  const { dialect, method } = context;
  const headers: Record<string, string> = { ...commonHeaders(context), ...refusal.headers };
  if (dialect.name === 'oss' && refusal.ec !== undefined) headers['x-oss-ec'] = refusal.ec;
  if (refusal.status === 304) {
    response.writeHead(304, headers).end();
    return;
  }
  const document = errorDocument(context, refusal);
  if (method === 'HEAD') {
    if (dialect.name === 'oss') headers['x-oss-err'] = Buffer.from(document).toString('base64');
    response.writeHead(refusal.status, headers).end();
    return;
  }
  const length = String(Buffer.byteLength(document));
  response.writeHead(refusal.status, { ...headers, 'content-type': 'application/xml', 'content-length': length });
  response.end(document);
}

/** Returns the bytes of object data that were sent. */
export async function sendReply(response: ServerResponse, context: AnswerContext, reply: Reply): Promise<number> {
  const headers: Record<string, string> = commonHeaders(context);
  for (const [name, value] of Object.entries(reply.headers ?? {})) if (value !== undefined) headers[name] = value;
  if (reply.content) return sendContent(response, reply, headers);
  if (reply.xml) {
    const document = renderXml(reply.xml.root, reply.xml.value, context.dialect.xmlns);
    headers['content-type'] = 'application/xml';
    headers['content-length'] = String(Buffer.byteLength(document));
    response.writeHead(reply.status, headers).end(document);
    return 0;
  }
  // A reply that names the length and leaves it open has none.
  const open = reply.headers !== undefined && Object.hasOwn(reply.headers, 'content-length');
  if (reply.status !== 204 && !open) headers['content-length'] = '0';
  response.writeHead(reply.status, headers).end();
  return 0;
}

async function sendContent(response: ServerResponse, reply: Reply, headers: Record<string, string>): Promise<number> {
  response.writeHead(reply.status, headers);
  let sent = 0;
  const pieces = async function* () {
    for await (const piece of reply.content!.read()) {
      sent += piece.length;
      yield piece;
    }
  };
  // A client that hangs up midway is its own affair.
  await pipeline(pieces, response).catch(() => undefined);
  return sent;
}

/** Bytes after a 304, on a connection kept alive. */
export function sendNotModifiedWithBody(response: ServerResponse): void {
  const body = '<Error><Code>NotModified</Code></Error>';
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  response.socket?.write(
    `HTTP/1.1 304 Not Modified\r\nConnection: Keep-Alive\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
  );
}
