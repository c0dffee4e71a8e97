import { describe, expect, it } from 'vitest';
import { workHandler } from '../../../functions/work.ts';
import { readApiMessage } from '../../../lib/api/run-message.ts';
import { readMessage } from '../../../lib/runtime/shared/read-message.ts';
import type { Runtime } from '../../../lib/runtime/shared/runtime.ts';
import { bench } from './fakes.ts';

const context = { awsRequestId: 'r1', getRemainingTimeInMillis: () => 60_000 };

describe('readMessage', () => {
  it('knows the messages of the API in every form a queue may give them', () => {
    const message = { kind: 'callback', jobId: 'j', attempt: 2, notBefore: 7 };
    const text = JSON.stringify(message);
    for (const form of [message, text, Buffer.from(text)]) expect(readMessage(form)).toEqual({ api: message });
    expect(readMessage({ kind: 'rename-prefix', jobId: 'j' })).toEqual({ api: { kind: 'rename-prefix', jobId: 'j' } });
  });

  it('parses a text once, and tells a task of the engine from a message of the API', () => {
    const task = { kind: 'finish', jobId: 'j' };
    expect(readMessage(JSON.stringify(task))).toEqual({ task });
  });
});

describe('readApiMessage', () => {
  it.each([
    [undefined],
    [null],
    ['no JSON'],
    [{ kind: 'finish', jobId: 'j' }],
    [{ kind: 'callback', jobId: 7, attempt: 1 }],
    [{ kind: 'toString' }],
  ])('leaves %j to others', (input) => {
    expect(readApiMessage(input)).toBeUndefined();
  });
});

describe('functions/work', () => {
  it('takes the message of a rename that is a batch by now, and does nothing', async () => {
    const api = bench();
    const runtime = {
      world: api.world,
      rules: { routes: [], addedMetadata: new Set() },
      api: api.deps,
    } as unknown as Runtime;
    const record = { messageId: 'm1', eventSource: 'aws:sqs', body: '{"kind":"rename-prefix","jobId":"gone"}' };
    const answer = await workHandler(async () => runtime)({ Records: [record] }, context);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(api.calls).toEqual([]);
  });

  it('keeps a message for the API where no API is configured', async () => {
    const runtime = { world: bench().world } as unknown as Runtime;
    const work = workHandler(async () => runtime)({ kind: 'rename-prefix', jobId: 'j' }, context);
    await expect(work).rejects.toThrow('rename-prefix');
  });
});
