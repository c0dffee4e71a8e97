/** Starts a stand-in of Alibaba Cloud Tablestore: wide column tables with global indexes, and faults on demand. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { seededRandom } from '../../lib/twin/random.ts';
import type { Keys } from './authorize.ts';
import { authorize } from './authorize.ts';
import { Faults } from './faults.ts';
import { parseRows } from './plain-buffer.ts';
import { faultCodes, invalid, Refusal } from './refusal.ts';
import { encodeAnswer, rowOperations } from './row-operations.ts';
import { messageClass } from './sdk.ts';
import { tableOperations } from './table-operations.ts';
import type { IndexLag, TableShape } from './table.ts';
import { Table } from './table.ts';
import { Throttle } from './throttle.ts';

export interface OtsTwinOptions {
  instance?: string;
  /** What requests must be signed with; `twin-key` and `twin-secret` unless said otherwise. */
  keys?: Keys;
  /** Further keys, as the roles of an account have. */
  roles?: readonly Keys[];
  /** Tables that are there from the beginning. */
  tables?: readonly TableShape[];
  /** Epoch milliseconds; the system's unless said otherwise. Signatures, the lag of indexes and throttling live by it. */
  now?: () => number;
  /** How far indexes are behind their table, milliseconds: 0, or one number for new and old entries, or one for each. */
  indexLagMs?: number | IndexLag;
  /** Requests a second on one table that are answered; more get OTSNotEnoughCapacityUnit. */
  requestsPerSecond?: number;
  /** Of the share of requests that faults strike. */
  seed?: number;
}

export interface Served {
  operation: string;
  answer: string;
  /** As the request says it, whether or not it is right. */
  accessKeyId: string;
  /** Tables, or indexes, that it names. */
  tables: string[];
}

export interface OtsTwin {
  /** URL, to be used as the endpoint of the instance. */
  endpoint: string;
  instance: string;
  keys: Keys;
  faults: Faults;
  /** Every request so far: its operation, and `OK`, an error code or the fault that struck it. */
  requests: Served[];
  /** A table as it is: its rows, and what each index shows. @throws Refusal when there is none. */
  table(name: string): Table;
  close(): Promise<void>;
}

export async function startOtsTwin(options: OtsTwinOptions = {}): Promise<OtsTwin> {
  const { instance = 'ferrytwin', now = Date.now, indexLagMs = 0, requestsPerSecond = Infinity } = options;
  const keys = options.keys ?? { accessKeyId: 'twin-key', accessKeySecret: 'twin-secret' };
  const lag = typeof indexLagMs === 'number' ? { additionsMs: indexLagMs, removalsMs: indexLagMs } : indexLagMs;
  const faults = new Faults(seededRandom(options.seed ?? 1));
  const throttle = new Throttle(requestsPerSecond, now);
  const requests: OtsTwin['requests'] = [];
  const tables = new Map<string, Table>();
  const create = (shape: TableShape): void => void tables.set(shape.name, new Table(shape, now, lag));
  options.tables?.forEach(create);

  const table = (name: string): Table => {
    const found = tables.get(name);
    if (!found) throw new Refusal(404, 'OTSObjectNotExist', 'Requested table does not exist.');
    return found;
  };
  const rows = (name: string) => {
    const main = [...tables.values()].find(({ shape }) => shape.indexes.some((index) => index.name === name));
    return main ? main.indexed(name) : table(name).all();
  };
  const catalogue = {
    names: () => [...tables.keys()],
    shape: (name: string) => tables.get(name)?.shape,
    create,
    remove: (name: string) => void tables.delete(name),
  };

  function perform(operation: string, body: Buffer): Buffer {
    const message = decode(operation, body);
    const onRows = rowOperations[operation];
    const onTables = tableOperations[operation];
    if (onRows) return encodeAnswer(operation, onRows({ table, rows }, message));
    if (onTables) return encodeAnswer(operation, onTables(catalogue, message));
    throw new Refusal(400, 'OTSUnsupportOperation', `Unsupported operation: '${operation}'.`);
  }

  /** Writes whose connection ended before they arrived. */
  const late: (() => void)[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = request.url ?? '/';
    const operation = path.slice(1);
    const fault = faults.strike(operation, body, increments(operation, body));
    const arrived = late.splice(0);
    const accessKeyId = String(request.headers['x-ots-accesskeyid'] ?? '');
    const record = (said: string): void =>
      void requests.push({ operation, answer: said, accessKeyId, tables: tablesIn(operation, body) });
    try {
      authorize(
        { path, headers: request.headers, body },
        { instance, keys: [keys, ...(options.roles ?? [])], now: now() },
      );
      if (fault === 'late') late.push(() => quietly(() => perform(operation, body)));
      if (fault === 'lost-answer') quietly(() => perform(operation, body));
      if (fault === 'late' || fault === 'lost-answer' || fault === 'lost-request') {
        record(fault);
        response.destroy();
        return;
      }
      if (fault !== undefined) throw new Refusal(faultCodes[fault][0], fault, faultCodes[fault][1]);
      if (!throttle.admit()) throw new Refusal(403, 'OTSNotEnoughCapacityUnit', faultCodes.OTSNotEnoughCapacityUnit[1]);
      const result = perform(operation, body);
      record('OK');
      send(response, 200, result);
    } catch (error) {
      const { status, code, message } =
        error instanceof Refusal ? error : new Refusal(500, 'OTSInternalServerError', String(error));
      record(code);
      send(response, status, Buffer.from(messageClass('Error').encode({ code, message }).finish()));
    } finally {
      for (const write of arrived) write();
    }
  }

  let number = 0;
  function send(response: ServerResponse, status: number, body: Buffer): void {
    number += 1;
    response.writeHead(status, {
      'x-ots-requestid': `request-${number}`,
      'x-ots-contentmd5': createHash('md5').update(body).digest('base64'),
      'content-type': 'application/octet-stream',
      'content-length': body.length,
    });
    response.end(body);
  }

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ instance, keys, faults, requests, table },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function decode(operation: string, body: Buffer): any {
  try {
    return messageClass(`${operation}Request`).decode(body) as unknown;
  } catch (error) {
    throw invalid(`Invalid protobuf: ${String(error)}`);
  }
}

/** Of an operation on rows; others name none here. */
function tablesIn(operation: string, body: Buffer): string[] {
  if (!rowOperations[operation]) return [];
  const { tableName, tables = [] } = decode(operation, body) as {
    tableName?: string;
    tables?: { tableName: string }[];
  };
  return tableName ? [tableName] : tables.map((table) => table.tableName);
}

/** Whether a request increments a column. */
function increments(operation: string, body: Buffer): boolean {
  if (operation !== 'UpdateRow') return false;
  const { rowChange } = decode(operation, body) as { rowChange: Buffer };
  return parseRows(rowChange).some(({ cells }) => cells.some(({ type }) => type === 4));
}

/** The sender of a lost request hears of no refusal either. */
function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}
