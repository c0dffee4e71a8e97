/**
 * The stack on Alibaba Cloud, as one ROS template: `npm run package:alibaba -- --stage NAME` writes it and the code that it
 * names. What differs between stages is in `stages`; docs/alibaba.md explains.
 */
import type { Code } from './deploy/alibaba/functions.ts';
import { functions } from './deploy/alibaba/functions.ts';
import { roles } from './deploy/alibaba/permissions.ts';
import type { NamedStage, Resources, Stage } from './deploy/alibaba/stage.ts';
import { checkStage, get } from './deploy/alibaba/stage.ts';
import { table } from './deploy/alibaba/table.ts';
import { triggers } from './deploy/alibaba/triggers.ts';
import { watch } from './deploy/alibaba/watch.ts';

export const stages: Record<string, Stage> = {
  dev: {
    region: 'cn-hangzhou',
    read: ['ferry-dev-source'],
    write: ['ferry-dev-backup'],
    work: 'oss://ferry-dev-work/batches/',
    codeBucket: 'ferry-dev-code',
    instance: 'ferry-dev',
    partsAtOnce: 16,
    othersAtOnce: 8,
    apiAtOnce: 8,
    invocationsPerInstance: 8,
    node: 'carried',
    keepTable: false,
  },
  prod: {
    region: 'cn-hangzhou',
    read: ['ferry-prod-source'],
    write: ['ferry-prod-backup'],
    work: 'oss://ferry-prod-work/batches/',
    codeBucket: 'ferry-prod-code',
    instance: 'ferry-prod',
    partsAtOnce: 128,
    othersAtOnce: 64,
    apiAtOnce: 32,
    invocationsPerInstance: 8,
    node: 'carried',
    keepTable: true,
  },
};

export interface Template {
  ROSTemplateFormatVersion: '2015-09-01';
  Description: string;
  Resources: Resources;
  Outputs: Record<string, { Value: unknown; Description: string }>;
}

/** @throws Error for a stage that `stages` does not have, and for settings that the services would refuse. */
export function stageNamed(name: string): NamedStage {
  const found = stages[name];
  if (!found) throw new Error(`alibaba.ts has no stage '${name}'; it has ${Object.keys(stages).join(', ')}.`);
  const stage = { name, ...found };
  checkStage(stage);
  return stage;
}

/** Everything but the buckets. */
export function templateOf(stage: NamedStage, code: Code): Template {
  return {
    ROSTemplateFormatVersion: '2015-09-01',
    Description: `object-ferry, stage ${stage.name}`,
    Resources: {
      ...table(stage),
      ...roles(stage),
      ...watch(stage),
      ...functions(stage, code),
      ...triggers(stage),
    },
    Outputs: {
      ApiUrl: {
        Value: get('Http', 'UrlInternet'),
        Description: 'The HTTP API; for callers, bind a domain of your own.',
      },
      DeadLetters: { Value: get('DeadLetters', 'QueueUrl'), Description: 'What could not be done, for 14 days.' },
    },
  };
}
