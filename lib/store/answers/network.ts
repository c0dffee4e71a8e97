import { CopyError, GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { CallSubject } from './answer.ts';
import { nameCall } from './error-text.ts';

/** Nothing was sent: there was no connection to send it on. */
const notSent = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CLOSED',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Our own client has been closed under the call. */
const closed = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/** True when no further attempt can be sent from here. */
export function isClosed(error: CopyError): boolean {
  const code = codeOf(error.cause);
  return code !== undefined && closed.has(code);
}

/** Errors of TLS that no repetition heals. */
const notTrusted = /^(?:CERT_|DEPTH_ZERO_|ERR_TLS_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_WRONG_VERSION)/;

/** A failure of the connection as an error of ours; anything that is none is given back as it is. */
export function networkError(error: unknown, subject: CallSubject, dialect: Dialect, host: string): unknown {
  if (error instanceof CopyError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const name = nameCall(subject, dialect);
  const options = { cause: error, answer: { operation: subject.operation } };
  if (notTrusted.test(code)) {
    return new GiveUp(
      'WrongEndpoint',
      `${name}: no trusted TLS connection to ${host} (${code}); check the endpoint's scheme and certificate. The certificate authority of your own network goes into AWS_CA_BUNDLE (S3) or NODE_EXTRA_CA_CERTS, as a PEM file.`,
      options,
    );
  }
  const refusal = refusalOfProxy(error);
  if (refusal !== undefined) {
    const words = `${name}: the proxy does not connect to ${host} (${refusal}); check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.`;
    return refusal >= 500 ? new RetryLater(words, options) : new GiveUp('WrongEndpoint', words, options);
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return new GiveUp(
      'BadRequest',
      `${name}: the request cannot be written as HTTP: ${(error as Error).message}.`,
      options,
    );
  }
  if (notSent.has(code)) {
    return new RetryLater(
      `${name}: ${host} cannot be reached (${code}); check endpoint, region, network and proxy.`,
      options,
    );
  }
  return new RetryLater(
    `${name}: the connection to ${host} failed (${code}), so whether the call took effect is unknown.`,
    {
      ...options,
      effect: 'unknown',
    },
  );
}

/** The status with which a proxy refused the way to the store; undici has no code for it. */
function refusalOfProxy(error: unknown): number | undefined {
  const [, status] = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec((error as Error).message) ?? [];
  return status === undefined ? undefined : Number(status);
}

/** Undici gives its parser errors a name, and not always a code. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  return error.name === 'HTTPParserError' ? error.name : undefined;
}
