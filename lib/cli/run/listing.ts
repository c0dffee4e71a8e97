import type { ListObjectsQuery, ObjectsPage, StoreClient } from '../../store/calls/client.ts';

/** The pages of a listing; the next one is on its way while this one is worked on. */
export async function* pagesOf(
  client: Pick<StoreClient, 'listObjects'>,
  bucket: string,
  query: ListObjectsQuery,
): AsyncGenerator<ObjectsPage> {
  let coming: Promise<ObjectsPage> | undefined = client.listObjects(bucket, query);
  while (coming) {
    const page: ObjectsPage = await coming;
    coming = page.next === undefined ? undefined : client.listObjects(bucket, { ...query, token: page.next });
    // Thrown where it is awaited; a reader that stops early must not leave it unhandled.
    coming?.catch(() => {});
    yield page;
  }
}
