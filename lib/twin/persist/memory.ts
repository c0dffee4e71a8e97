import type { ByteSink } from '../call.ts';
import { CHUNK, MemoryBlock } from '../model/block.ts';
import { Content, type Slice } from '../model/content.ts';

/** Gathers the pieces of a socket into blocks of one size, so that an object is a few slices and not thousands. */
export const memorySink: ByteSink = {
  async keep(pieces) {
    const slices: Slice[] = [];
    let gathered: Buffer[] = [];
    let length = 0;
    const flush = (): void => {
      if (length > 0) slices.push({ block: new MemoryBlock(Buffer.concat(gathered, length)), start: 0, end: length });
      gathered = [];
      length = 0;
    };
    for await (let piece of pieces) {
      while (length + piece.length >= CHUNK) {
        const taken = piece.subarray(0, CHUNK - length);
        gathered.push(taken);
        length += taken.length;
        piece = piece.subarray(taken.length);
        flush();
      }
      gathered.push(piece);
      length += piece.length;
    }
    flush();
    return new Content(slices);
  },
};
