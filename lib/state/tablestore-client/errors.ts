import type { StoreAnswer } from '../../copy/model/errors.ts';
import { CopyError, GiveUp, RetryLater } from '../../copy/model/errors.ts';
import { readMessage, textAt } from './protobuf.ts';

/** A condition of a write did not hold, so nothing was written. Never leaves the adapter. */
export class ConditionFailed extends Error {}

/** Where a request went, for messages. */
export interface Subject {
  operation: string;
  table: string;
  instance: string;
  host: string;
}

/** What the service answered instead of a result. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
  requestId?: string;
}

type Decision =
  /** Nothing was written; the same request may be sent again. */
  | { retry: 'not-applied'; throttled?: true }
  /** The service does not say whether the write took effect. */
  | { retry: 'unknown' }
  /** Nothing helps until people change something. The job stays as it is, for this says nothing about its copy. */
  | { advice: string };

const throttled: Decision = { retry: 'not-applied', throttled: true };
const notApplied: Decision = { retry: 'not-applied' };
const unknown: Decision = { retry: 'unknown' };
const ours: Decision = { advice: 'This is an error of object-ferry; please report it with the request id.' };
const tooLarge: Decision = {
  advice: 'The row of this job is larger than Tablestore allows; ask for fewer labels, tags or metadata.',
};

/**
 * Every error code of the service that a row operation can meet, and what it means for the request. Whether a code leaves the
 * effect unknown follows the service's own SDKs: they repeat writes after the first kind only.
 */
const decisions: Readonly<Record<string, Decision>> = {
  OTSServerBusy: throttled,
  OTSOperationThrottled: throttled,
  OTSNotEnoughCapacityUnit: throttled,
  OTSCapacityUnitExhausted: throttled,
  OTSRowOperationConflict: notApplied,
  OTSPartitionUnavailable: notApplied,
  // For some seconds after the table was made.
  OTSTableNotReady: notApplied,
  OTSTimeout: unknown,
  OTSRequestTimeout: unknown,
  OTSServerUnavailable: unknown,
  OTSInternalServerError: unknown,
  OTSQuotaExhausted: { advice: 'A quota of the Tablestore instance is used up; ask Alibaba Cloud to raise it.' },
  OTSAuthFailed: {
    advice:
      'Check the name of the instance, its network access policy, the keys and the clock of this machine; the role of the ' +
      'function needs the rights on the table that docs/alibaba.md lists.',
  },
  OTSNoPermissionAccess: {
    advice: 'The role of the function needs the rights on the table that docs/alibaba.md lists.',
  },
  OTSObjectNotExist: {
    advice: 'The table or one of its indexes is missing; deploy the template again, which makes them.',
  },
  OTSObjectAlreadyExist: { advice: 'A table or index of this name is there already; choose another name.' },
  OTSUnsupportOperation: { advice: 'This kind of instance cannot do this; object-ferry needs a wide column table.' },
  OTSMethodNotAllowed: ours,
  OTSParameterInvalid: {
    advice:
      'If the table was not made by the template, compare its keys, columns and indexes with it; otherwise this is an error ' +
      'of object-ferry: please report it with the request id.',
  },
  OTSInvalidPK: { advice: "The table's primary key must be one STRING column `id`; deploy the template again." },
  OTSOutOfColumnCountLimit: ours,
  OTSOutOfRowSizeLimit: tooLarge,
  OTSRequestBodyTooLarge: tooLarge,
};

/** Tells the codes of the table above to its test. */
export const knownCodes: readonly string[] = ['OTSConditionCheckFail', ...Object.keys(decisions)];

/** A body that is no error of Tablestore (a proxy's page, say) gives a code made of its status. */
export function readRefusal(status: number, body: Buffer, requestId: string | undefined): Refusal {
  try {
    const message = readMessage(body);
    const code = textAt(message, 1);
    if (code !== undefined && /^[A-Z][A-Za-z]+$/.test(code))
      return { status, code, message: textAt(message, 2) ?? '', requestId };
  } catch {
    // Said below.
  }
  return { status, code: `Http${status}`, message: 'the answer is none of Tablestore', requestId };
}

/** The error for a refusal. */
export function refusalError(refusal: Refusal, subject: Subject): CopyError | ConditionFailed {
  const { status, code, message, requestId } = refusal;
  if (code === 'OTSConditionCheckFail') return new ConditionFailed(message);
  const answer: StoreAnswer = { operation: subject.operation, status, code, requestId };
  const said =
    `${nameOf(subject)}: ${code} (${status})${message === '' ? '' : `: ${message.replace(/\.$/, '')}`}` +
    `${requestId === undefined ? '' : `, request id ${requestId}`}.`;
  const decision = decide(refusal);
  if ('advice' in decision) return new GiveUp('StateUnusable', `${said} ${decision.advice}`, { answer });
  return new RetryLater(said, {
    answer,
    throttled: decision.retry === 'not-applied' && decision.throttled === true,
    effect: decision.retry === 'unknown' ? 'unknown' : 'none',
  });
}

function decide({ status, code, message }: Refusal): Decision {
  if (code === 'OTSQuotaExhausted' && /too frequent/i.test(message)) return throttled;
  // The token ran out on the way; the next attempt asks for the credentials of then.
  if (code === 'OTSAuthFailed' && /token.*(expired|invalid)|expired.*token/i.test(message)) return notApplied;
  const known = decisions[code];
  if (known) return known;
  if (status >= 500) return unknown;
  if (status === 429) return throttled;
  return {
    advice: `This is no answer that object-ferry knows. Check that the endpoint is that of a Tablestore instance.`,
  };
}

/** Nothing was sent: there was no connection to send it on. */
const notSent =
  /^(?:EAI_AGAIN|ECONNREFUSED|EHOSTDOWN|EHOSTUNREACH|ENETDOWN|ENETUNREACH|ENOTFOUND|UND_ERR_CLOSED|UND_ERR_CONNECT_TIMEOUT)$/;

/** Errors of TLS that no repetition heals. */
const notTrusted = /^(?:CERT_|DEPTH_ZERO_|ERR_TLS_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_WRONG_VERSION)/;

/** The error for a connection that failed; what is none of the connection's is given back as it is. */
export function connectionError(error: unknown, subject: Subject): unknown {
  const code = codeOf(error);
  if (code === undefined || error instanceof CopyError) return error;
  const options = { cause: error, answer: { operation: subject.operation } };
  if (notTrusted.test(code)) {
    return new GiveUp(
      'StateUnusable',
      `${nameOf(subject)}: no trusted TLS connection to ${subject.host} (${code}). Check the endpoint of the instance; a certificate authority of your own goes into NODE_EXTRA_CA_CERTS, as a PEM file.`,
      options,
    );
  }
  if (notSent.test(code)) {
    return new RetryLater(
      `${nameOf(subject)}: ${subject.host} cannot be reached (${code}); check the endpoint, its region and the name of the instance.`,
      options,
    );
  }
  return lostAnswer(subject, `the connection to ${subject.host} failed (${code})`, error);
}

/** No usable answer came, so that the write may have taken effect. */
export function lostAnswer(subject: Subject, why: string, cause?: unknown): RetryLater {
  return new RetryLater(`${nameOf(subject)}: ${why}, so whether the call took effect is unknown.`, {
    cause,
    answer: { operation: subject.operation },
    effect: 'unknown',
  });
}

function nameOf({ operation, table, instance }: Subject): string {
  return `Tablestore ${operation} on table ${table} of instance ${instance}`;
}

/** Undici gives its parser errors a name, and not always a code. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  return error.name === 'HTTPParserError' ? error.name : undefined;
}
