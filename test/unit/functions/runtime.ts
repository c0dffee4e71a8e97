import type { Log, LogFields } from '../../../lib/copy/model/ports.ts';
import { loadRules } from '../../../lib/replicate/rules/rules.ts';
import type { QueueMessage, Runtime } from '../../../lib/runtime/shared/runtime.ts';
import { ModelWorld } from '../replicate/model-world.ts';

/** A runtime over the model store, with one rule from bucket `photos` to bucket `backup`. */
export function modelRuntime() {
  const rules = loadRules({
    store: { scheme: 's3' },
    rules: [{ name: 'r', source: { bucket: 'photos' }, destination: { bucket: 'backup' } }],
  });
  const model = new ModelWorld(rules);
  const lines: [message: string, fields: LogFields | undefined][] = [];
  const say = (message: string, fields?: LogFields): void => void lines.push([message, fields]);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const postponed: [message: string, delayMs: number][] = [];
  const runtime: Runtime = {
    world: { ...model.worldNow(), log },
    rules,
    postpone: (message: QueueMessage, delayMs) => {
      postponed.push([message.messageId, delayMs]);
      return Promise.resolve();
    },
  };
  return { model, runtime, lines, postponed, getRuntime: () => Promise.resolve(runtime) };
}

/** An SQS event as Lambda gets it. */
export function sqs(...bodies: unknown[]) {
  return {
    Records: bodies.map((body, index) => ({
      eventSource: 'aws:sqs',
      messageId: `m${index + 1}`,
      receiptHandle: `h${index + 1}`,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      attributes: { ApproximateReceiveCount: '1' },
    })),
  };
}

/** An S3 notification of one change. */
export function notification(key: string, eventName = 'ObjectCreated:Put', bucket = 'photos') {
  const s3 = { bucket: { name: bucket }, object: { key: new URLSearchParams({ k: key }).toString().slice(2) } };
  return { Records: [{ eventSource: 'aws:s3', eventName, eventTime: '2026-01-15T10:00:00.000Z', s3 }] };
}

export const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 30_000 };
