import { text as textOf } from 'node:stream/consumers';
import { CopyError, gaveUp, RetryLater } from '../copy/model/errors.ts';
import type { CallOptions } from '../copy/model/ports.ts';
import type { StoreClient } from './calls/client.ts';

/** Enough for every header; a longer first line costs a second request. */
const headBytes = 4096;

/**
 * Small text files below a prefix of a bucket. `ifAbsent` is the store's own condition (OSS `x-oss-forbid-overwrite`, S3
 * `If-None-Match: *`).
 */
export class WorkBucket {
  readonly #client: Pick<StoreClient, 'getObject' | 'putObject' | 'listObjects'>;
  readonly #bucket: string;
  readonly #prefix: string;

  /** @param prefix empty, or ends with a slash. */
  constructor(client: Pick<StoreClient, 'getObject' | 'putObject' | 'listObjects'>, bucket: string, prefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async read(name: string, options: CallOptions = {}): Promise<string | undefined> {
    return (await this.#get(name, options))?.text;
  }

  async readHead(name: string, options: CallOptions = {}): Promise<string | undefined> {
    const head = await this.#get(name, { ...options, first: 0, last: headBytes - 1 });
    if (!head) return undefined;
    const end = head.text.indexOf('\n');
    if (end >= 0) return head.text.slice(0, end);
    const whole = head.whole ? head.text : await this.read(name, options);
    return whole?.split('\n', 1)[0];
  }

  async write(
    name: string,
    text: string,
    { ifAbsent = false, ...options }: CallOptions & { ifAbsent?: boolean } = {},
  ): Promise<boolean> {
    try {
      const content = { contentType: 'application/jsonl; charset=utf-8' };
      await this.#client.putObject(this.#ref(name), text, { ...options, content, forbidOverwrite: ifAbsent });
      return true;
    } catch (error) {
      if (ifAbsent && gaveUp(error, 'DestinationExists')) return false;
      throw error;
    }
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<string> {
    let token: string | undefined;
    do {
      const query = { ...options, prefix: this.#prefix + prefix, token };
      const page = await this.#client.listObjects(this.#bucket, query);
      for (const { key } of page.contents) yield key.slice(this.#prefix.length);
      token = page.next;
    } while (token !== undefined);
  }

  async #get(
    name: string,
    query: CallOptions & { first?: number; last?: number },
  ): Promise<{ text: string; whole: boolean } | undefined> {
    try {
      const { head, length, body } = await this.#client.getObject(this.#ref(name), query);
      return { text: await textOf(body), whole: length === head.size };
    } catch (error) {
      if (gaveUp(error, 'NotFound')) return undefined;
      if (error instanceof CopyError) throw error;
      throw new RetryLater(`Reading ${this.#prefix}${name} broke off: ${String(error)}`, { cause: error });
    }
  }

  #ref(name: string): { bucket: string; key: string } {
    return { bucket: this.#bucket, key: this.#prefix + name };
  }
}
