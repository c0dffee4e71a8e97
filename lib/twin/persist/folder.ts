/**
 * Keeps a store in a folder across restarts.
 *
 *     DIR/content/<name>   the bytes of one upload, written once
 *     DIR/journal.jsonl    one change a line (`Change` of the store); replayed on start, then rewritten without what is gone
 *     DIR/lock             process id of the twin that uses the folder
 *
 * A line is written before the answer is sent, so what was answered survives the death of the process (not of the machine:
 * nothing is synced). A last line that was cut short is dropped. Content no line names is deleted on start.
 */
import {
  createWriteStream,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ByteSink } from '../call.ts';
import { FileBlock, patternBlock, type Block } from '../model/block.ts';
import { Content } from '../model/content.ts';
import type { Change, Store } from '../model/store.ts';
import { takeLock } from './lock.ts';

/** A slice in the journal: block id, length of the block, first byte, end. */
type WrittenSlice = [id: string, length: number | null, start: number, end: number];

export class Folder {
  readonly #directory: string;
  readonly #blocks = new Map<string, Block>();
  readonly #unlock: () => void;
  #journal: number | undefined;

  /** Throws when the folder cannot be written or another living process uses it. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(join(directory, 'content'), { recursive: true });
    this.#unlock = takeLock(join(directory, 'lock'));
  }

  readonly sink: ByteSink = {
    keep: async (pieces) => {
      const name = randomUUID();
      const path = join(this.#directory, 'content', name);
      let length = 0;
      try {
        await pipeline(
          pieces,
          async function* (source: AsyncIterable<Buffer>) {
            for await (const piece of source) {
              length += piece.length;
              yield piece;
            }
          },
          createWriteStream(path, { flags: 'wx' }),
        );
      } catch (error) {
        rmSync(path, { force: true });
        throw error;
      }
      return new Content([{ block: new FileBlock(path, name, length), start: 0, end: length }]);
    },
  };

  /** Fills the store from the journal and from now on writes down what changes. */
  attach(store: Store): void {
    const path = join(this.#directory, 'journal.jsonl');
    const lines = readLines(path);
    lines.forEach((line, index) => {
      const change = this.#parse(line, index === lines.length - 1);
      if (change) store.apply(change);
    });
    const fresh = `${path}.new`;
    this.#journal = openSync(fresh, 'w');
    const named = new Set<string>();
    for (const change of store.snapshot()) {
      for (const { block } of contentsOf(change).flatMap(({ slices }) => slices)) named.add(block.id);
      this.#write(change);
    }
    renameSync(fresh, path);
    for (const name of readdirSync(join(this.#directory, 'content'))) {
      if (!named.has(`file:${name}`)) rmSync(join(this.#directory, 'content', name));
    }
    store.changed = (change) => this.#write(change);
  }

  #write(change: Change): void {
    if (this.#journal === undefined) return;
    const line = JSON.stringify(change, (_, value: unknown) => {
      if (value instanceof Content) return { slices: value.slices.map(written) };
      return value instanceof Map ? undefined : value;
    });
    writeSync(this.#journal, `${line}\n`);
  }

  #parse(line: string, last: boolean): Change | undefined {
    try {
      // User metadata may be called `content` too, but is text.
      return JSON.parse(line, (name, value: unknown) =>
        name === 'content' && typeof value === 'object' ? this.#content(value as { slices: WrittenSlice[] }) : value,
      ) as Change;
    } catch (error) {
      if (last) return undefined;
      throw new Error(`The journal in ${this.#directory} cannot be read; move it away to start empty.`, {
        cause: error,
      });
    }
  }

  #content({ slices }: { slices: WrittenSlice[] }): Content {
    return new Content(slices.map(([id, length, start, end]) => ({ block: this.#block(id, length), start, end })));
  }

  #block(id: string, length: number | null): Block {
    const known = this.#blocks.get(id);
    if (known) return known;
    const name = id.slice(id.indexOf(':') + 1);
    const block = id.startsWith('pattern:')
      ? patternBlock(Number(name))
      : new FileBlock(join(this.#directory, 'content', name), name, length ?? 0);
    this.#blocks.set(id, block);
    return block;
  }

  close(): void {
    if (this.#journal !== undefined) closeSync(this.#journal);
    this.#journal = undefined;
    this.#unlock();
  }
}

function written({ block, start, end }: Content['slices'][number]): WrittenSlice {
  return [block.id, Number.isFinite(block.length) ? block.length : null, start, end];
}

function contentsOf(change: Change): Content[] {
  if (change.kind === 'object') return [change.object.content];
  return change.kind === 'part' ? [change.part.content] : [];
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
