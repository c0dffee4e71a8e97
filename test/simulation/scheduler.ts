/** The virtual clock and everything that will happen on it. Nothing here waits for real time. */
interface Step {
  at: number;
  seq: number;
  run: () => void;
}

/** Lets every promise that can go on do so: Node looks at its tick queue again only when no microtask is left. */
function settle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

export class Scheduler {
  /** Epoch milliseconds, with fractions: no two steps share an instant by accident. */
  now: number;
  steps = 0;
  /** Set by the code that resolves a promise or starts a function that others wait for. */
  woken = false;
  private seq = 0;
  private readonly heap: Step[] = [];

  constructor(start: number) {
    this.now = start;
  }

  after(delayMs: number, run: () => void): void {
    const step = { at: this.now + Math.max(0, delayMs), seq: this.seq++, run };
    const heap = this.heap;
    let i = heap.length;
    heap.push(step);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent] as Step;
      if (!before(step, above)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = step;
  }

  /** Runs steps in order of time until none is left, `done` says so, or the clock would pass `until`. */
  async run(until: number, done: () => boolean): Promise<void> {
    await settle();
    while (this.heap.length > 0 && !done()) {
      if ((this.heap[0] as Step).at > until) {
        this.now = until;
        return;
      }
      const step = this.pop();
      this.now = step.at;
      this.steps++;
      step.run();
      if (this.woken) await settle();
      this.woken = false;
    }
  }

  private pop(): Step {
    const heap = this.heap;
    const top = heap[0] as Step;
    const last = heap.pop() as Step;
    const size = heap.length;
    if (size === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1] as Step, heap[child] as Step)) child++;
      if (!before(heap[child] as Step, last)) break;
      heap[i] = heap[child] as Step;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function before(a: Step, b: Step): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}
