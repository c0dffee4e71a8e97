/** Judges resources of a ROS template offline, by the constructs that Alibaba Cloud generates from the types of ROS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resource, Resources } from '../../../deploy/alibaba/stage.ts';

const require = createRequire(import.meta.url);
const ros = require('@alicloud/ros-cdk-core');

/** Types without a package in the registry. */
export const unjudged = ['ALIYUN::MNS::Queue'];

/** Properties whose own keys are the user's, not the type's. */
const free = new Set(['EnvironmentVariables', 'TriggerConfig', 'Condition', 'Resources']);

/**
 * The properties as the constructs understand them: what they do not know is missing there.
 * @throws what the constructs say of a value that is not allowed.
 */
export function understood(resources: Resources): Record<string, unknown> {
  const outdir = mkdtempSync(join(tmpdir(), 'ferry-ros-'));
  try {
    const app = new ros.App({ outdir });
    const stack = new ros.Stack(app, 'stack');
    for (const [id, resource] of Object.entries(resources)) {
      if (unjudged.includes(resource.Type)) continue;
      const Construct = constructOf(resource);
      new Construct(stack, id, asProps(resource.Properties), true);
    }
    const { Resources: made } = app.synth().stacks[0].template;
    return Object.fromEntries(Object.entries(made as Resources).map(([id, { Properties }]) => [id, Properties]));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function constructOf({ Type }: Resource) {
  const [, area = '', name = ''] = Type.split('::');
  const found = require(`@alicloud/ros-cdk-${area.toLowerCase()}`)[`Ros${name}`];
  if (!found) throw new Error(`there is no construct for ${Type}`);
  return found;
}

/** The constructs write `logStore` for `LogStore` and `ttl` for `TTL`. References stay as they are. */
function asProps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asProps);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.some(([name]) => name === 'Ref' || name.startsWith('Fn::'))) return value;
  return Object.fromEntries(entries.map(([name, inner]) => [propOf(name), free.has(name) ? inner : asProps(inner)]));
}

function propOf(name: string): string {
  return /^[A-Z]+$/.test(name) ? name.toLowerCase() : name.charAt(0).toLowerCase() + name.slice(1);
}
