/** Where figures of rules go. Names of rules come from the configuration, so there are few; nothing else of an event is a label. */
export interface FigureSink {
  /** An event was read that concerns the rule, once for each of its destinations. */
  seen(rule: string): void;
  /** The replica is as its source: copied, deleted, or found to be equal. */
  replicated(rule: string, figures: Replicated): void;
  skipped(rule: string, why: string): void;
  /** An attempt failed. @param code of the error, from the closed set of `lib/copy/model/errors.ts`, or `Unexpected` */
  failed(rule: string, code: string): void;
  /** Requests that were sent to the store, retries included. */
  requested(rule: string, requests: number): void;
}

export interface Replicated {
  action: 'copied' | 'deleted' | 'unchanged';
  /** That the store copied. */
  bytes: number;
  /** From the write of the source to the replica; absent where no event told of the write. */
  lagSeconds?: number;
  /** Epoch milliseconds. */
  at: number;
}

/** Tells several sinks the same. */
export function allOf(sinks: readonly FigureSink[]): FigureSink {
  const each = (tell: (sink: FigureSink) => void): void => sinks.forEach(tell);
  return {
    seen: (rule) => each((sink) => sink.seen(rule)),
    replicated: (rule, figures) => each((sink) => sink.replicated(rule, figures)),
    skipped: (rule, why) => each((sink) => sink.skipped(rule, why)),
    failed: (rule, code) => each((sink) => sink.failed(rule, code)),
    requested: (rule, requests) => each((sink) => sink.requested(rule, requests)),
  };
}
