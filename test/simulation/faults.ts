/** What can go wrong, drawn per call from the caller's own stream, so that leaving one fault out leaves the others in place. */
import type { Random } from './random.ts';

/** Faults of the machinery: the engine must bring every request to its end in spite of them. */
export const machineFaults = [
  /** The worker dies; the request was never sent. */
  'crash-before',
  /** The worker dies; the request takes effect. */
  'crash-after',
  /** The effect happens, the caller gets no usable answer. */
  'lost-answer',
  /** The caller gives up waiting; the effect happens up to a minute later. */
  'late-effect',
  /** No answer, and no effect either; the caller cannot tell. */
  'never-arrived',
  /** Refused with an internal error, no effect. */
  'refused',
  /** Refused as too fast, with a delay to keep. */
  'throttled',
  /** Every caller is refused as too fast for a while. */
  'storm',
  /** The whole worker is suspended, past deadline and lease, and then goes on as if nothing had been. */
  'stall',
  /** The request stays on its way for long. */
  'slow',
  /** The adapter sent the request twice; the first one takes effect up to a minute after the second was answered. */
  'echo',
  /** The adapter of the state table sent a write twice, and passes on the answer to the second. */
  'sent-twice',
  /** A fresh upload is not yet known to the server that is asked. */
  'unseen-upload',
  /** All messages waiting in the queue are delivered once more. */
  'duplicates',
  /** The embedded queue forgets its messages of jobs that have a row. */
  'queue-lost',
  /** A sweep starts now, besides the periodic one. */
  'extra-sweep',
] as const;

/** Faults by people and programs that share the buckets with us. */
export const strangerFaults = [
  'source-overwritten',
  'source-same-bytes',
  'source-touched',
  'source-deleted',
  'source-recreated',
  'source-restored',
  'destination-overwritten',
  'destination-deleted',
  'uploads-aborted',
  'foreign-upload',
  'cancel',
] as const;

export type MachineFault = (typeof machineFaults)[number];
export type StrangerFault = (typeof strangerFaults)[number];
export type Fault = MachineFault | StrangerFault;

export type Weather = 'calm' | 'benign' | 'hostile';

/** Which faults one schedule has: a few kinds, often, find more than all kinds, rarely. */
export interface Profile {
  weather: Weather;
  kinds: readonly Fault[];
  /** Only calls of these names are struck; empty: all are. */
  targets: readonly string[];
  /** Per call that may be struck. */
  rate: number;
  budget: number;
}

interface Theme {
  targets: readonly string[];
  kinds: readonly Fault[];
}

/** Narrow passes of the engine, and what is likely to go wrong there. */
const themes: readonly Theme[] = [
  {
    targets: ['InitiateMultipartUpload', 'ListMultipartUploads'],
    kinds: [
      'late-effect',
      'lost-answer',
      'crash-after',
      'foreign-upload',
      'foreign-upload',
      'cancel',
      'source-overwritten',
    ],
  },
  {
    targets: ['CompleteMultipartUpload', 'DeleteObject'],
    kinds: [
      'lost-answer',
      'late-effect',
      'crash-after',
      'slow',
      'stall',
      'destination-overwritten',
      'source-overwritten',
    ],
  },
  {
    targets: ['HeadObject', 'ListParts', 'GetObjectAcl'],
    kinds: [
      'stall',
      'lost-answer',
      'source-overwritten',
      'source-touched',
      'destination-overwritten',
      'destination-deleted',
    ],
  },
  {
    targets: ['CopyObject'],
    kinds: ['late-effect', 'lost-answer', 'crash-after', 'slow', 'source-overwritten', 'destination-overwritten'],
  },
  {
    targets: ['AbortMultipartUpload', 'move', 'create'],
    kinds: [
      'crash-before',
      'crash-after',
      'lost-answer',
      'late-effect',
      'refused',
      'sent-twice',
      'cancel',
      'uploads-aborted',
    ],
  },
  {
    targets: ['UploadPartCopy', 'count', 'send'],
    kinds: [
      'crash-after',
      'lost-answer',
      'slow',
      'echo',
      'queue-lost',
      'duplicates',
      'unseen-upload',
      'source-overwritten',
      'uploads-aborted',
    ],
  },
];

export function drawProfile(random: Random): Profile {
  const dice = random.next();
  const weather: Weather = dice < 0.15 ? 'calm' : dice < 0.5 ? 'benign' : 'hostile';
  const budget = 1 + random.below(8);
  if (weather === 'calm') return { weather, kinds: [], targets: [], rate: 0, budget: 0 };
  if (random.chance(0.5)) {
    const { targets, kinds } = random.pick(themes);
    return {
      weather,
      kinds: kinds.filter((kind) => !isStrange(kind) || weather === 'hostile'),
      targets,
      rate: random.pick([0.2, 0.5]),
      budget,
    };
  }
  const kinds: Fault[] = Array.from({ length: 1 + random.below(4) }, () => random.pick(machineFaults));
  if (weather === 'hostile') for (let i = random.below(3); i >= 0; i--) kinds.push(random.pick(strangerFaults));
  return { weather, kinds, targets: [], rate: random.pick([1 / 8, 1 / 15, 1 / 30, 1 / 60]), budget };
}

export function isStrange(fault: Fault): fault is StrangerFault {
  return (strangerFaults as readonly Fault[]).includes(fault);
}

export interface FiredFault {
  /** Names the fault for leaving it out of a replay. */
  id: string;
  kind: Fault;
  at: number;
}

export class Faults {
  readonly fired: FiredFault[] = [];
  readonly profile: Profile;
  private readonly leftOut: ReadonlySet<string>;
  private left: number;

  constructor(profile: Profile, leftOut: ReadonlySet<string>) {
    this.profile = profile;
    this.leftOut = leftOut;
    this.left = profile.budget;
  }

  /** The fault that strikes this call, if any. Draws equally many numbers whether or not a fault is left out. */
  draw(random: Random, id: string, call: string, number: number, at: number): Fault | undefined {
    const { kinds, rate, targets } = this.profile;
    if (targets.length > 0 && !targets.includes(call)) return undefined;
    if (kinds.length === 0 || !random.chance(rate) || this.left <= 0) return undefined;
    const kind = random.pick(kinds);
    return this.admit(kind, `${id}#${number}:${kind}`, at) ? kind : undefined;
  }

  /** Counts a fault against the budget; false when it is left out. */
  admit(kind: Fault, id: string, at: number): boolean {
    this.left--;
    if (this.leftOut.has(id)) return false;
    this.fired.push({ id, kind, at });
    return true;
  }

  /** The world goes quiet. */
  stop(): void {
    this.left = 0;
  }
}
