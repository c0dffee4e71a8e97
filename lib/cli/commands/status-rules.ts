/** `ferry status --rules`: how the rules of the `ferry serve` on this state stand. It may be running, or not. */
import { GiveUp } from '../../copy/model/errors.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import { ruleTable } from '../output/rules.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import type { Session } from '../run/session.ts';

/** @throws GiveUp NotFound when no `ferry serve` with rules has run on this state. */
export async function showRules({ io, flags, runtime, config }: Session): Promise<number> {
  const { loadRules } = await import('../../replicate/rules/rules.ts');
  const { openQueues } = await import('../../runtime/serve/queues.ts');
  const { backlogOf } = await import('../../runtime/watch/backlog.ts');
  const { ruleStatuses } = await import('../../runtime/watch/rule-status.ts');
  const { keptRules, readTotals, noTotals } = await import('../../runtime/watch/totals.ts');
  const { shared, clock } = runtime.world;
  const written = await keptRules(shared);
  if (!written) {
    throw new GiveUp(
      'NotFound',
      `No \`ferry serve\` with rules has run on the state in ${config.home}. Name the folder of its state with --state.`,
    );
  }
  const rules = loadRules(written);
  const { events } = openQueues(runtime);
  const backlogs = backlogOf({ events, jobs: () => runtime.openReplicas() }, rules);
  const now = clock.now();
  const totals = async (rule: string) => (await readTotals(shared, rule)) ?? noTotals(now);
  const statuses = await ruleStatuses(rules, { totals, backlogs });
  const lines = flags.json ? statuses.map((status) => visibleJson(status)) : ruleTable(statuses, now);
  for (const line of lines) await printLine(io.stdout, line);
  return exit.done;
}
