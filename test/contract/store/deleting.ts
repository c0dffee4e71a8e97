import { expect, it } from 'vitest';
import { put, unique, type Stage } from './target.ts';

export function deleting(stage: Stage): void {
  const ref = () => ({ bucket: stage.bucket, key: unique('delete') });

  it('deletes, and deleting what is absent is no error', async () => {
    const own = ref();
    await put(stage, own, 'x');
    expect(await stage.store.delete(own)).toMatchObject({ marker: false });
    await expect(stage.store.head(own)).rejects.toMatchObject({ code: 'NotFound' });
    await stage.store.delete(own);
  });

  it('deletes only the version that was meant', async () => {
    const own = ref();
    const before = await put(stage, own, 'before');
    await put(stage, own, 'after');
    if (!stage.store.facts.conditionalDelete) return;
    const attempt = stage.store.delete(own, { ifMatch: before });
    if (stage.quirks.ignoresPinOnDelete) {
      // Why the engine looks at the source right before it deletes.
      await attempt;
      await expect(stage.store.head(own)).rejects.toMatchObject({ code: 'NotFound' });
      return;
    }
    await expect(attempt).rejects.toMatchObject({ decision: 'source-changed' });
    expect((await stage.store.head(own)).size).toBe(5);
    await stage.store.delete(own, { ifMatch: (await stage.store.head(own)).etag });
    await expect(stage.store.head(own)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('deletes many at once and says what it could not', async () => {
    const lead = unique('many');
    const odd = [`${lead}/plain`, `${lead}/a b+c%20&<d>"ü`, `${lead}//two`];
    for (const key of odd) await put(stage, { bucket: stage.bucket, key }, 'x');
    const keys = [...odd, `${lead}/absent`];
    const failures = await stage.store.deleteObjects(
      stage.bucket,
      keys.map((key) => ({ key })),
    );
    expect(failures).toEqual([]);
    expect((await stage.store.listObjects(stage.bucket, { prefix: lead })).contents).toEqual([]);
  });
}
