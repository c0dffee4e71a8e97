import type { IncomingMessage } from 'node:http';
import { Problem } from '../../api/http/problem.ts';
import type { Admission } from './admission.ts';

const MiB = 1024 * 1024;

/** Bytes of bodies that are being read, over all connections. What is only claimed must not take the place of what is known. */
const budgets: Record<Exclude<Admission, 'unknown'>, number> = { known: 64 * MiB, claimed: 16 * MiB };

/** Reads bodies within a bound on the memory of all of them together. One for each server. */
export class BodyReader {
  readonly #held = { known: 0, claimed: 0 };

  /**
   * The body; empty for a sender that will be refused whatever it says: its bytes are dropped as they come.
   *
   * @param limit bytes of this body
   * @throws Problem body-too-large, without reading further; retry-later when too many others are being read.
   */
  async read(incoming: IncomingMessage, limit: number, admission: Admission): Promise<Buffer> {
    const tooLarge = () => new Problem('body-too-large', `A body may have ${limit} bytes here.`);
    if (Number(incoming.headers['content-length'] ?? 0) > limit) throw tooLarge();
    if (admission === 'unknown' && hasBody(incoming)) {
      incoming.resume();
      return Buffer.alloc(0);
    }
    const of = admission === 'unknown' ? 'claimed' : admission;
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      // By events: the stream's iterator costs as much as all the rest of a small request.
      await new Promise<void>((resolve, reject) => {
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          this.#held[of] += chunk.length;
          if (size <= limit && this.#held[of] <= budgets[of]) return;
          incoming.removeAllListeners('data').pause();
          reject(size > limit ? tooLarge() : tooMany());
        });
        incoming.once('end', resolve).once('error', reject);
        incoming.once('close', () => {
          if (!incoming.complete) reject(new Error('the client has gone away'));
        });
      });
    } finally {
      this.#held[of] -= size;
    }
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function tooMany(): Problem {
  const headers = { 'retry-after': '1' };
  return new Problem('retry-later', 'Too many bodies are being received at this moment.', { headers });
}
