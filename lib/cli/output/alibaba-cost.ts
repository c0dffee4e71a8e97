import type { Settings } from '../../copy/model/settings.ts';
import { alibabaPrices } from '../../cost/alibaba-prices.ts';
import { costOnAlibaba, usageOnAlibaba } from '../../cost/alibaba-replication.ts';
import type { Workload } from '../../cost/aws-replication.ts';
import { oss } from '../../store/dialects/oss.ts';
import type { Io } from '../process/io.ts';
import { formatBytes, formatCount, formatMoney, plural } from '../text/format.ts';
import { factLines } from '../text/labelled-values.ts';
import { paintFor } from '../text/paint.ts';

/** What a workload costs on Alibaba Cloud, and which prices could not be checked. */
export function printAlibabaCost(
  io: Io,
  workload: Workload,
  settings: Settings,
  { json, storageClass }: { json?: boolean; storageClass?: string },
): void {
  const usage = usageOnAlibaba(workload, oss.facts, settings);
  const cost = costOnAlibaba(usage, { storageClass });
  const { currency, asOf, region, unchecked, sources } = alibabaPrices;
  if (json) {
    const document = { ...workload, usage, cost, currency, asOf, region, listPrices: true, unchecked, sources };
    io.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  const count = (value: number): string => formatCount(Math.ceil(value));
  const money = (amount: number): string => formatMoney(amount, currency);
  const calls = Object.entries(usage.calls).map(([name, value]) => `${count(value)} ${name}`);
  const facts: [string, string][] = [
    ['OSS', `${money(cost.oss)}: ${calls.join(', ')}`],
    [
      'Function Compute',
      `${money(cost.functionCompute)}: ${count(usage.invocations)} invocations, ${count(usage.seconds)} seconds of instances (assumed)`,
    ],
    [
      'Tablestore',
      `${money(cost.tablestore)}: ${count(usage.tableWrites)} writes, ${count(usage.tableReads)} reads (units assumed)`,
    ],
    ['not checked', unchecked.join('; ')],
  ];
  const paint = paintFor(io.stdout, io.env);
  const head = `${plural(workload.objects, 'object')} of ${formatBytes(workload.size)}`;
  const lines = [
    `${head}, replicated on Alibaba Cloud: ${money(cost.total)}`,
    ...factLines(facts, io.stdout, paint),
    paint('dim', `  List prices of ${asOf}, ${region}; nothing goes wrong; no storage, no logs.`),
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
}
