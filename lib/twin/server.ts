/** The way of one request: parse, faults, signature, operation, faults, answer, record. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { authenticate, type Identity } from './auth/authenticate.ts';
import type { Call, Reply, World } from './call.ts';
import type { Control } from './control.ts';
import { S3, type Dialect } from './dialect.ts';
import { refuse, Refusal } from './errors.ts';
import { Dropped, FaultRun, PoisonedConnection, type FaultWorld } from './fault-run.ts';
import type { Faults } from './faults.ts';
import { HANDLERS } from './operations/index.ts';
import type { RequestLog, RequestRecord } from './requests.ts';
import { findOperation, isCommonParameter, type Operation } from './routes.ts';
import { checkExpectedOwner, checkPermitted } from './rules/permit.ts';
import { checkPayer } from './rules/requester-pays.ts';
import { sendNotModifiedWithBody, sendRefusal, sendReply, type AnswerContext } from './wire/answer.ts';
import { Body } from './wire/body.ts';
import { dialectOf, headersOf, type RequestHead } from './wire/head.ts';
import { parseTarget } from './wire/target.ts';

export interface Service {
  world: World;
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
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 });
  const answer = (message: IncomingMessage, response: ServerResponse): void => {
    const served = service.control.takes(message)
      ? service.control.serve(message, response)
      : serve(service, message, response);
    served.catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  };
  server.on('request', answer);
  // With a listener of its own, Node leaves it to us to say when the client may send the body.
  server.on('checkContinue', (message, response) => {
    if (service.control.takes(message)) response.writeContinue();
    answer(message, response);
  });
  return server;
}

/** `100 Continue` before the body of a client that waits for it. Until then the client may never send the body. */
function continueOn(message: IncomingMessage, response: ServerResponse): () => void {
  if (message.headers.expect?.toLowerCase() !== '100-continue') return () => {};
  response.setHeader('connection', 'close');
  let told = false;
  return () => {
    if (told || response.headersSent) return;
    told = true;
    response.removeHeader('connection');
    response.writeContinue();
  };
}

function parse(service: Service, message: IncomingMessage): Parsed {
  const headers = headersOf(message);
  const host = headers['host'] ?? '';
  const { store, quirks } = service.world;
  const named = parseTarget(message.url ?? '/', host, (name) => store.bucketByCname(name)?.settings.name);
  const behind = named.bucket === undefined ? undefined : store.bucketBehind(named.bucket);
  const target = behind === undefined ? named : { ...named, bucket: behind };
  const head: RequestHead = { method: message.method ?? 'GET', target, headers, host };
  const dialect = dialectOf(head);
  if (dialect.name === 'oss' && quirks.refusePathStyle && target.bucket !== undefined && !target.virtualHosted) {
    throw refuse('SecondLevelDomainForbidden');
  }
  const isCopy = headers[`${dialect.prefix}copy-source`] !== undefined;
  return { head, dialect, operation: findOperation(head.method, target, isCopy, dialect) };
}

function callOf(
  parsed: Parsed,
  identity: Identity,
  message: IncomingMessage,
  accepted: () => void,
  at: number,
  requestId: string,
  world: World,
): Call {
  const { head, dialect, operation } = parsed;
  const checksums = operation !== 'CompleteMultipartUpload';
  return {
    dialect,
    operation,
    bucket: head.target.bucket ?? '',
    key: head.target.key ?? '',
    query: head.target.query,
    headers: head.headers,
    body: new Body(message, identity.payload, head.headers, { checksums, wrongMd5: dialect.wrongMd5, accepted }),
    world,
    requestId,
    now: at,
    user: identity.user?.id,
    signedRegion: identity.region,
    hostRegion: head.target.hostRegion,
  };
}

async function serve(service: Service, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { world, requests, faults } = service;
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
    record.carries = carriedBy(head, dialect);
    // Before the faults: a request that is signed wrong must not use one up.
    const identity = authenticate(head, dialect, world.users, at);
    if (identity.user) record.accessKeyId = identity.user.accessKeyId;
    const part = query.get('partNumber');
    const partNumber = part === undefined ? undefined : Number(part);
    const effects = faults.take({ operation, dialect: dialect.name, bucket, key, partNumber });
    const run = new FaultRun(effects, dialect, service.faultWorld);
    if (run.names) record.fault = run.names;
    const call = callOf(parsed, identity, message, continueOn(message, response), at, requestId, world);
    checkPermitted(call);
    checkPayer(call, world.store.bucket(bucket));
    checkExpectedOwner(call, world.store.bucket(bucket), 'x-amz-expected-bucket-owner');
    reply = (await run.before()) ?? (await performed(call, run, record));
    record.status = reply.status;
  } catch (error) {
    fail(error, record, message, response, context);
  }
  requests.add(record);
  if (reply) requests.bytesOut += await sendReply(response, context, reply);
}

function carriedBy({ headers }: RequestHead, { prefix }: Parsed['dialect']): RequestRecord['carries'] {
  const told = ['copy-source', 'copy-source-if-match', 'tagging', 'tagging-directive', 'acl', 'object-acl'].flatMap(
    (name) => {
      const value = headers[prefix + name];
      return value === undefined ? [] : [[name, value] as const];
    },
  );
  return told.length === 0 ? undefined : Object.fromEntries(told);
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
