/** How a key becomes the key of the destination. */
import { GiveUp } from '../../copy/model/errors.ts';
import type { StoreFacts } from '../../copy/model/store-facts.ts';
import { checkKey } from '../../copy/plan/check-request.ts';
import { compilePattern } from '../../keys/pattern.ts';
import { compileReplacement } from '../../keys/replacement.ts';
import { compileTemplate } from '../../keys/template.ts';
import type { Entry, SourceSpec } from '../../sources/shared/source.ts';
import type { Mapping, MappingInput } from './mapping-schema.ts';
import { mappingSchema } from './mapping-schema.ts';

export { mappingSchema } from './mapping-schema.ts';
export type { Mapping, MappingInput } from './mapping-schema.ts';

export interface MappingContext {
  /** What the batch reads: `{relative}` is relative to its prefix. */
  source: Pick<SourceSpec, 'kind'> & { prefix?: string };
  /** Whose keys the result must be. */
  facts: StoreFacts;
  /** Bucket of the destination; default: the object's own. */
  bucket?: string;
}

/** Where an object goes; undefined when it is passed over. @throws GiveUp BadRequest or KeyTooLong for this one object. */
export type MapEntry = (entry: Entry) => { bucket: string; key: string } | undefined;

/**
 * The mapping of a batch. A destination that the source itself names goes before it. A pattern or a
 * manifest may give two objects one destination: `conflicts/` finds those.
 * @throws GiveUp BadRequest for a template or pattern that cannot be used; `lib/keys/pattern.ts` says which patterns are refused.
 */
export function compileMapping(input: MappingInput | undefined, context: MappingContext): MapEntry {
  const mapKey = input === undefined ? (entry: Entry) => entry.key : keyMapper(mappingSchema.parse(input), context);
  return (entry) => {
    const key = entry.destination?.key ?? mapKey(entry);
    if (key === undefined) return undefined;
    if (key === '') throw new GiveUp('BadRequest', `${entry.bucket}/${entry.key}: the key it would get is empty.`);
    checkKey(key, context.facts);
    return { bucket: entry.destination?.bucket ?? context.bucket ?? entry.bucket, key };
  };
}

type KeyMapper = (entry: Entry) => string | undefined;

function keyMapper(mapping: Mapping, context: MappingContext): KeyMapper {
  switch (mapping.kind) {
    case 'prefix': {
      const { from, to, otherwise } = mapping;
      return ({ key }) =>
        key.startsWith(from) ? to + key.slice(from.length) : unfit(key, `does not start with '${from}'`, otherwise);
    }
    case 'template':
      return templateMapper(mapping.template, context.source.prefix ?? '');
    case 'pattern': {
      const { pattern, to, otherwise } = mapping;
      const compiled = compilePattern(pattern);
      const replacement = compileReplacement(to, { pattern, ...compiled });
      return ({ key }) => compiled.replace(key, replacement) ?? unfit(key, `does not match '${pattern}'`, otherwise);
    }
  }
}

/** One compiled template for each source bucket, for its name may stand in the keys. */
function templateMapper(template: string, prefix: string): KeyMapper {
  const compiled = new Map<string, (key: string) => string>();
  compileTemplate(template, { bucket: '', prefix });
  return ({ bucket, key }) => {
    let apply = compiled.get(bucket);
    if (!apply) compiled.set(bucket, (apply = compileTemplate(template, { bucket, prefix }).apply));
    return apply(key);
  };
}

function unfit(key: string, why: string, otherwise: 'fail' | 'skip' | 'keep'): string | undefined {
  if (otherwise === 'fail') throw new GiveUp('BadRequest', `The key ${key} ${why}; say what becomes of such objects.`);
  return otherwise === 'keep' ? key : undefined;
}
