/** XML in and out. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { refuse } from '../errors.ts';

export type XmlValue = string | number | boolean | undefined | XmlNode | readonly XmlValue[];
export interface XmlNode {
  [name: string]: XmlValue;
}

/** XML 1.0 cannot hold most control characters; stores write them as character references all the same. */
function escape(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[&<>"\u0000-\u001f\u007f]/g, (found) => {
    const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
    return named[found] ?? `&#${found.charCodeAt(0)};`;
  });
}

function element(name: string, value: XmlValue, attributes = ''): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((one: XmlValue) => element(name, one)).join('');
  if (typeof value !== 'object') return `<${name}${attributes}>${escape(String(value))}</${name}>`;
  let start = name + attributes;
  let inner = '';
  for (const [its, content] of Object.entries(value)) {
    if (its.startsWith('@')) start += ` ${its.slice(1)}="${escape(String(content))}"`;
    else inner += element(its, content);
  }
  return `<${start}>${inner}</${name}>`;
}

/** A document; undefined members are left out, arrays repeat their element, `@name` is an attribute. */
export function renderXml(root: string, value: XmlValue, xmlns?: string): string {
  const attributes = xmlns ? ` xmlns="${xmlns}"` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, value, attributes)}`;
}

const LISTS = new Set(
  'Object Part Tag Grant Rule TopicConfiguration QueueConfiguration CloudFunctionConfiguration Event FilterRule'.split(
    ' ',
  ),
);

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  removeNSPrefix: true,
  isArray: (name) => LISTS.has(name),
});

/** A parsed element: text, or children by name. */
export type Parsed = string | { readonly [name: string]: Parsed } | readonly Parsed[] | undefined;

/** The content of the root element `root`. Throws MalformedXML for anything else. */
export function parseXml(text: string, root: string): Parsed {
  if (XMLValidator.validate(text) !== true) throw refuse('MalformedXML');
  const parsed = parser.parse(text) as Record<string, Parsed>;
  if (!(root in parsed)) throw refuse('MalformedXML');
  return parsed[root];
}

export function child(node: Parsed, name: string): Parsed {
  return typeof node === 'object' && !Array.isArray(node) ? (node as Record<string, Parsed>)[name] : undefined;
}

export function children(node: Parsed, name: string): readonly Parsed[] {
  const found = child(node, name);
  return Array.isArray(found) ? found : [];
}

/** Text of a child element; undefined when it is absent. */
export function text(node: Parsed, name: string): string | undefined {
  const found = child(node, name);
  return typeof found === 'string' ? found : undefined;
}
