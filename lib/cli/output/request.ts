import type { RequestInfo } from '../../store/open.ts';
import { formatBytes, printable } from '../text/format.ts';

/**
 * One HTTP request, for `--debug`: what was asked of which object, and what came of it. It has no header, no query and no body,
 * so no signature and no token (I11).
 */
export function requestLine({ operation, bucket, key, status, attempt, ms, requestId, bytesIn }: RequestInfo): string {
  const place = bucket === undefined ? '' : ` ${bucket}${key === undefined ? '' : `/${key}`}`;
  const facts = [
    status === undefined ? 'no answer' : String(status),
    `${Math.round(ms)} ms`,
    ...(bytesIn > 0 ? [formatBytes(bytesIn)] : []),
    ...(requestId === undefined ? [] : [`request ${requestId}`]),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
  ];
  return printable(`debug: ${operation}${place}: ${facts.join(', ')}`);
}
