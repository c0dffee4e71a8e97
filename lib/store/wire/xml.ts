import { XMLParser } from 'fast-xml-parser';

/** An answer that is not what the protocol promises. The caller decides whether the call may be repeated. */
export class MalformedAnswer extends Error {}

/** An answer that is whole, and leaves out what the protocol promises: the store would give it again and again. */
export class IncompleteAnswer extends MalformedAnswer {}

// Entities are decoded below, and only the harmless ones: values stay strings, blanks in keys stay blanks.
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  cdataPropName: '#cdata',
  maxNestedTags: 16,
});

/** One element of an answer; asking for a child of another kind than is there throws `MalformedAnswer`. */
export class Element {
  readonly #name: string;
  readonly #value: unknown;

  constructor(name: string, value: unknown) {
    this.#name = name;
    this.#value = value;
  }

  /** Text of a child; undefined when there is no such child, '' when it is empty. */
  text(name: string): string | undefined {
    const value = this.#only(name);
    return value === undefined ? undefined : textOf(name, value);
  }

  /** Text of a child that must be there and not be empty. */
  need(name: string): string {
    const value = this.text(name);
    if (value === undefined || value.trim() === '') throw new IncompleteAnswer(`${this.#name} has no ${name}`);
    return value;
  }

  /** A whole number from 0 to 2^53. */
  integer(name: string): number {
    const text = this.need(name).trim();
    const value = Number(text);
    if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) {
      throw new IncompleteAnswer(`${name} is no whole number: ${text.slice(0, 40)}`);
    }
    return value;
  }

  /** Epoch milliseconds. */
  time(name: string): number {
    const value = Date.parse(this.need(name).trim());
    if (Number.isNaN(value)) throw new IncompleteAnswer(`${name} is no date`);
    return value;
  }

  flag(name: string): boolean {
    return this.text(name)?.trim() === 'true';
  }

  /** A child element; an empty one when it is absent. */
  child(name: string): Element {
    return new Element(name, asObject(name, this.#only(name)));
  }

  /** Every child of that name, in order. */
  list(name: string): Element[] {
    return this.#all(name).map((value) => new Element(name, asObject(name, value)));
  }

  /** Texts of every child of that name. */
  texts(name: string): string[] {
    return this.#all(name).map((value) => textOf(name, value));
  }

  #all(name: string): unknown[] {
    const children = asObject(this.#name, this.#value);
    if (!Object.hasOwn(children, name)) return [];
    const value = children[name];
    return Array.isArray(value) ? value : [value];
  }

  #only(name: string): unknown {
    const values = this.#all(name);
    if (values.length > 1) throw new IncompleteAnswer(`${this.#name} has more than one ${name}`);
    return values[0];
  }
}

/**
 * Reads an XML answer. Blanks before it are skipped: stores send them to keep a long call alive.
 * @throws MalformedAnswer for anything but one complete element with that name; document types are refused unread, for
 *   no store sends one and their entities can grow without bound.
 */
export function readXml(text: string, root: string): Element {
  const found = readAnyXml(text);
  if (!found || found.name !== root) {
    throw new MalformedAnswer(`the answer is no ${root} document: ${excerpt(text)}`);
  }
  return found.element;
}

/** The root element whatever its name, or undefined when the text is no complete XML. */
export function readAnyXml(text: string): { name: string; element: Element } | undefined {
  const body = text.trim();
  const start = /^(?:<\?xml[^>]*\?>\s*)?<(?:[\w.-]+:)?([\w.-]+)[\s/>]/.exec(body);
  const name = start?.[1];
  if (!start || name === undefined || /<!(?:DOCTYPE|ENTITY)/i.test(body)) return undefined;
  // The parser closes what was left open; a text that stops early must not pass for a short one.
  const isOneTag = body.endsWith('/>') && body.lastIndexOf('<') === start[0].lastIndexOf('<');
  if (!isOneTag && !new RegExp(`</(?:[\\w.-]+:)?${name}\\s*>$`).test(body)) return undefined;
  let document: Record<string, unknown>;
  try {
    document = parser.parse(body) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const value = document[name];
  return value === undefined || Array.isArray(value) ? undefined : { name, element: new Element(name, value) };
}

function asObject(name: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  if (value === undefined || (typeof value === 'string' && value.trim() === '')) return {};
  throw new IncompleteAnswer(`${name} holds text where elements belong`);
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return decodeEntities(value);
  if (typeof value === 'object' && value !== null) {
    const { '#text': text, '#cdata': cdata, ...elements } = value as Record<string, unknown>;
    if (Object.keys(elements).length === 0 && isText(text) && isText(cdata))
      return decodeEntities(text ?? '') + (cdata ?? '');
  }
  throw new IncompleteAnswer(`${name} holds elements where text belongs`);
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[String(name).toLowerCase()] ?? whole;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
    return point > 0x10ffff ? whole : String.fromCodePoint(point);
  });
}

function excerpt(text: string): string {
  return JSON.stringify(text.trim().slice(0, 80));
}

/** A tree to write: text, or elements in order. */
export type XmlTree = string | readonly (readonly [name: string, value: XmlTree])[];

export function writeXml(name: string, value: XmlTree, namespace?: string): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  const inner =
    typeof value === 'string' ? escapeXml(value) : value.map(([child, tree]) => writeXml(child, tree)).join('');
  return `<${name}${attribute}>${inner}</${name}>`;
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Line ends and tabs become references too: a parser would otherwise normalise them. */
function escapeXml(text: string): string {
  return text.replace(
    /[&<>"'\p{Cc}\ufffe\uffff]/gu,
    (char) => escapes[char] ?? `&#x${char.charCodeAt(0).toString(16)};`,
  );
}

/** False when the text holds a character that XML 1.0 has no way to write. */
export function fitsXml(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text);
}
