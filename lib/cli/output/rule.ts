/** What `replicate` and `reconcile` print, from the tally and the results of their batch. */
import type { BatchRequest, BatchView, ResultLine, RuleRequest } from '../../batch/index.ts';
import { plural, printable } from '../text/format.ts';

/** `rule nightly`, with what a reconciliation was asked to do beside comparing. */
export function ruleText({ name, metadata, fix, removeExtra }: RuleRequest): string {
  const flags = [metadata && '--metadata', fix && '--fix', removeExtra && '--remove-extra'].filter(Boolean);
  return `rule ${printable(name)}${flags.length > 0 ? `, ${flags.join(' ')}` : ''}`;
}

/** The numbers of a batch that goes by a rule; undefined for another batch. */
export function ruleCounts({ request: { mode, rule }, counts: tally }: BatchView): Record<string, number> | undefined {
  if (!rule) return undefined;
  const { copied = 0, unchanged = 0, skipped = 0, failed = 0, removed = 0, same = 0 } = tally.counts;
  if (mode === 'replicate') {
    // A replica for each destination of each object.
    const listed = Math.round(tally.entries / rule.destinations.length) + (tally.passedOver['filtered'] ?? 0);
    return { listed, copied, unchanged, skipped, failed };
  }
  const { missing = 0, different = 0, extra = 0, unproven = 0 } = tally.differences;
  const equal = same + (tally.passedOver['equal'] ?? 0);
  const compared = equal + missing + different + extra + unproven;
  return { compared, equal, missing, different, extra, unproven, repaired: copied + removed, failed };
}

/** The same in one line. */
export function ruleEndText({ request }: BatchView, counts: Record<string, number>): string {
  const name = printable(request.rule?.name ?? '');
  const count = (field: string): number => counts[field] ?? 0;
  if (request.mode === 'replicate') {
    return (
      `${name}: ${plural(count('listed'), 'object')} looked at, ${count('copied')} copied, ` +
      `${count('unchanged')} equal already, ${count('skipped')} skipped, ${count('failed')} failed`
    );
  }
  return (
    `${name}: ${plural(count('compared'), 'object')} compared, ${count('equal')} equal, ${count('missing')} missing, ` +
    `${count('different')} different, ${count('extra')} extra, ${count('unproven')} unproven; ` +
    `${count('repaired')} repaired, ${count('failed')} failed`
  );
}

/** One difference that a reconciliation found, for people; undefined for a line that tells of none. */
export function differenceText({ key, destination, differences = [], ...line }: ResultLine): string | undefined {
  const [found] = differences;
  if (!found) return undefined;
  const notes = [found.why, repairText(line)].filter((note) => note !== undefined).join('; ');
  return `${found.what.padEnd(9)} ${printable(key)} -> ${destination.bucket}/${printable(destination.key)}${notes ? ` (${notes})` : ''}`;
}

function repairText({ status, error, why, way }: Omit<ResultLine, 'key' | 'destination'>): string | undefined {
  if (error) return `not repaired: ${error.message}`;
  if (status === 'copied') return 'copied';
  if (status === 'removed') return 'deleted';
  return why !== undefined || way === 'unchanged' ? `skipped${why === undefined ? '' : `: ${why}`}` : undefined;
}

/** The same for machines. */
export function differenceDocument(line: ResultLine): Record<string, unknown> | undefined {
  const { key, destination, rule, differences: [found] = [] } = line;
  if (!found) return undefined;
  const { what: kind, why } = found;
  const repair = repairDocument(line);
  return { kind, rule, key, destination, ...(why !== undefined && { why }), ...(repair && { repair }) };
}

function repairDocument(line: ResultLine): Record<string, unknown> | undefined {
  const { status, error, way, why, size, etag, parts, verifiedBy, lost = [], destinationVersionId: versionId } = line;
  if (error) return { error: error.code, message: error.message };
  if (status === 'removed') return { action: 'deleted' };
  if (way !== undefined) {
    return { action: 'copied', result: { way, size, etag, versionId, parts, verifiedBy, lost } };
  }
  return why === undefined ? undefined : { action: 'skipped', why };
}

/** Removes objects: of a move the sources, of a reconciliation or a sync what has no source. */
export function removesObjects({ mode, rule, sync }: Pick<BatchRequest, 'mode' | 'rule' | 'sync'>): boolean {
  return mode === 'rename' || rule?.removeExtra === true || sync?.delete === true;
}
