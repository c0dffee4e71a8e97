/** Those who run the engine: queue consumers, the periodic sweep, clients who ask directly. */
import { cancelJob } from '../../lib/copy/cancel.ts';
import { CopyError, RetryLater } from '../../lib/copy/model/errors.ts';
import type { CopyResult } from '../../lib/copy/model/result.ts';
import { startCopy } from '../../lib/copy/start.ts';
import { sweep } from '../../lib/copy/sweep.ts';
import { replicateEvent } from '../../lib/replicate/replicate.ts';
import { noRules } from '../../lib/replicate/rules/rules.ts';
import { runTask } from '../../lib/runtime/shared/run-task.ts';
import { Actor } from './actor.ts';
import { worldOf } from './model/port.ts';
import type { Errand, Message } from './model/queue.ts';
import type { Asked } from './scenario.ts';
import type { Simulation } from './simulation.ts';

/** How one request without a row ended, as its caller saw it. */
export interface Told {
  asked: CopyAsked;
  result?: CopyResult;
  error?: CopyError;
  /** The highest delivery number seen. */
  attempts: number;
}
type CopyAsked = Asked['request'];

export class Workers {
  /** Clients and workers that are alive and at work; the periodic sweep does not count. */
  busy = 0;
  readonly told: Told[] = [];
  mostAttempts = 0;
  sweeps = 0;
  private others = 0;
  private readonly sim: Simulation;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  /** A consumer takes a message; one that does not answer in time loses it to the next one. */
  deliver(message: Message): void {
    const { sim } = this;
    const delivery = message.deliveries;
    this.mostAttempts = Math.max(this.mostAttempts, delivery);
    const actor = new Actor(sim, `${message.id}.${delivery}`);
    actor.task = message.task;
    if (sim.tracing) sim.say(actor.name, `takes ${JSON.stringify(message.task)}`);
    sim.scheduler.after(sim.scenario.visibilityMs, () => {
      if (!message.done && message.deliveries === delivery) sim.queue.deliverAfter(message, 0);
    });
    this.run(
      actor,
      async () => {
        await this.errand(actor, message.task, delivery);
        sim.queue.acknowledge(message);
      },
      (error) => {
        if (error instanceof RetryLater) {
          if (message.deliveries === delivery)
            sim.queue.deliverAfter(message, Math.max(error.delayMs, 200 * 2 ** Math.min(delivery, 6)));
          return;
        }
        sim.queue.acknowledge(message);
        if (message.task.kind === 'copy') this.told.push({ asked: message.task.request, error, attempts: delivery });
      },
    );
  }

  private async errand(actor: Actor, task: Errand, delivery: number): Promise<void> {
    const { sim } = this;
    const world = worldOf(sim, actor);
    const invocation = sim.invocation(actor, delivery);
    const rules = sim.scenario.rules?.rules ?? noRules;
    if (task.kind === 'event') await replicateEvent(world, rules, task.event, invocation);
    else await runTask(world, rules, undefined, task, invocation);
  }

  /** A client of the API; it asks again when an answer says to come back later. */
  client({ request }: Asked, number: number, attempt = 1): void {
    const { sim } = this;
    const actor = new Actor(sim, `client${number}.${attempt}`);
    actor.request = request;
    if (sim.tracing) sim.say(actor.name, `asks ${JSON.stringify(request)}`);
    this.run(
      actor,
      async () => {
        const outcome = await startCopy(worldOf(sim, actor), request, sim.invocation(actor, attempt));
        if (outcome.kind === 'done') this.told.push({ asked: request, result: outcome.result, attempts: attempt });
      },
      (error) => {
        if (!(error instanceof RetryLater)) this.told.push({ asked: request, error, attempts: attempt });
        else if (attempt < 5)
          this.later(error.delayMs + 500, () => this.client({ request, via: 'client', at: 0 }, number, attempt + 1));
      },
    );
  }

  cancel(id: string): void {
    const { sim } = this;
    const actor = new Actor(sim, `cancel${++this.others}`);
    this.run(
      actor,
      async () => {
        await cancelJob(worldOf(sim, actor), id);
      },
      () => {},
    );
  }

  sweepRegularly(): void {
    this.sweepNow();
    this.sim.scheduler.after(this.sim.scenario.sweepEveryMs, () => this.sweepRegularly());
  }

  sweepNow(): void {
    const { sim } = this;
    const actor = new Actor(sim, `sweep${++this.sweeps}`);
    this.run(
      actor,
      async () => {
        await sweep(worldOf(sim, actor), sim.invocation(actor, 1));
      },
      () => {},
    );
  }

  private later(ms: number, run: () => void): void {
    this.busy++;
    this.sim.scheduler.after(ms, () => {
      this.busy--;
      run();
    });
  }

  /** Runs one invocation to its end, its death or its deadline. */
  private run(actor: Actor, job: () => Promise<void>, failed: (error: CopyError) => void): void {
    const { sim } = this;
    let open = true;
    this.busy++;
    sim.scheduler.woken = true;
    const close = (): void => {
      if (open) this.busy--;
      open = false;
    };
    actor.onDeath = close;
    const { invocationMs, killAtDeadline } = sim.scenario;
    if (killAtDeadline) sim.scheduler.after(invocationMs + 100, () => open && actor.die('deadline'));
    job()
      .then(
        () => sim.say(actor.name, 'ends'),
        (error: unknown) => {
          sim.say(actor.name, `ends with ${String(error)}`);
          if (error instanceof CopyError) failed(error);
          else sim.violate('error', `${actor.name}: ${error instanceof Error ? error.stack : String(error)}`);
        },
      )
      .finally(close)
      .catch((error: unknown) => sim.violate('error', `the simulation itself failed: ${String(error)}`));
  }
}
