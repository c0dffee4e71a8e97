/**
 * Where to cut what is left of a key range, so that another reader can take the upper part.
 *
 * Keys are compared as sequences of code points, which is the order of their UTF-8 bytes and cuts no character in two. Nothing
 * is assumed about which characters keys are made of: probes (listings of one key) find out. First the place where the keys
 * that are left begin to differ, by bisection over the length of the last key seen: if no key stands behind `2024/1` with its
 * last character raised, all that are left begin with `2024/1`. Then, at that place, how far the characters go, in doubling steps.
 */
import { compareKeys } from '../../keys/order.ts';

/** The first key after `after`; undefined when there is none in the range. */
export type Probe = (after: string) => Promise<string | undefined>;

export interface Stretch {
  /** The last key that the lower part owns for sure. */
  after: string;
  /** No key behind this one is in the range. */
  until?: string;
  /** Every key of the range begins with this. */
  prefix: string;
}

/** Requests that one cut may cost. */
const probesAtMost = 14;

/** Longest key that stores take as a place to list from, UTF-8 bytes. */
const maxKeyBytes = 1000;

const lastCodePoint = 0x10ffff;

/**
 * A key that need not exist: at least one key of the stretch is greater. `below` is a bound that no key of the stretch exceeds,
 * as far as was found out. Undefined when no cut was found.
 */
export async function findCut(stretch: Stretch, probe: Probe): Promise<{ at?: string; below?: string }> {
  const search = new Search(stretch, probe);
  const place = await search.whereKeysDiffer();
  const at = place === undefined ? undefined : await search.middleAt(place);
  return { ...(at !== undefined && { at }), ...(search.below !== undefined && { below: search.below }) };
}

class Search {
  below: string | undefined;
  readonly #last: number[];
  readonly #first: number;
  readonly #probe: Probe;
  /** By place: the first key behind the last one with its character at this place raised. */
  readonly #found = new Map<number, string>();
  #probes = 0;

  constructor({ after, until, prefix }: Stretch, probe: Probe) {
    this.below = until;
    this.#last = codePoints(after);
    this.#first = codePoints(prefix).length;
    this.#probe = probe;
  }

  /** The first place at which a key that is left is greater than the last one seen, if there is such a place. */
  async whereKeysDiffer(): Promise<number | undefined> {
    let low = Math.max(this.#first, this.#sharedWithBound());
    let high = this.#last.length - 1;
    // Where an earlier cut was made the keys go on differing, as a rule.
    for (let place = low; low <= high; place = (low + high) >> 1) {
      const raised = this.#raised(place);
      if (raised === undefined) low = place + 1;
      else if (await this.#isBehind(raised)) high = place - 1;
      else low = place + 1;
      if (this.#probes >= probesAtMost) break;
    }
    return this.#found.size > 0 ? Math.min(...this.#found.keys()) : undefined;
  }

  /** A cut about half way between the characters that are known to follow at this place. */
  async middleAt(place: number): Promise<string | undefined> {
    const start = this.#last.slice(0, place);
    const lowest = this.#last[place] ?? 0;
    const least = safe(lowest + 1);
    /** The character at the place, of a key that begins as the last one does. */
    const reachedBy = (key: string | undefined): number => {
      const points = codePoints(key ?? '');
      return (start.every((point, at) => points[at] === point) ? points[place] : undefined) ?? least;
    };
    let most = reachedBy(this.#found.get(place));
    const end = this.#boundAt(place);
    for (let step = 1; this.#probes < probesAtMost; step *= 2) {
      const next = safe(most + step);
      if (next >= end) break;
      const found = await this.#firstBehind(text([...start, next]));
      if (found === undefined) break;
      most = Math.max(next, reachedBy(found));
    }
    // A key with the highest character may be just that: only one less has a key behind it for sure.
    const middle = Math.min(Math.floor((lowest + most) / 2) + 1, most - 1);
    const at = text([...start, middle > least && safe(middle) === middle ? middle : least]);
    return this.#isUsable(at) ? at : undefined;
  }

  #sharedWithBound(): number {
    if (this.below === undefined) return 0;
    const bound = codePoints(this.below);
    let shared = 0;
    while (shared < bound.length && bound[shared] === this.#last[shared]) shared += 1;
    return shared;
  }

  /** No key that is left has a greater character at this place. */
  #boundAt(place: number): number {
    if (this.below === undefined || this.#sharedWithBound() < place) return lastCodePoint;
    return codePoints(this.below)[place] ?? lastCodePoint;
  }

  /** The last key up to this place, with its last character raised. */
  #raised(place: number): string | undefined {
    const point = this.#last[place];
    if (point === undefined || point >= lastCodePoint) return undefined;
    const key = text([...this.#last.slice(0, place), safe(point + 1)]);
    return this.#isUsable(key) ? key : undefined;
  }

  #isUsable(key: string): boolean {
    const within = this.below === undefined || compareKeys(key, this.below) < 0;
    return within && compareKeys(key, text(this.#last)) > 0 && Buffer.byteLength(key) <= maxKeyBytes;
  }

  async #isBehind(raised: string): Promise<boolean> {
    const found = await this.#firstBehind(raised);
    if (found !== undefined) this.#found.set(codePoints(raised).length - 1, found);
    return found !== undefined;
  }

  async #firstBehind(key: string): Promise<string | undefined> {
    this.#probes += 1;
    const found = await this.#probe(key);
    if (found === undefined && (this.below === undefined || compareKeys(key, this.below) < 0)) this.below = key;
    return found;
  }
}

function codePoints(key: string): number[] {
  return Array.from(key, (character) => character.codePointAt(0) ?? 0);
}

function text(points: number[]): string {
  return String.fromCodePoint(...points);
}

/**
 * The character itself or the next one that every store takes: no halves of surrogate pairs, and nothing that XML cannot hold,
 * for some stores repeat the place that they list from in their answer.
 */
function safe(point: number): number {
  if (point < 0x20) return 0x20;
  if (point >= 0x7f && point < 0xa0) return 0xa0;
  if (point >= 0xd800 && point <= 0xdfff) return 0xe000;
  if (point === 0xfffe || point === 0xffff) return 0x10000;
  return Math.min(point, lastCodePoint);
}
