/** `--dry-run`: the plan, and no write. */
import { dryRun, type DryRun } from '../../copy/dry-run.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import type { PrefixCommand } from '../input/prefix-command.ts';
import { callsText, planDocument, planLines, priceOf, priceText, transfersOf } from '../output/plan.ts';
import { leftOutText } from '../output/result.ts';
import { exit } from '../process/exit.ts';
import { formatBytes, plural } from '../text/format.ts';
import { factLines } from '../text/labelled-values.ts';
import { paintFor } from '../text/paint.ts';
import { forEachOf } from './for-each-of-stream.ts';
import { objectsBelow } from './listing.ts';
import { requestFor, wanted } from './prefix-objects.ts';
import type { Session } from './session.ts';
import { Tally } from './tally.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

/** Prints the plan of one object. @throws the error that the copy itself would meet before its first write. */
export async function dryRunObject(session: Session, request: CopyRequest): Promise<number> {
  const { io, flags, runtime } = session;
  const plan = await dryRun(runtime.world, request);
  if (flags.json) io.stdout.write(`${visibleJson(planDocument(request, plan))}\n`);
  else
    for (const line of planLines(request, plan, io.stdout, paintFor(io.stdout, io.env))) io.stdout.write(`${line}\n`);
  return exit.done;
}

/** So many objects are looked at one by one; what follows is only listed, and the calls are scaled up. */
const looked = 1_000;

/** Prints what the copying of a prefix would take altogether. */
export async function dryRunPrefix(session: Session, command: PrefixCommand): Promise<number> {
  const { io, flags } = session;
  const sum = new PlanSum();
  const list = (bucket: string, prefix: string) => objectsBelow(session.client(command.store.scheme), bucket, prefix);
  const tally = new Tally();
  await forEachOf(wanted(command, { list }, tally), command.objects, async ({ key }) => {
    if (tally.found > looked) return;
    try {
      sum.add(await dryRun(session.runtime.world, requestFor(command, key, false)));
    } catch (error) {
      tally.fail(error);
      session.complain(error);
    }
  });
  const calls = sum.scaled(tally.found);
  if (flags.json) io.stdout.write(`${visibleJson(prefixDocument(command, tally, sum, calls))}\n`);
  else for (const line of prefixLines(session, command, tally, sum, calls)) io.stdout.write(`${line}\n`);
  return tally.failed > 0 ? exit.someFailed : exit.done;
}

/** Plans added up. */
class PlanSum {
  plans = 0;
  readonly ways: Record<string, number> = {};
  readonly calls: Record<string, number> = {};
  readonly transfers: Record<string, number> = {};
  readonly permissions = new Set<string>();
  readonly losses: Record<string, number> = {};
  readonly notKept = new Set<string>();

  add(plan: DryRun): void {
    this.plans++;
    increase(this.ways, plan.way, 1);
    for (const [call, count] of Object.entries(plan.calls)) increase(this.calls, call, count);
    for (const [way, bytes] of Object.entries(transfersOf(plan))) increase(this.transfers, way, bytes);
    for (const permission of plan.permissions) this.permissions.add(permission);
    for (const what of plan.notKept ?? []) this.notKept.add(what);
    for (const what of new Set(plan.lost.map((loss) => loss.what))) increase(this.losses, what, 1);
  }

  /** Calls for `found` objects like the ones looked at, and for listing them. */
  scaled(found: number): Record<string, number> {
    return { ListObjectsV2: Math.max(1, Math.ceil(found / 1_000)), ...this.#timesFound(this.calls, found) };
  }

  /** Bytes that would cross regions, for `found` objects like the ones looked at. */
  scaledTransfers(found: number): Record<string, number> {
    return this.#timesFound(this.transfers, found);
  }

  #timesFound(counts: Record<string, number>, found: number): Record<string, number> {
    const factor = this.plans === 0 ? 0 : Math.max(1, found / this.plans);
    return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Math.round(count * factor)]));
  }
}

function increase(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by;
}

function prefixDocument(
  command: PrefixCommand,
  tally: Tally,
  sum: PlanSum,
  calls: Record<string, number>,
): Record<string, unknown> {
  return {
    status: 'planned',
    mode: command.mode,
    ...urlsOf(command),
    objects: tally.found,
    size: tally.foundBytes,
    looked: sum.plans,
    failures: Object.fromEntries(tally.failures),
    ways: sum.ways,
    calls,
    ...(Object.keys(sum.transfers).length > 0 && { transfers: sum.scaledTransfers(tally.found) }),
    price: priceOf(command, calls, sum.scaledTransfers(tally.found)),
    permissions: [...sum.permissions],
    lost: sum.losses,
    ...(sum.notKept.size > 0 && { notKept: [...sum.notKept] }),
  };
}

function prefixLines(
  { io }: Session,
  command: PrefixCommand,
  tally: Tally,
  sum: PlanSum,
  calls: Record<string, number>,
): string[] {
  const paint = paintFor(io.stdout, io.env);
  const { source, destination } = urlsOf(command);
  const counted = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  const facts: [string, string][] = [
    ['objects', `${plural(tally.found, 'object')}, ${formatBytes(tally.foundBytes)}`],
    ['ways', counted(sum.ways) || 'nothing to do'],
    ['calls', callsText(calls)],
    ['price', priceText(command, calls, sum.scaledTransfers(tally.found))],
    ['permissions', [...sum.permissions].join(', ') || '-'],
    ['lost', counted(sum.losses) || 'nothing'],
    ...(sum.notKept.size > 0 ? [['left out', leftOutText([...sum.notKept])] as [string, string]] : []),
  ];
  const about = tally.found > sum.plans + tally.failed ? `, from a look at ${plural(sum.plans, 'object')}` : '';
  return [
    `plan for ${source} -> ${destination} ${paint('dim', `(dry run: nothing is written${about})`)}`,
    ...factLines(facts, io.stdout, paint),
  ];
}

function urlsOf({ store, source, destination }: PrefixCommand): { source: string; destination: string } {
  const url = (side: typeof source) => `${store.scheme}://${side.bucket}/${side.prefix}`;
  return { source: url(source), destination: url(destination) };
}
