import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GiveUp } from '../copy/model/errors.ts';
import type { CallOptions } from '../copy/model/ports.ts';

/** Enough for every header; a longer first line costs a second read. */
const headBytes = 4096;

/**
 * Small text files in a folder of this machine. A file is written under another name, brought to the disk, and then given
 * its own name in one step, so that a kill or a power cut leaves the whole file or none.
 */
export class WorkFolder {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async read(name: string): Promise<string | undefined> {
    return await orUndefined(() => readFile(join(this.#path, name), 'utf8'));
  }

  async readHead(name: string): Promise<string | undefined> {
    return await orUndefined(async () => {
      const file = await open(join(this.#path, name));
      try {
        const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(headBytes) });
        const end = buffer.subarray(0, bytesRead).indexOf('\n');
        if (end >= 0) return buffer.toString('utf8', 0, end);
        return firstLine(await readFile(join(this.#path, name), 'utf8'));
      } finally {
        await file.close();
      }
    });
  }

  async write(name: string, text: string, { ifAbsent = false }: { ifAbsent?: boolean } = {}): Promise<boolean> {
    const path = join(this.#path, name);
    const temporary = join(dirname(path), `.${randomUUID()}`);
    try {
      await writeDurably(temporary, text);
      if (!ifAbsent) {
        await rename(temporary, path);
        return true;
      }
      return await linkIfAbsent(temporary, path);
    } catch (error) {
      throw new GiveUp('StateUnusable', `The work folder cannot be written: ${path}: ${String(error)}`, {
        cause: error,
      });
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async *list(prefix: string, _options?: CallOptions): AsyncGenerator<string> {
    const cut = prefix.lastIndexOf('/') + 1;
    const [folder, start] = [prefix.slice(0, cut), prefix.slice(cut)];
    const names = (await orUndefined(() => readdir(join(this.#path, folder)))) ?? [];
    for (const name of names.sort()) if (name.startsWith(start) && !name.startsWith('.')) yield folder + name;
  }

  /** Removes at most `limit` files below a folder, and the folder itself with the last one. */
  async remove(folder: string, limit: number): Promise<{ removed: number; isGone: boolean }> {
    const path = join(this.#path, folder);
    try {
      const names = await filesBelow(path, limit + 1);
      for (const name of names.slice(0, limit)) await rm(name, { force: true });
      const isGone = names.length <= limit;
      if (isGone) await rm(path, { recursive: true, force: true });
      return { removed: Math.min(names.length, limit), isGone };
    } catch (error) {
      if (error instanceof GiveUp) throw error;
      throw new GiveUp('StateUnusable', `The work folder cannot be written: ${path}: ${String(error)}`, {
        cause: error,
      });
    }
  }
}

async function filesBelow(path: string, limit: number): Promise<string[]> {
  const names: string[] = [];
  for (const entry of (await orUndefined(() => readdir(path, { withFileTypes: true }))) ?? []) {
    if (names.length >= limit) break;
    const name = join(path, entry.name);
    if (entry.isDirectory()) names.push(...(await filesBelow(name, limit - names.length)));
    else names.push(name);
  }
  return names;
}

async function writeDurably(path: string, text: string): Promise<void> {
  // Closed to other users, whatever the umask says: files name objects and callers.
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function orUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new GiveUp('StateUnusable', `The work folder cannot be read: ${String(error)}`, { cause: error });
  }
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}
