import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { CallbackDeps } from '../../../lib/api/callbacks/deliver.ts';
import { backoffMs, deliverCallback } from '../../../lib/api/callbacks/deliver.ts';
import { notifier, observed } from '../../../lib/api/callbacks/notify.ts';
import type { Post, PostAnswer } from '../../../lib/api/callbacks/post.ts';
import type { CallbackMessage } from '../../../lib/api/model/message.ts';
import { guardMs } from '../../../lib/api/model/message.ts';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import type { Bench } from './fakes.ts';
import { bench, callers, json, keys, secrets, start } from './fakes.ts';

const copy = {
  source: 'oss://media/uploads/a',
  destination: 'oss://backup/a',
  callback: 'https://hooks.example.com/done?x=1',
};

interface Rig extends Bench {
  callbackDeps: CallbackDeps;
  posts: Post[];
  /** Runs the messages queued so far, oldest first, at their times. */
  run(): Promise<void>;
}

function rig(answers: (PostAnswer | Error)[] = []): Rig {
  const api = bench({ 'media/uploads/a': {} });
  const posts: Post[] = [];
  const callbackDeps: CallbackDeps = {
    ...api.deps,
    source: '/ferry',
    send: async (post) => {
      posts.push(post);
      const answer = answers.shift() ?? { status: 204 };
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  api.world.state = observed(api.world.state, notifier(callbackDeps));
  const run = async () => {
    for (let next = soonest(api); next; next = soonest(api)) {
      api.clock.time = Math.max(api.clock.time, next.notBefore ?? 0);
      await deliverCallback(callbackDeps, next);
    }
  };
  return { ...api, callbackDeps, posts, run };
}

const timeOf = (message: object) => ('notBefore' in message ? Number(message.notBefore) : 0);

function soonest({ messages }: Bench): CallbackMessage | undefined {
  messages.sort((a, b) => timeOf(a.message) - timeOf(b.message));
  return messages.shift()?.message as CallbackMessage | undefined;
}

describe('a callback', () => {
  it('is a signed CloudEvent that the public standardwebhooks package accepts', async () => {
    const api = rig();
    const job = json(await api.call({ json: copy }));
    // The public package checks against the real clock.
    api.clock.time = Date.now();
    await api.run();
    const [post] = api.posts;
    expect(post).toMatchObject({
      addresses: ['93.184.216.34'],
      headers: { 'content-type': 'application/cloudevents+json' },
    });
    expect(post?.url.href).toBe(copy.callback);
    for (const secret of [secrets.media, secrets.old]) {
      const event = new Webhook(secret).verify(post?.body ?? '', post?.headers ?? {});
      expect(event).toMatchObject({ type: 'object-ferry.job.done', source: '/ferry', subject: job['id'], data: job });
    }
  });

  it('comes once, although two messages ask for it', async () => {
    const api = rig();
    await api.call({ json: copy });
    expect(api.messages.length).toBe(2);
    await api.run();
    expect(api.posts.length).toBe(1);
  });

  it('comes even when the end of the job could not be announced', async () => {
    const api = rig();
    const { send } = api.callbackDeps.messages;
    let sends = 0;
    api.callbackDeps.messages.send = (...sent) => (++sends === 2 ? Promise.reject(new Error('killed')) : send(...sent));
    await api.call({ json: copy });
    expect(api.messages).toMatchObject([{ message: { notBefore: start + guardMs }, options: { delayMs: guardMs } }]);
    await api.run();
    expect(api.posts.length).toBe(1);
  });

  it('waits for a job that still runs', async () => {
    const api = rig();
    const { id } = json(await api.call({ json: copy })) as { id: string };
    const done = api.rows.get(id);
    if (done) api.rows.set(id, { ...done, state: 'copying' });
    api.clock.time += guardMs;
    await deliverCallback(api.callbackDeps, { kind: 'callback', jobId: id, attempt: 1 });
    expect(api.posts).toEqual([]);
    expect(api.messages.at(-1)).toMatchObject({ options: { delayMs: guardMs } });
  });

  it('is tried again, later and later, with the same id and body', async () => {
    const failures = [new Error('ECONNREFUSED'), { status: 500 }, { status: 302 }, { status: 404 }];
    const api = rig(failures);
    await api.call({ json: copy });
    api.messages.splice(0, 1);
    await api.run();
    expect(api.posts.length).toBe(5);
    expect(new Set(api.posts.map(({ headers, body }) => headers['webhook-id'] + body)).size).toBe(1);
    const times = api.posts.map(({ headers }) => Number(headers['webhook-timestamp']) * 1000);
    expect(times.slice(1).map((time, i) => time - (times[i] ?? 0))).toEqual(backoffMs.slice(0, 4));
  });

  it('waits as long as the receiver asks', async () => {
    const api = rig([{ status: 429, retryAfter: '900' }]);
    await api.call({ json: copy });
    await api.run();
    expect(api.clock.time).toBeGreaterThanOrEqual(start + 900_000);
  });

  it('is given up after the last attempt, or when the receiver is gone for good', async () => {
    for (const [answers, attempts] of [
      [Array(50).fill({ status: 500 }), backoffMs.length + 1],
      [[{ status: 410 }], 1],
    ] as const) {
      const api = rig([...answers]);
      await api.call({ json: copy });
      api.messages.splice(0, 1);
      await expect(api.run()).rejects.toThrow(GiveUp);
      expect(api.posts.length).toBe(attempts);
    }
  });

  it('does not follow a name that has come to mean a private address', async () => {
    const api = rig();
    await api.call({ json: copy });
    api.dns.set('hooks.example.com', ['169.254.169.254']);
    await expect(api.run()).rejects.toThrow('169.254.169.254');
    expect(api.posts).toEqual([]);
  });

  it('does not go to a host that the policy has dropped', async () => {
    const api = rig();
    await api.call({ json: copy });
    api.callbackDeps.callers = callers.map((caller) => ({
      ...caller,
      policy: { ...caller.policy, callbackHosts: [] },
    }));
    await expect(api.run()).rejects.toThrow('policy');
    expect(api.posts).toEqual([]);
  });

  it('needs a secret to sign with', async () => {
    const { call, messages } = bench({ 'other/a': {} });
    const body = { ...copy, source: 'oss://other/a', destination: 'oss://other/b' };
    const response = await call({ json: body, headers: { authorization: `Bearer ${keys.other}` } });
    expect([response.status, messages]).toEqual([422, []]);
  });
});

describe('the lifecycle webhook', () => {
  it('hears of every state of every job, each under its own id', async () => {
    const api = rig([{ status: 503 }]);
    const hook = { url: 'http://127.0.0.1:9000/events', secrets: [secrets.old] };
    api.callbackDeps.hook = hook;
    const { callback: _, ...plain } = copy;
    await api.call({ json: plain });
    await api.run();
    const events = api.posts.map(({ body }) => JSON.parse(body) as { type: string; id: string });
    expect(events.map((event) => event.type)).toEqual([
      'object-ferry.job.planned',
      'object-ferry.job.done',
      'object-ferry.job.planned',
    ]);
    expect(new Set(events.map((event) => event.id)).size).toBe(2);
    expect(api.posts[0]?.url.href).toBe(hook.url);
  });
});
