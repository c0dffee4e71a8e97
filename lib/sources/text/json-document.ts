/**
 * Lists that are one JSON document, as `aws s3api list-objects-v2` and `ossutil api list-objects` print them: cut into its
 * objects line by line, so that memory does not grow with the document.
 */
import { GiveUp } from '../../copy/model/errors.ts';
import { columnOf } from '../shared/columns.ts';
import type { Row } from '../shared/file-reader.ts';
import type { Verdict } from '../shared/list-entry.ts';
import type { JsonRules } from './jsonl.ts';
import { entryOfObject, parse } from './jsonl.ts';
import type { LineReader, TextPlace } from './lines.ts';

/** Arrays whose objects are objects of the store. */
const lists = new Set(['Contents', 'Versions']);
/** Arrays that belong to a listing and name no object to copy. */
const besides = new Map<string, Verdict>([
  ['DeleteMarkers', 'delete-marker'],
  ['CommonPrefixes', 'no-object'],
]);

/** No listing nests deeper; and no object in one is longer, in characters. */
const deepest = 32;
const longest = 64 * 1024;

/** An open bracket of the document itself, in which a key was seen: it names an object and is none of a list. */
const objectWithKey = '{key';

/** Where to go on: a line, what was open at its beginning, and how many rows that end on it were given out. */
export interface DocumentPlace extends TextPlace {
  /** Each open bracket, an array with its name: `{`, `[Contents`, `{`; the first also as `objectWithKey`. */
  open: string[];
  done: number;
}

interface Waiting {
  row: Row;
  after: DocumentPlace;
}

/** Cuts a document into its rows. */
export class JsonDocument {
  readonly #lines: LineReader;
  readonly #name: string;
  readonly #rules: JsonRules;
  #open: string[];
  #skip: number;
  /** The object that is being read: its text so far, and the line that it began on. */
  #object: { text: string; line: number } | undefined;
  /** Rows of the last line, and how many of them were given out: one line may hold some hundred thousand. */
  #waiting: Waiting[] = [];
  #given = 0;
  #place: DocumentPlace;

  constructor(lines: LineReader, name: string, rules: JsonRules, from: Pick<DocumentPlace, 'open' | 'done'>) {
    this.#lines = lines;
    this.#name = name;
    this.#rules = rules;
    this.#open = [...from.open];
    this.#skip = from.done;
    this.#place = { ...lines.place, open: [...from.open], done: from.done };
  }

  /** Of the row that `next` gives. */
  get place(): DocumentPlace {
    return this.#place;
  }

  /** The next row; undefined when `lines` must read more, or is at its end. @throws GiveUp BadRequest for what is no JSON. */
  next(): Row | undefined {
    while (this.#given >= this.#waiting.length) {
      this.#waiting = [];
      this.#given = 0;
      const text = this.#lines.peek();
      if (text === undefined) return undefined;
      this.#scan(text);
      this.#lines.take();
      if (this.#waiting.length > 0 || this.#object) continue;
      this.#place = { ...this.#lines.place, open: [...this.#open], done: 0 };
    }
    const found = this.#waiting[this.#given];
    this.#given += 1;
    if (found) this.#place = found.after;
    return found?.row;
  }

  /** @throws GiveUp BadRequest for a document that is cut short. */
  async hasMore(): Promise<boolean> {
    if (this.#given < this.#waiting.length || (await this.#lines.hasMore())) return true;
    if (this.#open.length > 0) throw this.#bad('it ends in the middle: the document is cut short');
    return false;
  }

  #scan(text: string): void {
    const { line } = this.#lines;
    const before = { ...this.#lines.place, open: [...this.#open] };
    let done = 0;
    const give = (verdict: Verdict, from: number, shown: string): void => {
      done += 1;
      if (this.#skip > 0) this.#skip -= 1;
      else this.#waiting.push({ row: { verdict, line: from, text: () => shown }, after: { ...before, done } });
    };
    // Where the object begins on this line; an object that began before goes on from the first character.
    let from = 0;
    let name = '';
    for (let at = 0; at < text.length; at += 1) {
      const char = text[at];
      if (char === '"') {
        const end = endOfText(text, at + 1);
        if (end < 0) throw this.#bad('a text is not closed on its line');
        const shown = text.slice(at, end + 1);
        if (!this.#object && this.#isTopList()) give(this.#verdictOfText(shown, line), line, shown);
        else if (!this.#object && this.#isListOfDocument())
          give({ why: `a text in "${this.#listName().slice(0, 40)}", which is no list of objects` }, line, shown);
        if (this.#open.at(-1)?.startsWith('{')) name = text.slice(at + 1, end);
        const isName = /^\s{0,32}:/.test(text.slice(end + 1, end + 34));
        if (isName && this.#open.length === 1 && columnOf(name) === 'key') this.#open[0] = objectWithKey;
        at = end;
      } else if (char === '{' || char === '[') {
        const isRow = !this.#object && char === '{' && this.#isList();
        this.#open.push(char === '{' ? '{' : `[${this.#open.at(-1)?.startsWith('{') ? name : ''}`);
        if (this.#open.length > deepest) throw this.#bad('it nests too deep');
        if (isRow) {
          this.#object = { text: '', line };
          from = at;
        } else if (char === '[' && this.#open.length === 2 && this.#open[0] === '[') {
          give(
            { why: 'a list in a list; ask for objects: --query "Contents[].{Key:Key,Size:Size}"' },
            line,
            text.slice(at, at + 80),
          );
        }
      } else if (char === '}' || char === ']') {
        const opened = this.#open.pop();
        if (opened?.[0] !== (char === '}' ? '{' : '[')) throw this.#bad(`there is a ${char} that closes nothing`);
        if (opened === objectWithKey) {
          const why = 'an object over several lines and in no list; write one object a line (jq -c)';
          give({ why }, line, text.slice(0, 80));
        }
        if (char === '}' && this.#isList()) {
          // Without its beginning it was given out before this reader began.
          const whole = this.#object && this.#object.text + text.slice(from, at + 1);
          const list = this.#listName();
          give(
            whole === undefined ? 'no-object' : this.#verdict(whole, list, this.#object?.line ?? line),
            this.#object?.line ?? line,
            whole ?? '',
          );
          this.#object = undefined;
        }
      }
    }
    if (!this.#object) return;
    this.#object.text += `${text.slice(from)}\n`;
    if (this.#object.text.length > longest) throw this.#bad(`an object of more than ${longest} characters`);
  }

  /** Whether what opens now is an element of a list of objects. */
  #isList(): boolean {
    const last = this.#open.at(-1);
    if (last === undefined || !last.startsWith('[')) return false;
    if (this.#isTopList()) return true;
    // Deeper arrays belong to an object of the list.
    return !this.#open.slice(0, -1).some((one) => one.startsWith('['));
  }

  /** Whether the innermost array is a property of the document itself. */
  #isListOfDocument(): boolean {
    const [outer, inner] = this.#open;
    return this.#open.length === 2 && outer?.startsWith('{') === true && inner?.startsWith('[') === true;
  }

  #isTopList(): boolean {
    return this.#open.length === 1 && this.#open[0] === '[';
  }

  #listName(): string {
    return this.#open.at(-1)?.slice(1) ?? '';
  }

  #verdict(text: string, list: string, line: number): Verdict {
    const beside = besides.get(list);
    if (beside !== undefined) return beside;
    if (list !== '' && !lists.has(list))
      return { why: `an object of "${list.slice(0, 40)}", which is no list of objects` };
    const row = parse(text);
    return row ? entryOfObject(row, line, this.#rules) : { why: 'not a JSON object' };
  }

  #verdictOfText(text: string, line: number): Verdict {
    try {
      return entryOfObject({ key: JSON.parse(text) as unknown }, line, this.#rules);
    } catch {
      return { why: 'not a JSON text' };
    }
  }

  #bad(why: string): GiveUp {
    return new GiveUp('BadRequest', `${this.#name}, line ${this.#lines.line}: ${why}; this is no list in JSON.`);
  }
}

/** The place of the closing quote; negative when there is none. */
function endOfText(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}
