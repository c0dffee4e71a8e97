/** Kills `ferry` at a point of a copy, resumes, and says everything that is wrong with what it left behind. */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { GiveUp } from '../../../lib/copy/model/errors.ts';
import type { ObjectHead, ObjectRef } from '../../../lib/copy/model/object.ts';
import { unique } from '../../contract/store/target.ts';
import type { Finished } from '../ferry.ts';
import type { Passed } from '../servers/proxy.ts';
import { sha256, url, type Stage } from '../stage.ts';
import type { Moment } from './points.ts';

/** An upload of an unanswered Initiate may be removed after so long, milliseconds; no other process is at work here. */
export const orphanGraceMs = 1_000;

/** One kind of command. */
export interface Work {
  stage: Stage;
  verb: 'cp' | 'mv';
  flags: string[];
  /** The object to copy, which for `mv` is made anew each time. */
  source(): Promise<ObjectRef>;
  sha256: string;
  /** Folder for the state folders of the trials. */
  states: string;
}

/** What an undisturbed run took, and what it wrote: its ETag, which holds the hashes of all parts, stands for its bytes. */
export interface Usual {
  ms: number;
  requests: number;
  etag: string;
  size: number;
}

export interface Trial {
  /** The last request before the kill. */
  during: string;
  /** How it came to its end: by `resume`, had nothing left to do, or had not written anything down and was run again. */
  ended: 'resumed' | 'done before' | 'run again';
  swept: boolean;
  /** Sentences about what is wrong; none is as it should be. */
  wrong: string[];
}

/** @throws Error when even an undisturbed run does not copy the object. */
export async function runUndisturbed(work: Work): Promise<Usual> {
  const { stage } = work;
  const command = await prepare(work);
  stage.proxy.passed.length = 0;
  const began = performance.now();
  const run = await stage.ferry(...command.args);
  const ms = performance.now() - began;
  const requests = stage.proxy.passed.length;
  const head = await look(stage, command.destination);
  if (run.code !== 0 || !head) throw new Error(`an undisturbed ${work.verb} failed: ${run.text}`);
  if ((await sha256(stage.store, command.destination)) !== work.sha256) throw new Error('other bytes were written');
  await tidy(work, command);
  return { ms, requests, etag: head.etag, size: head.size };
}

/** @param deep reads the whole copy, too. */
export async function crash(work: Work, usual: Usual, moment: Moment, deep: boolean): Promise<Trial> {
  const { stage } = work;
  for (let at = moment; ; at = earlier(at)) {
    const command = await prepare(work);
    const killed = await killAt(stage, command.args, usual, at);
    if (killed.run.code !== null) {
      await tidy(work, command);
      continue;
    }
    const trial: Trial = { during: killed.during, ended: 'resumed', swept: false, wrong: [] };
    await recover(work, usual, command, trial);
    if (deep && (await sha256(stage.store, command.destination)) !== work.sha256)
      trial.wrong.push('the copy has other bytes');
    await tidy(work, command);
    return trial;
  }
}

/** For a run that was faster than before and had ended by itself, which is no crash. */
function earlier(moment: Moment): Moment {
  if (moment.by === 'answer') throw new Error(`the command ended without any ${moment.to}`);
  return { ...moment, share: moment.share * 0.8 };
}

async function recover(work: Work, usual: Usual, command: Command, trial: Trial): Promise<void> {
  const { stage, verb } = work;
  const { source, destination, state } = command;
  const { wrong } = trial;
  const isWritten = async (): Promise<boolean> => {
    const head = await look(stage, destination);
    return head?.etag === usual.etag && head.size === usual.size;
  };
  const hasSource = async (): Promise<boolean> => (await look(stage, source))?.etag === command.etag;
  const isDone = async (): Promise<boolean> => (await isWritten()) && (await hasSource()) === (verb === 'cp');

  if (!(await hasSource()) && (verb === 'cp' || !(await isWritten()))) wrong.push('the source was lost by the crash');
  const wasDone = await isDone();
  const resumed = await stage.ferry('resume', '--yes', '--state', state);
  if (resumed.code !== 0) wrong.push(`resume ended with ${resumed.code}: ${resumed.text}`);
  if (resumed.documents.length === 0) trial.ended = wasDone ? 'done before' : 'run again';
  if (trial.ended === 'run again') {
    const again = await stage.ferry(...command.args);
    if (again.code !== 0) wrong.push(`run again it ended with ${again.code}: ${again.text}`);
  }
  if (!(await isWritten())) wrong.push('the destination is not the copy');
  if ((await hasSource()) !== (verb === 'cp')) wrong.push(verb === 'cp' ? 'the source is gone' : 'the source stayed');
  if ((await openUploads(stage)) > 0) {
    await sleep(orphanGraceMs + 100);
    const swept = await stage.ferry('sweep', '--state', state);
    trial.swept = true;
    const left = await openUploads(stage);
    if (left > 0) wrong.push(`${left} uploads are left over after a sweep: ${swept.text}`);
  }
}

interface Command {
  source: ObjectRef;
  etag: string;
  destination: ObjectRef;
  state: string;
  args: string[];
}

async function prepare({ stage, verb, flags, source: make, states }: Work): Promise<Command> {
  const source = await make();
  const { etag } = await stage.store.head(source);
  const destination = { bucket: stage.backup, key: unique(verb) };
  const state = `${states}/${destination.key}`;
  return { source, etag, destination, state, args: [verb, url(source), url(destination), ...flags, '--state', state] };
}

async function tidy({ stage, verb }: Work, { source, destination, state }: Command): Promise<void> {
  await stage.store.delete(destination);
  if (verb === 'mv') await stage.store.delete(source);
  await rm(state, { recursive: true, force: true });
}

async function killAt(
  stage: Stage,
  args: string[],
  usual: Usual,
  moment: Moment,
): Promise<{ run: Finished; during: string }> {
  const { passed } = stage.proxy;
  passed.length = 0;
  let during = '';
  let timer: NodeJS.Timeout | undefined;
  const running = stage.start(...args);
  const killIn = (ms: number): void => {
    timer = setTimeout(() => {
      during = phase(passed, usual);
      running.kill();
    }, ms);
  };
  if (moment.by === 'time') killIn(moment.share * usual.ms);
  let frozen = false;
  stage.proxy.intervene = (request) => {
    if (moment.by === 'requests' && passed.length === Math.ceil(moment.share * usual.requests)) killIn(moment.ms);
    if (moment.by === 'answer' && !frozen && kindOf(request) === moment.to) {
      frozen = true;
      running.freeze();
      void answered(request).then(() => killIn(0));
    }
    return Promise.resolve();
  };
  const run = await running.finished;
  clearTimeout(timer);
  stage.proxy.intervene = () => Promise.resolve();
  return { run, during };
}

function phase(passed: Passed[], usual: Usual): string {
  const last = passed.at(-1);
  if (!last) return 'the start';
  if (passed.length >= usual.requests && last.status !== undefined) return 'the end';
  return kindOf(last);
}

function kindOf({ method, query, headers }: Passed): string {
  if (method === 'PUT') return query.has('uploadId') ? 'part' : 'x-amz-copy-source' in headers ? 'CopyObject' : 'PUT';
  if (method === 'POST') return query.has('uploadId') ? 'Complete' : 'Initiate';
  if (method === 'GET') return query.has('uploadId') ? 'ListParts' : 'GET';
  return method;
}

async function answered(request: Passed): Promise<void> {
  while (request.status === undefined) await sleep(5);
}

/** On both buckets. */
export async function openUploads({ store, bucket, backup }: Stage): Promise<number> {
  const pages = await Promise.all([bucket, backup].map((name) => store.listMultipartUploads(name)));
  return pages.reduce((sum, { uploads }) => sum + uploads.length, 0);
}

async function look({ store }: Stage, ref: ObjectRef): Promise<ObjectHead | undefined> {
  try {
    return await store.head(ref);
  } catch (error) {
    if (error instanceof GiveUp && error.code === 'NotFound') return undefined;
    throw error;
  }
}
