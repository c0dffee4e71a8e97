/** What the parts of the stack on Alibaba Cloud share: the settings of a stage, the names of things, and short words for ROS. */
export const service = 'object-ferry';

/** What differs between stages; `alibaba.ts` has the values. */
export interface Stage {
  /** Of the stack, and of every bucket: OSS copies inside one region only. */
  region: string;
  /** Buckets whose objects are read, and whose events are taken. */
  read: string[];
  /** Buckets that objects are written to and, for a rename, deleted from. */
  write: string[];
  /**
   * Only objects with one of these prefixes send events, by bucket of `read`; absent: all. A bucket has at most ten triggers, and
   * none may overlap with another one.
   */
  prefixes?: Record<string, string[]>;
  /**
   * Where batches keep pages, results and report: `oss://bucket/prefix/`, best a bucket of its own, for below `read` each of these
   * files would be an event. Without it every batch has to name a place below `write`.
   */
  work?: `oss://${string}/`;
  /** Name of the bucket that the packed code is put into; in the same region. */
  codeBucket: string;
  /**
   * Name of the Tablestore instance, which is made: 3 to 16 lower-case letters, digits and hyphens, in use by no other account in
   * the region, and without `ali`, `ay`, `ots`, `taobao` and `admin`.
   */
  instance: string;
  /** The table and its instance stay when the stack is removed. */
  keepTable: boolean;
  /** Ids of KMS keys that objects in these buckets are encrypted with. */
  kmsKeys?: string[];
  /** Callers, rules and changes of metadata may set ACLs of objects: without it a job that would have to ends with AccessDenied. */
  setsAcls?: boolean;
  /** Callers and rules may have archived objects restored (`restore`), which costs money. */
  restores?: boolean;
  /** Part tasks worked on at once; each copies the parts of its task side by side. */
  partsAtOnce: number;
  /** Events, and tasks that are no parts, worked on at once: so many of each. */
  othersAtOnce: number;
  /** Requests of the HTTP API worked on at once; so much of the account's concurrency is kept for it, and it gets no more. */
  apiAtOnce: number;
  /** Invocations that one instance works on side by side, 1 to 200: they mostly wait for OSS. `builtin` takes one. */
  invocationsPerInstance: number;
  /** `carried`: Node 22 in the package. `builtin`: the platform's Node 20, and a package of two megabytes. */
  node: 'carried' | 'builtin';
  /** Id of an action policy of Simple Log Service for alarms; without one they only show in its console. */
  alarmPolicy?: string;
  /** Contact group of CloudMonitor for the alarm of dead letters; without one there is none. */
  alarmContacts?: string;
  /** Values of `env:NAME` in ferry.yaml, and engine settings such as FERRY_CONCURRENCY. All variables have 4 KB together. */
  environment?: Record<string, string>;
}

/** A stage by its name: `--stage NAME`. */
export interface NamedStage extends Stage {
  name: string;
}

/** Seconds. A part task needs FERRY_PART_RESERVE_MS (one minute) and more. */
export const timeouts = { api: 60, objectCreated: 120, parts: 300, work: 300, sweep: 60 };
export type FunctionName = keyof typeof timeouts;
export const functionNames = Object.keys(timeouts) as FunctionName[];

/** File of each function in the package, without its ending; parts are tasks like others, with a concurrency of their own. */
export const files: Record<FunctionName, string> = {
  api: 'api',
  objectCreated: 'object-created',
  parts: 'work',
  work: 'work',
  sweep: 'sweep',
};

/** Functions whose failed messages are kept as dead letters. The sweep comes again by itself. */
export const keptFunctions: readonly FunctionName[] = ['objectCreated', 'parts', 'work'];

export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
  DeletionPolicy?: 'Retain' | 'Delete';
}
export type Resources = Record<string, Resource>;

export const days = 86_400;
export const get = (id: string, attribute: string) => ({ 'Fn::GetAtt': [id, attribute] });
export const sub = (text: string) => ({ 'Fn::Sub': text });
/** As ARNs of Alibaba Cloud have them. */
export const regionAndAccount = '${ALIYUN::Region}:${ALIYUN::TenantId}';
export const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

export const functionName = (stage: NamedStage, name: FunctionName) => `${service}-${stage.name}-${name}`;
export const deadLetters = (stage: NamedStage) => `${service}-${stage.name}-dead`;
export const tableName = 'ferry';
/** Roles and policies belong to the whole account, so their names name the region as well. */
export const roleName = (stage: NamedStage, name: string) => `${service}-${stage.name}-${stage.region}-${name}`;
/** The name of a log project is in use once in the region. */
export const logProject = (stage: NamedStage) => sub(`${service}-${stage.name}-\${ALIYUN::TenantId}`);
export const logstore = 'functions';

/** @throws Error for the first setting that the services would refuse, or that would cost data. */
export function checkStage(stage: NamedStage): void {
  const wrong = (what: string): never => {
    throw new Error(`The stage '${stage.name}' of alibaba.ts ${what}`);
  };
  const { instance, region, work, invocationsPerInstance, read, prefixes = {} } = stage;
  if (!/^[a-z][a-z0-9-]{1,14}[a-z0-9]$/.test(instance) || /ali|ay|ots|taobao|admin/.test(instance)) {
    wrong(
      `has the instance '${instance}', which Tablestore does not allow: see Stage.instance in deploy/alibaba/stage.ts.`,
    );
  }
  if (!/^[a-z]{2,3}(?:-[a-z0-9]+)+$/.test(region)) wrong(`has no region of Alibaba Cloud: '${region}'.`);
  if (work !== undefined && !/^oss:\/\/[^/]+\/(?:.*\/)?$/.test(work)) {
    wrong(`has a work folder that is not like oss://bucket/prefix/: ${work}`);
  }
  if (!Number.isInteger(invocationsPerInstance) || invocationsPerInstance < 1 || invocationsPerInstance > 200) {
    wrong(`has ${invocationsPerInstance} invocations per instance; 1 to 200 are allowed.`);
  }
  if (stage.node === 'builtin' && invocationsPerInstance !== 1) {
    wrong('asks for several invocations per instance, which only a custom runtime has: node must be carried.');
  }
  const unknown = Object.keys(prefixes).find((bucket) => !read.includes(bucket));
  if (unknown !== undefined) wrong(`has prefixes for '${unknown}', which is not in read.`);
}
