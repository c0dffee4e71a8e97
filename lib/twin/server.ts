/** The way of one request: parse, faults, signature, operation, faults, answer, record. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { authenticate, type Credentials, type Identity } from './auth/authenticate.ts';
import type { Call, Reply, World } from './call.ts';
import type { Control } from './control.ts';
import { S3, type Dialect } from './dialect.ts';
import { refuse, Refusal } from './errors.ts';
import { Dropped, FaultRun, PoisonedConnection, type FaultWorld } from './fault-run.ts';
import type { Faults } from './faults.ts';
import { HANDLERS } from './operations/index.ts';
import type { RequestLog, RequestRecord } from './requests.ts';
import { findOperation, isCommonParameter, type Operation } from './routes.ts';
import { effectiveAcl, publiclyReadable } from './rules/acl.ts';
import { sendNotModifiedWithBody, sendRefusal, sendReply, type AnswerContext } from './wire/answer.ts';
import { Body } from './wire/body.ts';
import { dialectOf, headersOf, type RequestHead } from './wire/head.ts';
import { parseTarget } from './wire/target.ts';

export interface Service {
  world: World;
  credentials: Credentials;
  faults: Faults;
  requests: RequestLog;
  control: Control;
  /** Epoch milliseconds. */
  now: () => number;
  faultWorld: FaultWorld;
}

interface Parsed {
  head: RequestHead;
  dialect: Dialect;
  operation: Operation;
}

export function createTwinServer(service: Service): Server {
  // Long enough that idle clients seldom meet the moment of closing.
  return createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, (message, response) => {
    const served = service.control.takes(message)
      ? service.control.serve(message, response)
      : serve(service, message, response);
    served.catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
}

function parse(service: Service, message: IncomingMessage): Parsed {
  const headers = headersOf(message);
  const host = headers['host'] ?? '';
  const { store, quirks } = service.world;
  const target = parseTarget(message.url ?? '/', host, (name) => store.bucketByCname(name)?.settings.name);
  const head: RequestHead = { method: message.method ?? 'GET', target, headers, host };
  const dialect = dialectOf(head);
  if (dialect.name === 'oss' && quirks.refusePathStyle && target.bucket !== undefined && !target.virtualHosted) {
    throw refuse('SecondLevelDomainForbidden');
  }
  const isCopy = headers[`${dialect.prefix}copy-source`] !== undefined;
  return { head, dialect, operation: findOperation(head.method, target, isCopy, dialect) };
}

const PUBLIC = new Set<Operation>(['GetObject', 'HeadObject', 'GetObjectMeta']);
const PUBLIC_LISTING = new Set<Operation>(['ListObjects', 'ListObjectsV2']);

/** Without a signature only what is public may be read. */
function checkAnonymous({ world, operation, bucket: name, key, query }: Call): void {
  const bucket = world.store.bucket(name);
  const object = bucket && (bucket.version(key, query.get('versionId') ?? '') ?? bucket.current(key));
  const readable = object && PUBLIC.has(operation) && publiclyReadable(effectiveAcl(bucket, object));
  const listable = bucket && PUBLIC_LISTING.has(operation) && publiclyReadable({ canned: bucket.settings.acl });
  if (!readable && !listable) throw refuse('AccessDenied', { ec: '0003-00000001' });
}

function callOf(
  parsed: Parsed,
  identity: Identity,
  message: IncomingMessage,
  at: number,
  requestId: string,
  world: World,
): Call {
  const { head, dialect, operation } = parsed;
  return {
    dialect,
    operation,
    bucket: head.target.bucket ?? '',
    key: head.target.key ?? '',
    query: head.target.query,
    headers: head.headers,
    body: new Body(message, identity.payload, head.headers),
    world,
    requestId,
    now: at,
    anonymous: identity.anonymous,
    signedRegion: identity.region,
    hostRegion: head.target.hostRegion,
  };
}

async function serve(service: Service, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { world, requests, faults, credentials } = service;
  const at = service.now();
  const requestId = world.store.nextId();
  const { url: resource = '/', method = 'GET' } = message;
  const context: AnswerContext = { dialect: S3, method, requestId, resource, host: message.headers.host ?? '', at };
  const record: RequestRecord = { at, operation: 'Unknown', dialect: 's3', query: {}, status: 0, copied: 0 };
  let reply: Reply | undefined;
  try {
    const parsed = parse(service, message);
    const { dialect, operation, head } = parsed;
    const { bucket = '', key = '', query } = head.target;
    context.dialect = dialect;
    record.operation = operation;
    record.dialect = dialect.name;
    const told = query.pairs.filter(([name]) => !isCommonParameter(name));
    record.query = Object.fromEntries(told.map(([name, value]) => [name, value ?? '']));
    if (bucket !== '') record.bucket = bucket;
    if (key !== '') record.key = key;
    // Before the faults: a request that is signed wrong must not use one up.
    const identity = authenticate(head, dialect, credentials, at);
    const part = query.get('partNumber');
    const partNumber = part === undefined ? undefined : Number(part);
    const effects = faults.take({ operation, dialect: dialect.name, bucket, key, partNumber });
    const run = new FaultRun(effects, dialect, service.faultWorld);
    if (run.names) record.fault = run.names;
    const call = callOf(parsed, identity, message, at, requestId, world);
    if (call.anonymous) checkAnonymous(call);
    reply = (await run.before()) ?? (await performed(call, run, record));
    record.status = reply.status;
  } catch (error) {
    fail(error, record, message, response, context);
  }
  requests.add(record);
  if (reply) requests.bytesOut += await sendReply(response, context, reply);
}

async function performed(call: Call, run: FaultRun, record: RequestRecord): Promise<Reply> {
  const reply = await HANDLERS[call.operation](call);
  record.copied = reply.copied ?? 0;
  return (await run.after(record.copied)) ?? reply;
}

function fail(
  error: unknown,
  record: RequestRecord,
  message: IncomingMessage,
  response: ServerResponse,
  context: AnswerContext,
): void {
  if (error instanceof Dropped || message.socket.destroyed) {
    message.socket.destroy();
  } else if (error instanceof PoisonedConnection) {
    record.status = 304;
    sendNotModifiedWithBody(response);
  } else {
    const refusal = error instanceof Refusal ? error : refuse('InternalError', { message: String(error) });
    record.status = refusal.status;
    record.code = refusal.code;
    sendRefusal(response, context, refusal);
  }
}
