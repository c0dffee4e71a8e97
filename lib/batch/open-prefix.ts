import { GiveUp } from '../copy/errors.ts';
import type { OpenSource, SourcePorts, SourceSpec } from './sources/source.ts';

export function openSource(spec: SourceSpec, ports: SourcePorts): OpenSource {
  if (spec.kind !== 'prefix') throw new GiveUp('Unsupported', `A source of kind ${spec.kind} cannot be read.`);
  const { bucket, prefix } = spec;
  return {
    ranges: async () => [{ range: '0' }],
    reader: {
      async read(_range, cursor, limit, options) {
        const startAfter = typeof cursor === 'string' ? cursor : undefined;
        const page = await ports.list(bucket, { ...options, prefix, startAfter, limit: Math.min(limit, 1000) });
        const entries = page.entries.map((entry) => ({ bucket, ...entry }));
        return { entries, rejected: [], passedOver: {}, cursor: entries.at(-1)?.key ?? cursor ?? '', last: !page.more };
      },
      close: async () => {},
    },
    close: async () => {},
  };
}
