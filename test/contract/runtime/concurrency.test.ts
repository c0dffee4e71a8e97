import { describe, expect, it } from 'vitest';
import { useRig } from './rig.ts';

describe('part copies in flight', () => {
  it('are as many as the setting says, over several jobs together', async () => {
    const rig = await useRig();
    rig.slow(20);
    const { run } = await rig.open({ settings: { concurrency: 5 } });
    const requests = await Promise.all(['a', 'b', 'c'].map((key) => rig.large(key, 12)));
    await Promise.all(requests.map((request) => run(request)));
    expect(rig.inFlight.most).toBe(5);
  });

  it.each([2, 24])('are %i when the request asks for that many', async (concurrency) => {
    const rig = await useRig();
    rig.slow(50);
    const { run } = await rig.open({ settings: { concurrency: 8 } });
    await run(await rig.large('a', 48, { concurrency }));
    expect(rig.inFlight.most).toBe(concurrency);
  });
});
