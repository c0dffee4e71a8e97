import { describe, expect, it } from 'vitest';
import { bench, failure, type Reply } from './harness.ts';

const ref = { bucket: 'bkt', key: 'k' };
const page = (name: string, next = ''): Reply => ({
  body:
    `<ListObjectAnnotationsOutput><Annotations><AnnotationEntry><AnnotationName>${name}</AnnotationName><Size>1</Size>` +
    `<ETag>"e"</ETag></AnnotationEntry></Annotations>${next && `<NextContinuationToken>${next}</NextContinuationToken>`}</ListObjectAnnotationsOutput>`,
});
const refused: Reply = { status: 400, body: '<Error><Code>InvalidArgument</Code><Message>no</Message></Error>' };

describe('listAnnotations', () => {
  it('reads every page', async () => {
    const { store } = bench('s3', [page('a', 't1'), page('b')]);
    expect(await store.listAnnotations?.(ref)).toMatchObject([{ name: 'a' }, { name: 'b' }]);
  });

  it.each([
    ['the token that it was given', [page('a', 't'), page('a', 't')]],
    ['an earlier token', [page('a', 't'), page('b', 'u'), page('a', 't')]],
  ])('gives up when the answer holds %s: a short list would let a rename lose the rest', async (_what, replies) => {
    const { store } = bench('s3', replies);
    expect(await failure(store.listAnnotations?.(ref) ?? Promise.resolve())).toMatchObject({ code: 'BadAnswer' });
  });

  it('takes a refusal for that of one request when the server has listed some before', async () => {
    const { store } = bench('s3', [page('a'), refused], {
      address: { scheme: 's3', region: 'us-east-1', endpoint: 'https://store.example' },
    });
    expect(await store.listAnnotations?.(ref)).toHaveLength(1);
    expect(await failure(store.listAnnotations?.(ref) ?? Promise.resolve())).toMatchObject({ code: 'BadRequest' });
  });
});
