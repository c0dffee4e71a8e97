/** Ctrl-C and SIGTERM: the first asks the work to stop and keeps its state, the second ends the process at once. */
import { setMaxListeners } from 'node:events';
import { exit } from './exit.ts';

export interface Stop {
  signal: AbortSignal;
  /** Takes the handlers off again. */
  release(): void;
}

export function catchSignals(onFirst: () => void = () => {}): Stop {
  const controller = new AbortController();
  // Every object of a prefix listens while it is copied.
  setMaxListeners(0, controller.signal);
  const handle = () => {
    if (controller.signal.aborted) process.exit(exit.interrupted);
    controller.abort();
    onFirst();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: controller.signal,
    release() {
      process.removeListener('SIGINT', handle);
      process.removeListener('SIGTERM', handle);
    },
  };
}

/** For commands that a signal may end as it ends any program. */
export function neverStopped(): Stop {
  return { signal: new AbortController().signal, release() {} };
}
