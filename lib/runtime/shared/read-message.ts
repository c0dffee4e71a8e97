import type { ApiMessage } from '../../api/model/message.ts';
import { readApiMessage } from '../../api/run-message.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Task } from '../../copy/model/task.ts';

/** What a worker is asked to do: a task of the engine, or what the API sends besides. */
export type Message = { task: Task } | { api: ApiMessage };

/**
 * Reads a message of a queue or an asynchronous invocation: bytes, text or an object.
 *
 * @throws GiveUp BadRequest when it is neither.
 */
export function readMessage(input: unknown): Message {
  const message = typeof input === 'string' || input instanceof Uint8Array ? fromJson(input) : input;
  const api = readApiMessage(message);
  if (api) return { api };
  if (isTask(message)) return { task: message };
  throw new GiveUp('BadRequest', 'This message is not an object-ferry task. Check what is writing to the task queue.');
}

function fromJson(input: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof input === 'string' ? input : Buffer.from(input).toString('utf8'));
  } catch {
    return undefined;
  }
}

function isTask(value: unknown): value is Task {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, jobId, uploadId, from, count, request, batchId, range, page } = value as Record<string, unknown>;
  if (kind === 'copy') return typeof request === 'object' && request !== null;
  if (kind === 'finish') return typeof jobId === 'string';
  if (kind === 'check' || kind === 'total') return typeof batchId === 'string';
  if (kind === 'read') return typeof batchId === 'string' && typeof range === 'string';
  if (kind === 'page') return typeof batchId === 'string' && typeof page === 'string';
  return kind === 'parts' && typeof jobId === 'string' && typeof uploadId === 'string' && isPart(from) && isPart(count);
}

function isPart(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1;
}
