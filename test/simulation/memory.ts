import type { Job } from '../../lib/copy/model/job.ts';
import type { ObjectRef } from '../../lib/copy/model/object.ts';
import type { StoredObject } from './model/objects.ts';

export interface Look {
  /** Undefined when HEAD told that there is none. */
  object: StoredObject | undefined;
  order: number;
}

export interface Ledger {
  parts: Set<number>;
  order: number;
}

/** What one invocation has been told, so that its next act can be judged by what it could know. */
export class Memory {
  /** By `bucket/key`: what HEAD showed last, and how many looks came before it. */
  private readonly heads = new Map<string, Look>();
  /** By upload: what ListParts showed, all pages. */
  readonly ledgers = new Map<string, Ledger>();
  /** By job: the row as last seen. */
  readonly rows = new Map<string, Job>();
  /** Every ETag that HEAD ever showed. */
  readonly etags = new Set<string>();
  private readonly gone = new Set<string>();
  private looks = 0;

  saw({ bucket, key }: ObjectRef, object: StoredObject | undefined): void {
    this.heads.set(`${bucket}/${key}`, { object, order: ++this.looks });
    if (object) this.etags.add(object.etag);
    else this.gone.add(`${bucket}/${key}`);
  }

  /** Whether HEAD ever told that there is no such object. */
  hasSeenGone({ bucket, key }: ObjectRef): boolean {
    return this.gone.has(`${bucket}/${key}`);
  }

  /** Undefined when this invocation never looked. */
  look({ bucket, key }: ObjectRef): Look | undefined {
    return this.heads.get(`${bucket}/${key}`);
  }

  sawParts(uploadId: string, numbers: number[], firstPage: boolean): void {
    const seen = firstPage ? undefined : this.ledgers.get(uploadId);
    this.ledgers.set(uploadId, { parts: new Set([...(seen?.parts ?? []), ...numbers]), order: ++this.looks });
  }
}
