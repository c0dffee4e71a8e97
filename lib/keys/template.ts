/**
 * Key templates: `{key}`, `{relative}` (the key without the rule's source prefix), `{dir}` `{name}` `{ext}` (together exactly
 * the key: `a/b/` `photo` `.jpg`) and `{bucket}`. `{{` and `}}` are literal braces.
 *
 * Only templates that keep the whole key are taken: two source objects must never share a replica, and a replica must
 * tell which source it belongs to.
 */
import { GiveUp } from '../copy/model/errors.ts';

export interface Template {
  /** The key of the replica. */
  apply(key: string): string;
  /** The source key that this replica key belongs to; undefined when the template cannot have produced it. */
  invert(replica: string): string | undefined;
  /** Replica keys of source keys that start with `prefix` (itself under the rule's prefix) start with this. */
  startFor(prefix: string): string;
  /** Replica keys of source keys that end with `suffix` end with this. */
  endFor(suffix: string): string;
  /** Replica keys stand in the same (UTF-8) order as their source keys. */
  keepsOrder: boolean;
}

const variables = ['key', 'relative', 'dir', 'name', 'ext', 'bucket'] as const;
type Variable = (typeof variables)[number];
type Piece = { text: string } | { variable: Exclude<Variable, 'bucket'> };

/** `a/b/photo.tar.gz` is `a/b/`, `photo.tar`, `.gz`; a leading dot is no extension. */
export function splitKey(key: string): { dir: string; name: string; ext: string } {
  const slash = key.lastIndexOf('/') + 1;
  const dot = key.lastIndexOf('.');
  const cut = dot > slash ? dot : key.length;
  return { dir: key.slice(0, slash), name: key.slice(slash, cut), ext: key.slice(cut) };
}

/** @throws GiveUp BadRequest for an unknown variable, a lone brace, or a template that loses part of the key. */
export function compileTemplate(template: string, source: { bucket: string; prefix: string }): Template {
  const pieces = parse(template, source.bucket);
  const used = pieces.flatMap((piece) => ('variable' in piece ? [piece.variable] : []));
  const [before = '', between = '', middle = '', after = ''] = literals(pieces);
  switch (used.join()) {
    case 'key':
      return whole(before, between, '', source.prefix);
    case 'relative':
      return whole(before, between, source.prefix, source.prefix);
    case 'dir,name,ext':
      if (!/[./]/.test(middle + after)) return inParts(before, between, middle, after, source.prefix);
      throw new GiveUp(
        'BadRequest',
        `key template '${template}': text after {name} must hold no '.' or '/'; append it to {key} instead`,
      );
    default:
      throw new GiveUp(
        'BadRequest',
        `key template '${template}' must hold the whole key once: {key}, or {relative}, or {dir} {name} {ext} in this order; ` +
          'otherwise two objects could share one replica',
      );
  }
}

function parse(template: string, bucket: string): Piece[] {
  const pieces: Piece[] = [];
  for (const [token, name] of template.matchAll(/\{\{|\}\}|\{(\w*)\}|[{}]|[^{}]+/g)) {
    if (token === '{' || token === '}')
      throw new GiveUp('BadRequest', `key template '${template}': write a literal brace as '${token}${token}'`);
    if (name === undefined) pieces.push({ text: token === '{{' ? '{' : token === '}}' ? '}' : token });
    else if (name === 'bucket') pieces.push({ text: bucket });
    else if (isVariable(name)) pieces.push({ variable: name });
    else
      throw new GiveUp(
        'BadRequest',
        `key template '${template}': there is no {${name}}; there are ${variables.map((v) => `{${v}}`).join(' ')}`,
      );
  }
  return pieces;
}

function isVariable(name: string): name is Exclude<Variable, 'bucket'> {
  return name !== 'bucket' && (variables as readonly string[]).includes(name);
}

/** The literal texts before, between and after the variables. */
function literals(pieces: Piece[]): string[] {
  const texts = [''];
  for (const piece of pieces) {
    if ('text' in piece) texts[texts.length - 1] += piece.text;
    else texts.push('');
  }
  return texts;
}

/** `before{key}after`, or with `cut` taken off the front of the key `before{relative}after`. */
function whole(before: string, after: string, cut: string, prefix: string): Template {
  return {
    apply: (key) => before + key.slice(cut.length) + after,
    invert: (replica) => {
      const fits =
        replica.startsWith(before) && replica.endsWith(after) && replica.length >= before.length + after.length;
      const key = fits ? cut + replica.slice(before.length, replica.length - after.length) : undefined;
      return key?.startsWith(prefix) ? key : undefined;
    },
    startFor: (prefix) => before + prefix.slice(cut.length),
    // Cutting the prefix off may cut into the suffix, unless a `/` stands between them.
    endFor: (suffix) => (cut === '' || (cut.endsWith('/') && !suffix.includes('/')) ? suffix : '') + after,
    keepsOrder: after === '',
  };
}

function inParts(before: string, between: string, middle: string, after: string, prefix: string): Template {
  const apply = (key: string): string => {
    const { dir, name, ext } = splitKey(key);
    return before + dir + between + name + middle + ext + after;
  };
  /** The last segment of a replica was `name + middle + ext`; both readings are tried and `apply` decides. */
  const candidates = (last: string): string[] => {
    const { name, ext } = splitKey(last);
    return [ext === '' ? last : name, last]
      .filter((stem) => stem.endsWith(middle))
      .map((stem) => stem.slice(0, stem.length - middle.length) + last.slice(stem.length));
  };
  return {
    apply,
    invert: (replica) => {
      if (!replica.startsWith(before) || !replica.endsWith(after)) return undefined;
      const rest = replica.slice(before.length, replica.length - after.length);
      // `between` may hold slashes of its own, so look for it from the end.
      for (let cut = rest.lastIndexOf(between); cut >= 0; cut = cut === 0 ? -1 : rest.lastIndexOf(between, cut - 1)) {
        const key = candidates(rest.slice(cut + between.length))
          .map((last) => rest.slice(0, cut) + last)
          .find((candidate) => candidate.startsWith(prefix) && apply(candidate) === replica);
        if (key !== undefined) return key;
      }
      return undefined;
    },
    startFor: (start) => before + splitKey(start).dir,
    endFor: (suffix) => (middle === '' && !suffix.includes('/') ? suffix : '') + after,
    keepsOrder: false,
  };
}
