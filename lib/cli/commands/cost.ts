import { Option } from 'commander';
import { defaultSettings } from '../../copy/model/settings.ts';
import type { Settings } from '../../copy/model/settings.ts';
import { awsPrices, publishedLarge, publishedSmall, type Published } from '../../cost/aws-prices.ts';
import { costOf, usageOf, type Cost, type Usage, type Workload } from '../../cost/aws-replication.ts';
import { transferCost, wayBetween, type Transfers } from '../../cost/transfer-prices.ts';
import { s3 } from '../../store/dialects/s3.ts';
import { addOutputOptions, type OutputFlags } from '../input/options.ts';
import { parseBytes, wholeNumber } from '../input/parse.ts';
import { printAlibabaCost } from '../output/alibaba-cost.ts';
import { transferText } from '../output/plan.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { formatBytes, formatCount, formatMoney, plural } from '../text/format.ts';
import { factLines } from '../text/labelled-values.ts';
import { paintFor } from '../text/paint.ts';

interface CostFlags extends OutputFlags {
  objects?: number;
  size?: number;
  storageClass?: string;
  cloud: 'aws' | 'alibaba';
  concurrency?: number;
  from?: string;
  to?: string;
}

/** Without options: a million small objects, and a terabyte in ten large ones. */
const examples: readonly Workload[] = [
  { objects: 1_000_000, size: 100_000 },
  { objects: 10, size: 100_000_000_000 },
];

export const defineCost: DefineCommand = (program, context) => {
  const command = program
    .command('cost')
    .description(
      'Counts the calls that replication by event takes on AWS or Alibaba Cloud, and multiplies them by list prices. Calls no service and writes nothing.',
    )
    .addOption(new Option('--cloud <name>', 'where the functions run').choices(['aws', 'alibaba']).default('aws'))
    .option('--objects <count>', 'how many objects', wholeNumber(1, 1e12))
    .option('--size <bytes>', 'size of each, such as 64MiB', parseBytes)
    .option('--storage-class <class>', 'class that is written (default STANDARD)')
    .option('--from <region>', 'region of the source; with --to, the traffic between the two is added')
    .option('--to <region>', 'region of the destination')
    .option('--concurrency <count>', 'as FERRY_CONCURRENCY: it decides how large parts are', wholeNumber(1, 1_000));
  addOutputOptions(command).action((flags: CostFlags) => {
    const given = flags.objects !== undefined || flags.size !== undefined;
    const workloads = given ? [{ objects: flags.objects ?? 1, size: flags.size ?? 1_000_000 }] : examples;
    if ((flags.from === undefined) !== (flags.to === undefined))
      throw new UsageError('--from and --to: name both regions.');
    const { cloud, from, concurrency } = flags;
    if (cloud === 'alibaba' && from !== undefined)
      throw new UsageError('--from and --to are for --cloud aws: OSS copies inside one region only.');
    const settings = { ...defaultSettings, ...(concurrency !== undefined && { concurrency }) };
    for (const workload of workloads) {
      if (cloud === 'alibaba') printAlibabaCost(context.io, workload, settings, flags);
      else print(context.io, workload, flags, settings);
    }
    context.code = exit.done;
  });
};

function print(io: Io, workload: Workload, { json, storageClass, from, to }: CostFlags, settings: Settings): void {
  const usage = usageOf(workload, s3.facts, settings);
  const cost = costOf(usage, { storageClass });
  const beside = 'UploadPartCopy' in usage.calls ? publishedLarge : publishedSmall;
  const { currency, asOf, region } = awsPrices;
  const crosses = from !== undefined && to !== undefined && from !== to;
  const transfers: Transfers = crosses ? { [wayBetween({ from, to })]: workload.objects * workload.size } : {};
  const transfer = transferCost(transfers);
  if (json) {
    const document = {
      ...workload,
      usage,
      cost: crosses ? { ...cost, transfer, total: cost.total + transfer } : cost,
      ...{ currency, asOf, region, published: beside },
    };
    io.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  const paint = paintFor(io.stdout, io.env);
  const head = `${plural(workload.objects, 'object')} of ${formatBytes(workload.size)}`;
  const lines = [
    `${head}, replicated on AWS: ${formatMoney(cost.total + transfer, currency)}`,
    ...factLines(
      [
        ...costFacts(usage, cost, currency),
        ...(crosses
          ? [['traffic', `${formatMoney(transfer, currency)}: ${transferText(transfers)}`] as [string, string]]
          : []),
        ...beside.map(besideFact),
      ],
      io.stdout,
      paint,
    ),
    paint(
      'dim',
      `  List prices of ${asOf}, ${region}; nothing goes wrong; no storage${crosses ? '' : ', no traffic between regions'}.`,
    ),
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
}

function costFacts(usage: Usage, cost: Cost, currency: string): [string, string][] {
  const count = (value: number): string => formatCount(Math.ceil(value));
  const calls = Object.entries(usage.calls).map(([name, value]) => `${count(value)} ${name}`);
  const money = (amount: number): string => formatMoney(amount, currency);
  return [
    ['S3', `${money(cost.s3)}: ${calls.join(', ')}`],
    ['SQS', `${money(cost.sqs)}: ${count(usage.queueRequests)} requests`],
    [
      'Lambda',
      `${money(cost.lambda)}: ${count(usage.invocations)} invocations, ${count(usage.gbSeconds)} GB-seconds (assumed)`,
    ],
    ['DynamoDB', `${money(cost.dynamodb)}: ${count(usage.tableWrites)} writes, ${count(usage.tableReads)} reads`],
  ];
}

/** What others publish, to compare with. */
function besideFact({ name, amount, per, stated, note }: Published): [string, string] {
  if (amount === undefined) return [name, `not possible: ${note}`];
  return [name, `${stated ? '' : 'about '}${formatMoney(amount, 'USD')} a ${per}: ${note}`];
}
