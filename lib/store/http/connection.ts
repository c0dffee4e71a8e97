import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

export { openAgent, send } from '../wire/agent.ts';

/**
 * Some servers send a body after a 304 (every Ceph gateway does) or after a HEAD, where HTTP knows none. The parser would
 * take those bytes for the next answer on the connection, and fail whatever request waits there. So such a connection is
 * closed as soon as the headers are read: after a 304, and after a HEAD that failed. Others stay open.
 */
export function closeAfterBodiless(dispatcher: Dispatcher): Dispatcher {
  return dispatcher.compose(
    (dispatch) => (options, handler) => dispatch(options, new BodilessHandler(options.method, handler)),
  );
}

class BodilessHandler implements Dispatcher.DispatchHandler {
  readonly #method: string;
  readonly #inner: Dispatcher.DispatchHandler;
  #finished = false;

  constructor(method: string, inner: Dispatcher.DispatchHandler) {
    this.#method = method;
    this.#inner = inner;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#inner.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    this.#inner.onResponseStart?.(controller, status, headers, statusMessage);
    if (status !== 304 && !(this.#method === 'HEAD' && status >= 300)) return;
    this.#finished = true;
    this.#inner.onResponseEnd?.(controller, {});
    controller.abort(new Error('connection closed: an answer without a body may be followed by one'));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#finished) this.#inner.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    if (!this.#finished) this.#inner.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#finished) this.#inner.onResponseError?.(controller, error);
  }
}
