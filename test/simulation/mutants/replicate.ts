/** Faults in what replication rules promise: all sides equal, no copy that runs in circles, nothing deleted that is not ours. */
import type { Mutant } from './mutant.ts';

export const replicateMutants: readonly Mutant[] = [
  {
    name: 'a replica goes back where it came from',
    file: 'replicate/loops/decide.ts',
    edits: [{ find: "    if (cameFromThere) return { copy: false, why: 'came-from-there' };\n", replace: '' }],
    caughtBy: ['I8'],
  },
  {
    name: 'a replica takes a rule twice',
    file: 'replicate/loops/decide.ts',
    edits: [
      {
        find: "    if (taken.some(({ rule }) => rule === step.rule)) return { copy: false, why: 'rule-taken' };\n",
        replace: '',
      },
    ],
    caughtBy: ['I8'],
  },
  {
    name: 'of two writes the earlier wins',
    file: 'replicate/loops/decide.ts',
    edits: [{ find: 'return lead > 0 ||', replace: 'return lead < 0 ||' }],
    caughtBy: ['I2', 'I8'],
  },
  {
    name: 'a replica that was edited is taken for ours',
    file: 'replicate/loops/marker.ts',
    edits: [
      {
        find: 'return holds ? ',
        replace: 'return holds || marker.size >= 0 ? ',
      },
    ],
    caughtBy: ['I2', 'I3'],
  },
  {
    name: 'a removal is believed without a look at the source',
    file: 'replicate/one/remove.ts',
    edits: [
      {
        find: "  if (await headIfThere(store, sides.source, options)) return skipped('source-there');\n",
        replace: '',
      },
    ],
    caughtBy: ['I3'],
  },
  {
    name: 'whatever stands at the destination is deleted, proven or not',
    file: 'replicate/one/remove.ts',
    edits: [{ find: "return route.deletes === 'all';", replace: 'return true;' }],
    caughtBy: ['I3'],
  },
  {
    name: 'around a loop a removal takes what owners wrote',
    file: 'replicate/one/remove.ts',
    edits: [
      {
        find: 'if (returns(context.rules, route, key)) return false;',
        replace: 'if (returns(context.rules, route, key)) return true;',
      },
    ],
    caughtBy: ['I3'],
  },
  {
    name: 'what outlives a removal in a loop is not given back',
    file: 'replicate/one/remove.ts',
    edits: [
      {
        find: '  if (!returns(rules, route, key)) return;\n',
        replace: "  if (key !== '') return;\n",
      },
    ],
    caughtBy: ['I2'],
  },
];
