import { expect, it } from 'vitest';
import { digest } from '../../../lib/api/callers/callers.ts';
import { readEvents } from '../../../lib/replicate/events/read.ts';
import type { PostedEvent } from '../../../lib/runtime/serve/post-event.ts';
import { postEvent } from '../../../lib/runtime/serve/post-event.ts';
import { notification } from '../functions/runtime.ts';
import { handClock } from '../state/home.ts';

const token = 'token-0123456789-0123456789';

async function post(body: string): Promise<PostedEvent[]> {
  const kept: PostedEvent[] = [];
  const parts = {
    ...{ callers: [], tokenDigests: [digest(token)], clock: handClock() },
    keep: async (event: PostedEvent) => void kept.push(structuredClone(event)),
  };
  const request = { method: 'POST', path: `/events/${token}`, query: '', headers: {}, body: Buffer.from(body) };
  await postEvent(parts, request).catch(() => {});
  return kept;
}

it('keeps the events that it read, so that the worker reads nothing a second time', async () => {
  const body = notification('a b+c');
  expect(await post(JSON.stringify(body))).toEqual([{ kind: 'events', events: readEvents(body).events }]);
});

it('keeps the text of what no store is known to send', async () => {
  const good = notification('a').Records;
  const foreign = { ...good[0], s3: {} };
  for (const body of ['{"hello":"world"}', 'no json', JSON.stringify({ Records: [...good, foreign] })]) {
    expect(await post(body), body).toEqual([{ kind: 'posted', body }]);
  }
});
