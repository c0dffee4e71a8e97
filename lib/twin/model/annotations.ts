/** Annotations of S3 (June 2026): texts beside an object that change neither its ETag nor its date. */
import { createHash } from 'node:crypto';
import type { Annotation } from './object.ts';

export const MAX_ANNOTATIONS = 1000;
/** Bytes. */
export const MAX_PAYLOAD = 1024 * 1024;
/** Bytes of UTF-8. */
export const MAX_NAME = 512;

export function annotationOf(payload: string, lastModified: number): Annotation {
  return { payload, etag: createHash('md5').update(payload).digest('hex'), lastModified };
}

export function annotationsOf(texts: Record<string, string>, now: number): Record<string, Annotation> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, annotationOf(text, now)]));
}

/** Letters, digits, underscores, periods and hyphens; the vendor keeps two beginnings for itself. */
export function isGoodName(name: string): boolean {
  return /^[\p{L}\p{N}_.-]+$/u.test(name) && !/^(aws|s3)/i.test(name);
}
