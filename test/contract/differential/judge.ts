/** Compares what became of the objects with what was said about them. */
import { differences, type Facts } from './facets.ts';
import { missing } from './look.ts';
import type { Document } from './run.ts';

/** One object: what it should be by now, what it is, and what the run and the plan before it said. */
export interface Case {
  key: string;
  wanted: Facts;
  found: Facts;
  report?: Document;
  plan?: Document;
  /** What the store loses and no plan can know. */
  unforeseen?: readonly string[];
}

/** - `silent`: differs, and the run did not say so. - `false`: said to differ, and does not. */
type Problem = 'silent' | 'false' | 'not planned' | 'planned, but not lost' | 'failed' | 'not reported';

interface Finding {
  problem: Problem;
  what: string;
  key: string;
  values?: readonly (string | undefined)[];
}

const namesIn = (list: readonly { what: string }[] | undefined): string[] => (list ?? []).map(({ what }) => what);

/** What the run left out as it does unless asked not to; said once, for every object alike. */
const leftOut = (document: Document | undefined): string[] => [...(document?.notKept ?? [])];

/** The differences that the result does not name, and the names that no difference bears out. Empty when it is honest. */
export function judge({ key, wanted, found, report, plan, unforeseen = [] }: Case): Finding[] {
  if (!report) return [{ problem: 'not reported', what: 'nothing', key }];
  if (report.status === 'failed') {
    return [{ problem: 'failed', what: report.error?.code ?? '', key, values: [report.error?.message] }];
  }
  if (found === missing) return [{ problem: 'silent', what: 'missing', key }];
  const real = differences(wanted, found);
  const lost = namesIn(report.lost);
  const named = [...lost, ...leftOut(report)];
  const planned = [...namesIn(plan?.lost), ...leftOut(plan)];
  // An ETag tells how the object was written, which each store does in its own way: a result tells the new one, which is
  // enough, and a plan cannot know.
  const toldEtag = report.etag === found.get('etag')?.replaceAll('"', '') ? ['etag'] : [];
  const known = [...named, ...toldEtag.filter(() => real.has('etag'))];
  const of = (problem: Problem, names: string[]) =>
    [...new Set(names)].map((what) => ({ problem, what, key, values: real.get(what) }));
  return [
    ...of(
      'silent',
      [...real.keys()].filter((what) => !known.includes(what)),
    ),
    ...of('false', [
      ...lost.filter((what) => !real.has(what)),
      ...(toldEtag.length === 0 ? ['etag in the result'] : []),
    ]),
    ...(plan
      ? of(
          'not planned',
          named.filter((what) => ![...planned, ...unforeseen, 'etag'].includes(what)),
        )
      : []),
    ...(plan
      ? of(
          'planned, but not lost',
          planned.filter((what) => what !== 'etag' && !known.includes(what)),
        )
      : []),
  ];
}

/** Of the way of writing, not of the object: `batch verify` may pass over it. */
const unverified = ['etag'];

/** The same of `batch verify`, which may also say that it cannot tell whether the bytes differ. */
export function judgeVerdict({ key, wanted, found, report }: Case): Finding[] {
  const bytesToo: Record<string, string> = { content: 'bytes', size: 'bytes' };
  if (!report || report.status === 'failed')
    return [{ problem: 'failed', what: report?.error?.code ?? 'no verdict', key }];
  const differing = found === missing ? ['missing'] : [...differences(wanted, found).keys()];
  const real = differing.filter((what) => !unverified.includes(what));
  const shown = (report.differences ?? []).map((one) => ({ ...one, what: bytesToo[one.what] ?? one.what }));
  // Without a value of either side it was not compared: the verdict leaves it open.
  const isOpen = ({ what, wanted, got }: (typeof shown)[number]) =>
    what !== 'missing' && wanted === undefined && got === undefined;
  const open = namesIn(shown.filter(isOpen));
  const named = namesIn(shown.filter((one) => !isOpen(one)));
  const of = (problem: Problem, names: string[]) => names.map((what) => ({ problem, what, key }));
  const saysSame = report.status === 'same' && (named.length > 0 || open.length > 0);
  return [
    ...of(
      'silent',
      real.filter((what) => ![...named, ...open].includes(what)),
    ),
    ...of('false', [...named.filter((what) => !real.includes(what)), ...(saysSame ? ['same'] : [])]),
  ];
}

const shown = 3;

/** One line for each kind of finding, with how many objects it concerns and some of them. */
export function summary(findings: readonly Finding[]): string[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const what = finding.what.replace(/^metadata:.*/, 'metadata:*');
    const name = `${finding.problem}: ${what}`;
    groups.set(name, [...(groups.get(name) ?? []), finding]);
  }
  return [...groups].sort().map(([name, of]) => {
    const examples = of.slice(0, shown).map(({ key, values }) => {
      const text = values?.map((value) => JSON.stringify(value?.slice(0, 60)) ?? 'nothing').join(' -> ');
      return `${JSON.stringify(key.slice(0, 24))}${text ? ` (${text})` : ''}`;
    });
    return `${name} on ${of.length}, as ${examples.join('; ')}`;
  });
}
