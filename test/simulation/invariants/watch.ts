/** Looks at every effect as it happens and applies the invariants that can be judged there and then. */
import type { Job } from '../../../lib/copy/model/job.ts';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { CompleteCall, CopyObjectCall, UploadPartCopyCall } from '../../../lib/copy/model/ports.ts';
import type { Task } from '../../../lib/copy/model/task.ts';
import type { Actor, Call } from '../actor.ts';
import type { StoredObject, StoredPart, StoreWatcher, Upload } from '../model/objects.ts';
import { stranger } from '../model/objects.ts';
import type { StateWatcher } from '../model/state.ts';
import type { Simulation } from '../simulation.ts';
import * as step from './steps.ts';

export class Watch implements StoreWatcher, StateWatcher {
  /** Calls of ours, by name; the periodic sweep is counted apart. */
  readonly calls = new Map<string, number>();
  /** Everything that was ever written, by whomever, in order. */
  readonly writes: StoredObject[] = [];
  /** Writes of ours that took effect when their caller had stopped waiting. */
  readonly lateWrites = new Set<StoredObject>();
  readonly removals: { object: StoredObject; by: string; at: number }[] = [];
  readonly rowsEver = new Map<string, Job>();
  /** Rows by the upload that was attached to them. */
  readonly rowOfUpload = new Map<string, Job>();
  partTasks = 0;
  /** Tasks that a sweep sent for stalled jobs. */
  revivals = 0;
  /** By invocation: the serial of the last version written before it began. */
  readonly bornAfter = new Map<string, number>();
  /** What was there before anything was asked of us. */
  readonly occupied = new Set<string>();
  /** Serial of the last version that was there before anything was asked of us. */
  furnished = 0;
  private readonly sim: Simulation;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  /** The world as it is now is where the schedule begins. */
  begin(): void {
    this.furnished = this.writes.length;
    for (const { bucket, key } of this.writes) this.occupied.add(`${bucket}/${key}`);
  }

  called(actor: Actor, { name, port }: Call): void {
    const counted = actor.name.startsWith('sweep') ? 'sweep' : port === 'store' ? name : `${port}.${name}`;
    this.calls.set(counted, (this.calls.get(counted) ?? 0) + 1);
  }

  copyAsked(call: CopyObjectCall, actor: Actor): void {
    this.judge('I1', step.copyIsPinned(call, actor));
  }

  partAsked(call: UploadPartCopyCall, actor: Actor): void {
    this.judge('I1', step.partIsPinned(call, this.rowOfUpload.get(call.uploadId)));
    this.judge('I4', step.partIsPlanned(call, this.rowOfUpload.get(call.uploadId), actor));
    this.sim.say(actor.name, `copies bytes ${call.first}-${call.last} as part ${call.partNumber}`);
  }

  completeAsked(call: CompleteCall, actor: Actor): void {
    const row = this.rowOfUpload.get(call.uploadId);
    this.judge('I4', step.completerHoldsLease(call, row, actor));
    this.judge('I1', step.sourceWasLookedAt(row, actor));
  }

  deleteAsked(ref: ObjectRef, ifMatch: string | undefined, actor: Actor): void {
    this.judge('I3', step.deleteIsSafe(ref, ifMatch, actor, this.sim));
  }

  counted(jobId: string, parts: number, actor: Actor): void {
    this.judge('I4', step.countedPartsExist(jobId, parts, actor, this.sim));
  }

  sent(tasks: readonly Task[], actor: Actor): void {
    if (actor.name.startsWith('sweep')) this.revivals += tasks.length;
    for (const task of tasks) {
      if (task.kind !== 'parts') continue;
      this.partTasks++;
      this.judge('I7', step.resentPartsAreMissing(task, actor));
    }
  }

  written(object: StoredObject, over: StoredObject | undefined): void {
    this.writes.push(object);
    this.sim.announce('created', object);
    if (object.by === stranger) return;
    this.sim.say(object.by, `WRITES ${object.bucket}/${object.key}: version ${object.serial}, ${object.etag}`);
    this.judge('I1', step.objectIsWhole(object, this.sim.contentSizes));
    this.judge('options', step.overwriteWasAllowed(object, over, this.sim));
    this.judge('I3', step.renameKeepsOthers(object, over, this.sim));
  }

  removed(object: StoredObject, by: string): void {
    this.removals.push({ object, by, at: this.sim.scheduler.now });
    this.sim.announce('removed', object);
    this.sim.say(by, `REMOVES ${object.bucket}/${object.key}: version ${object.serial}`);
  }

  partCopied(_upload: Upload, _part: StoredPart, _over: StoredPart | undefined, _by: string): void {}

  completed(upload: Upload, object: StoredObject, by: string): void {
    if (by === stranger) return;
    this.judge('I4', step.completeHasAllParts(upload, object, this.rowOfUpload.get(upload.id)));
    if (upload.by === stranger) this.judge('I5', `${by} completed ${upload.id}, which a stranger had started`);
  }

  aborted(upload: Upload, by: string): void {
    this.sim.say(by, `ABORTS ${upload.id} of ${upload.by}`);
    if (by === stranger) return;
    const row = this.rowOfUpload.get(upload.id);
    this.judge('I4', step.abortIsNoGuess(upload.id, row && this.sim.table.rows.get(row.id), by));
    if (upload.by === stranger) this.judge('I5', `${by} aborted ${upload.id}, which a stranger had started`);
  }

  created(job: Job): void {
    this.remember(job);
  }

  moved(from: Job, to: Job, by: string, clock: number): void {
    this.remember(to);
    this.judge('move', step.moveIsLegal(from, to));
    this.judge('move', step.leaseIsKept(from, to, by, clock, this.sim.scenario.skewMs));
  }

  expired(job: Job): void {
    this.sim.say('table', `row ${job.id} has expired`);
  }

  private remember(job: Job): void {
    this.rowsEver.set(job.id, job);
    if (job.uploadId !== undefined) this.rowOfUpload.set(job.uploadId, job);
  }

  private judge(invariant: string, problem: string | undefined): void {
    if (problem !== undefined) this.sim.violate(invariant, problem);
  }
}
