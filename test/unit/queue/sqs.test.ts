import type { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import { hideMessage, SqsQueue } from '../../../lib/queue/sqs.ts';

interface Input {
  QueueUrl: string;
  Entries: { Id: string; MessageBody: string; DelaySeconds: number }[];
}
type Failure = { Id: string; SenderFault: boolean; Code: string };

/** Answers each call with the failures that `failing` picks. */
function rig(failing: (input: Input, call: number) => Failure[] = () => []) {
  const calls: Input[] = [];
  const client = {
    send: async ({ input }: { input: Input }) => {
      calls.push(input);
      return { Failed: failing(input, calls.length) };
    },
  } as unknown as SQSClient;
  const slept: number[] = [];
  const clock = { now: () => 0, sleep: async (ms: number) => void slept.push(ms) };
  const [tasks, parts] = ['https://sqs/1/tasks', 'https://sqs/1/parts'];
  const urls = { parts, copy: tasks, finish: tasks, read: tasks, page: tasks, check: tasks, total: tasks };
  return { calls, slept, client, queue: new SqsQueue<Task>({ client, urls, clock, random: () => 0.5 }) };
}

const finish = (jobId: string): Task => ({ kind: 'finish', jobId });
const parts = (from: number): Task => ({ kind: 'parts', jobId: 'j', uploadId: 'u', from, count: 1 });
const bodies = ({ Entries }: Input) => Entries.map(({ MessageBody }) => JSON.parse(MessageBody) as Task);

describe('SqsQueue', () => {
  it('sends each kind to its own queue, ten at a time', async () => {
    const { queue, calls } = rig();
    await queue.send([finish('a'), ...Array.from({ length: 12 }, (_, i) => parts(i + 1))]);
    const sent = calls.map(({ QueueUrl, Entries }) => [QueueUrl.split('/').at(-1), Entries.length]);
    expect(sent).toEqual([
      ['tasks', 1],
      ['parts', 10],
      ['parts', 2],
    ]);
    expect(calls.flatMap(bodies)).toContainEqual(parts(12));
  });

  it('keeps a batch under the size that one call may have', async () => {
    const { queue, calls } = rig();
    await queue.send(['a', 'b', 'c'].map((id) => finish(id.repeat(120_000))));
    expect(calls.map(({ Entries }) => Entries.length)).toEqual([2, 1]);
  });

  it('sends again only what was not accepted', async () => {
    const { queue, calls, slept } = rig((_input, call) =>
      call === 1 ? [{ Id: '1', SenderFault: false, Code: 'InternalError' }] : [],
    );
    await queue.send([finish('a'), finish('b'), finish('c')]);
    expect(calls.map(bodies)).toEqual([[finish('a'), finish('b'), finish('c')], [finish('b')]]);
    expect(slept).toHaveLength(1);
  });

  it('gives up at once on what the service will never accept', async () => {
    const { queue, calls } = rig(() => [{ Id: '0', SenderFault: true, Code: 'InvalidMessageContents' }]);
    const failure = await queue.send([finish('a')]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryLater);
    expect(String(failure)).toContain('InvalidMessageContents');
    expect(calls).toHaveLength(1);
  });

  it('gives up after some tries', async () => {
    const { queue, calls } = rig(({ Entries }) =>
      Entries.map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError' })),
    );
    await expect(queue.send([finish('a')])).rejects.toBeInstanceOf(RetryLater);
    expect(calls).toHaveLength(5);
  });

  it('delays by whole seconds, and by no more than SQS can', async () => {
    const { queue, calls } = rig();
    await queue.send([finish('a')], { delayMs: 1_001 });
    await queue.send([finish('b')], { delayMs: 86_400_000 });
    expect(calls.map(({ Entries }) => Entries[0]?.DelaySeconds)).toEqual([2, 900]);
  });
});

it('hideMessage asks for whole seconds, and for no more than SQS allows', async () => {
  const { client, calls } = rig();
  await hideMessage(client, 'https://sqs/1/parts', 'receipt', 1);
  await hideMessage(client, 'https://sqs/1/parts', 'receipt', 1e9);
  expect(calls).toMatchObject([{ ReceiptHandle: 'receipt', VisibilityTimeout: 1 }, { VisibilityTimeout: 43_200 }]);
});
