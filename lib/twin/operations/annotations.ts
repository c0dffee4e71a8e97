/** The four calls about annotations of S3. They change neither the object's ETag nor its date. */
import { isoDate, own, type Call, type Reply } from '../call.ts';
import { plainEtag, quoteEtag } from '../dialect.ts';
import { refuse } from '../errors.ts';
import { annotationOf, isGoodName, MAX_ANNOTATIONS, MAX_NAME, MAX_PAYLOAD } from '../model/annotations.ts';
import type { Bucket } from '../model/bucket.ts';
import type { Annotation, StoredObject } from '../model/object.ts';
import { limitOf } from '../rules/listing.ts';
import { addressedBucket, objectOf, versionAsked } from '../rules/locate.ts';

function found(call: Call): { bucket: Bucket; object: StoredObject } {
  const bucket = addressedBucket(call);
  const object = objectOf(call, bucket, call.key, versionAsked(call));
  const wanted = own(call, 'object-if-match');
  if (wanted !== undefined && plainEtag(wanted) !== object.etag.toLowerCase()) throw refuse('PreconditionFailed');
  return { bucket, object };
}

function nameIn(call: Call): string {
  const name = call.query.get('annotationName') ?? '';
  if (Buffer.byteLength(name) > MAX_NAME) throw refuse('AnnotationNameTooLong');
  if (!isGoodName(name)) throw refuse('InvalidAnnotationName');
  return name;
}

function existing(call: Call, { annotations = {} }: StoredObject): Annotation {
  const name = nameIn(call);
  if (!Object.hasOwn(annotations, name)) throw refuse('NoSuchAnnotation', { fields: { AnnotationName: name } });
  return annotations[name]!;
}

function headers(call: Call, { versionId }: StoredObject, annotation?: Annotation): Reply['headers'] {
  return {
    'x-amz-object-version-id': versionId,
    ...(annotation && { etag: quoteEtag(call.dialect, annotation.etag) }),
  };
}

export async function putObjectAnnotation(call: Call): Promise<Reply> {
  const name = nameIn(call);
  const pieces: Buffer[] = [];
  for await (const piece of call.body.read()) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  if (bytes.length === 0 || bytes.length > MAX_PAYLOAD)
    throw refuse('InvalidRequest', { message: 'An annotation has 1 byte to 1 MiB.' });
  const payload = bytes.toString('utf8');
  if (!Buffer.from(payload).equals(bytes)) throw refuse('UnsupportedMediaType');
  const { bucket, object } = found(call);
  const annotations = { ...object.annotations, [name]: annotationOf(payload, call.now) };
  if (Object.keys(annotations).length > MAX_ANNOTATIONS) throw refuse('AnnotationLimitExceeded');
  bucket.update(call.key, { ...object, annotations });
  return {
    status: 200,
    headers: headers(call, object, annotations[name]),
    xml: { root: 'PutObjectAnnotationOutput', value: { Key: call.key, AnnotationName: name } },
  };
}

export async function getObjectAnnotation(call: Call): Promise<Reply> {
  const { object } = found(call);
  const annotation = existing(call, object);
  const content = await call.world.bytes.keep(
    (async function* () {
      yield Buffer.from(annotation.payload);
    })(),
  );
  return {
    status: 200,
    headers: { ...headers(call, object, annotation), 'content-length': String(content.size) },
    content,
  };
}

export async function deleteObjectAnnotation(call: Call): Promise<Reply> {
  const { bucket, object } = found(call);
  const { [nameIn(call)]: _, ...annotations } = object.annotations ?? {};
  bucket.update(call.key, { ...object, annotations });
  return { status: 204, headers: headers(call, object) };
}

export async function listObjectAnnotations(call: Call): Promise<Reply> {
  const { object } = found(call);
  const prefix = call.query.get('annotation-prefix') ?? '';
  const token = call.query.get('continuation-token');
  const limit = limitOf(call, 'max-annotation-results', MAX_ANNOTATIONS);
  const after = Object.entries(object.annotations ?? {})
    .filter(
      ([name]) => name.startsWith(prefix) && (token === undefined || name > Buffer.from(token, 'base64url').toString()),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const page = after.slice(0, limit);
  const last = page.at(-1)?.[0];
  return {
    status: 200,
    headers: headers(call, object),
    xml: {
      root: 'ListObjectAnnotationsOutput',
      value: {
        Bucket: call.bucket,
        Key: call.key,
        AnnotationPrefix: prefix,
        MaxAnnotationResults: limit,
        AnnotationCount: page.length,
        ContinuationToken: token,
        NextContinuationToken: after.length > page.length && last ? Buffer.from(last).toString('base64url') : undefined,
        Annotations: {
          AnnotationEntry: page.map(([AnnotationName, { payload, etag, lastModified }]) => ({
            AnnotationName,
            LastModified: isoDate(lastModified),
            Size: Buffer.byteLength(payload),
            ETag: quoteEtag(call.dialect, etag),
          })),
        },
      },
    },
  };
}
