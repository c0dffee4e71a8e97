/** Faults that no schedule can show, because the functions are pure or stand outside the engine: caught by a property each. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type * as JobModule from '../../../lib/copy/model/job.ts';
import type { StoreFacts } from '../../../lib/copy/model/store-facts.ts';
import { defaultSettings } from '../../../lib/copy/model/settings.ts';
import type * as RulesModule from '../../../lib/copy/plan/check-request.ts';
import type * as PlanModule from '../../../lib/copy/plan/plan.ts';
import type * as KeysModule from '../../../lib/replicate/events/keys.ts';
import { drawDialect } from '../model/dialect.ts';
import { random } from '../random.ts';
import { loadMutated } from './bundle.ts';
import type { Mutant } from './mutant.ts';

interface PureMutant {
  mutant: Omit<Mutant, 'caughtBy'>;
  /** Throws when the module is wrong. */
  property: (module: unknown) => void;
}

const facts: StoreFacts = {
  ...drawDialect(random(1)).facts,
  maxPartSize: 5e9,
  maxObjectSize: 48.8e12,
  directRewrite: 1e9,
};
const keys = fc.string({ unit: 'grapheme', minLength: 1 }).filter((key) => key.isWellFormed());

const mutants: readonly PureMutant[] = [
  {
    mutant: {
      name: 'the key of an event is decoded twice',
      file: 'replicate/events/keys.ts',
      edits: [
        {
          find: "form: (text) => ({ key: percentDecoded(text.replaceAll('+', ' ')) ?? text }),",
          replace:
            "form: (text) => ({ key: percentDecoded(percentDecoded(text.replaceAll('+', ' ')) ?? text) ?? text }),",
        },
      ],
    },
    property: (module) => {
      const { readKey } = module as typeof KeysModule;
      const key = fc.oneof(
        keys,
        keys.map(encodeURIComponent),
        fc.constantFrom('100%25', 'a+b', 'a%2Bb', '%', 'ü %C3%BC'),
      );
      fc.assert(
        fc.property(key, (text) => {
          expect(readKey(new URLSearchParams([['', text]]).toString().slice(1), 'form').key).toBe(text);
        }),
      );
    },
  },
  {
    mutant: {
      name: 'an object may be renamed onto itself',
      file: 'copy/plan/check-request.ts',
      edits: [{ find: "if (mode !== 'metadata' && same) {", replace: "if (mode === 'copy' && same) {" }],
    },
    property: (module) => {
      const { checkRequest } = module as typeof RulesModule;
      fc.assert(
        fc.property(fc.constantFrom('copy', 'rename', 'replicate'), fc.stringMatching(/^[a-z]+$/), (mode, key) => {
          const ref = { bucket: 'b', key };
          const request = { mode, store: { scheme: 's3' }, source: ref, destination: { ...ref }, options: {} } as const;
          expect(() => checkRequest(request, facts)).toThrow(expect.objectContaining({ code: 'SameObject' }));
        }),
      );
    },
  },
  {
    mutant: {
      name: 'parts do not grow with the object',
      file: 'copy/plan/plan.ts',
      edits: [
        {
          find: 'return needed <= wanted ? wanted : Math.min(roundUp(needed), facts.maxPartSize);',
          replace: 'return wanted;',
        },
      ],
    },
    property: (module) => {
      const { plan, partCount } = module as typeof PlanModule;
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 48e12 }), (size) => {
          const found = plan({ size, sameBucket: false, rewrite: false, facts, settings: defaultSettings });
          if (found.way === 'parts') expect(partCount(found.parts)).toBeLessThanOrEqual(facts.maxParts);
        }),
      );
    },
  },
  {
    mutant: {
      name: 'a copy that changes the class is as large as any other',
      file: 'copy/plan/plan.ts',
      edits: [{ find: '  if (rewrite) return facts.directRewrite;\n', replace: '' }],
    },
    property: (module) => {
      const { plan } = module as typeof PlanModule;
      const limits = { ...facts, directSameBucket: Infinity };
      fc.assert(
        fc.property(fc.integer({ min: 1e9 + 1, max: 48e12 }), (size) => {
          const found = plan({ size, sameBucket: true, rewrite: true, facts: limits, settings: defaultSettings });
          expect(found.way).toBe('parts');
        }),
      );
    },
  },
  {
    mutant: {
      name: 'a job that is done can be copied on',
      file: 'copy/model/job.ts',
      edits: [{ find: "done: ['done', 'planned'],", replace: "done: ['done', 'planned', 'copying']," }],
    },
    property: (module) => {
      const { finalStates, isLegalMove } = module as typeof JobModule;
      fc.assert(
        fc.property(fc.constantFrom(...finalStates), fc.constantFrom('copying', 'finishing'), (from, to) => {
          expect(isLegalMove(from, to as JobModule.JobState)).toBe(false);
        }),
      );
    },
  },
];

test.each(mutants)('$mutant.name', async ({ mutant, property }) => {
  const entry = `lib/${mutant.file}`;
  property(await loadMutated(entry));
  const faulty = await loadMutated(entry, { ...mutant, caughtBy: [] });
  expect(() => property(faulty)).toThrow();
});
