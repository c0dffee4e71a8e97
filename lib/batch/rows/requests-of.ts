/** Hears of each request that a store is sent for its calls. */
import type { CallOptions, ObjectStore } from '../../copy/model/ports.ts';

/** Where the options stand among the arguments of a call. */
export const optionsAt: Record<Exclude<keyof ObjectStore, 'address' | 'facts'>, number> = {
  head: 1,
  copyObject: 1,
  initiate: 1,
  uploadPartCopy: 1,
  complete: 1,
  abort: 2,
  listParts: 2,
  listUploads: 1,
  region: 1,
  takesLocks: 1,
  listAnnotations: 1,
  getAnnotation: 2,
  putAnnotation: 2,
  getTags: 1,
  putTags: 2,
  getAcl: 1,
  putAcl: 2,
  restore: 3,
  delete: 1,
};

/**
 * The arguments of a call, with options that tell `onRequest` of each request, after the listener that the options already have.
 *
 * @param name of the method of `ObjectStore`; a name that is none gets its arguments back
 */
export function hearing(name: string, args: unknown[], onRequest: (operation: string) => void): unknown[] {
  const place = (optionsAt as Record<string, number | undefined>)[name];
  if (place === undefined) return args;
  const options = args[place] as CallOptions | undefined;
  const before = options?.onRequest;
  const both = (operation: string): void => {
    before?.(operation);
    onRequest(operation);
  };
  const heard = [...args];
  heard[place] = { ...options, onRequest: before ? both : onRequest };
  return heard;
}

/** The same store; `onRequest` hears of each request by the name of its operation, retries included. */
export function heard(store: ObjectStore, onRequest: (operation: string) => void): ObjectStore {
  const all: Record<string, unknown> = { ...store };
  for (const name of Object.keys(optionsAt)) {
    const call = all[name] as ((...args: unknown[]) => Promise<unknown>) | undefined;
    if (call) all[name] = (...args: unknown[]): Promise<unknown> => call(...hearing(name, args, onRequest));
  }
  return all as unknown as ObjectStore;
}
