const mostJobs = 1_000;

/** Parts that this process has copied and whose task has not counted them yet: a task counts all of its parts at its end. */
export class PartsUnderWay {
  readonly #jobs = new Map<string, Set<number>>();

  note(job: string, part: number): void {
    // Jobs that ended badly leave theirs behind; this is for progress only.
    if (this.#jobs.size > mostJobs) this.#jobs.clear();
    const parts = this.#jobs.get(job) ?? new Set();
    this.#jobs.set(job, parts.add(part));
  }

  /** The row counts them from now on. */
  counted(job: string, { from, count }: { from: number; count: number }): void {
    const parts = this.#jobs.get(job);
    if (!parts) return;
    for (let part = from; part < from + count; part += 1) parts.delete(part);
    if (parts.size === 0) this.#jobs.delete(job);
  }

  of(job: string): number {
    return this.#jobs.get(job)?.size ?? 0;
  }

  forget(job: string): void {
    this.#jobs.delete(job);
  }
}
