import { compareBounds, parseValue } from './plain-buffer.ts';
import { invalid } from './refusal.ts';
import { messageClass } from './sdk.ts';
import type { Columns } from './table.ts';

/** Most filters that one filter may consist of. */
const mostParts = 10;

interface Parsed {
  type: number;
  filter: Buffer;
}

/** Whether a row passes a filter; key columns are none of its columns. @throws Refusal for a filter that is none. */
export function passes(bytes: Buffer, columns: Columns): boolean {
  const root = messageClass('Filter').decode(bytes) as Parsed;
  if (countParts(root) > mostParts) throw invalid(`The number of filters exceeds ${mostParts}.`);
  return evaluate(root, columns);
}

function evaluate({ type, filter }: Parsed, columns: Columns): boolean {
  if (type === 1) {
    const single = messageClass('SingleColumnValueFilter').decode(filter) as {
      comparator: number;
      columnName: string;
      columnValue: Buffer;
      filterIfMissing: boolean;
    };
    const value = columns.get(single.columnName);
    if (value === undefined) return !single.filterIfMissing;
    const order = compareBounds(value, parseValue(single.columnValue));
    return [order === 0, order !== 0, order > 0, order >= 0, order < 0, order <= 0][single.comparator - 1] ?? false;
  }
  if (type !== 2) throw invalid(`The twin does not know filters of type ${type}.`);
  const { combinator, subFilters } = partsOf(filter);
  if (combinator === 1) {
    const [only, ...others] = subFilters;
    if (!only || others.length > 0) throw invalid('NOT takes exactly one filter.');
    return !evaluate(only, columns);
  }
  if (subFilters.length < 2) throw invalid('AND and OR take at least two filters.');
  const results = subFilters.map((sub) => evaluate(sub, columns));
  return combinator === 2 ? results.every(Boolean) : results.some(Boolean);
}

function countParts({ type, filter }: Parsed): number {
  return type === 2 ? partsOf(filter).subFilters.reduce((sum, sub) => sum + countParts(sub), 0) : 1;
}

function partsOf(filter: Buffer): { combinator: number; subFilters: Parsed[] } {
  return messageClass('CompositeColumnValueFilter').decode(filter) as { combinator: number; subFilters: Parsed[] };
}
