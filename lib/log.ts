import type { LogLevel } from './config/env.ts';
import type { Log, LogFields } from './copy/model/ports.ts';
import { visible, visibleJson } from './copy/model/visible-json.ts';

export interface LogOptions {
  /** Gets one finished line, without its end. */
  write(line: string): void;
  /** The least that is written; default `info`. */
  level?: LogLevel;
  /** Epoch milliseconds. */
  now?: () => number;
  /** Added to every line. */
  fields?: LogFields;
}

const ranks: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 };

/** Names whose values never reach a log, whatever they hold (I11). */
const secretName = /secret|authorization|signature|token|password|credential|cookie|api-?key|access-?key/i;

/**
 * Secrets inside texts: `name=value` and `name: value` where the name tells of a secret (query parameters of signed URLs, JSON),
 * and the Authorization header's own form. Senders of events choose such texts, so the time must be linear in their length: a
 * name is looked at from its first letter only, and no two neighbours that repeat can match the same character.
 */
const secretText =
  /((?<![\w-])(?=[\w-]*?(?:signature|(?:security|session)-?token|accesskeyid|credential|secret|password))[\w-]+\\?"?\s*[=:]\s*\\?)("?)(?:v1a?,)?[^\s"\\&,;]+|\b((?:AWS4?|OSS4?|ACS3?)-HMAC-[A-Z0-9]+|Bearer|Basic)\s+.+/gi;

/**
 * Secrets that show by their own form: secrets of webhooks and their signatures, tokens in the path of the event endpoint, the
 * first Authorization schemes of OSS and S3, user and password of a URL, keys in a query, access key ids. Each needs what no
 * object's key has by chance, and none can take more than one way through a text.
 */
const secretForms: readonly [form: RegExp, shown: string][] = [
  [/\bwhsec_[A-Za-z0-9+/=]*/g, 'whsec_[hidden]'],
  [/\bv1a?,[A-Za-z0-9+/]{16,}=*/g, 'v1,[hidden]'],
  [/((?:^|[\s"'(]|:\/\/[^\s/]{1,255})\/events\/)[A-Za-z0-9_-]{16,}/g, '$1[hidden]'],
  [/\b(OSS|AWS) [A-Za-z0-9._-]{1,128}:[A-Za-z0-9+/]+=*/g, '$1 [hidden]'],
  [/(:\/\/)[^\s/@"]{1,1024}@/g, '$1[hidden]@'],
  [/([?&](?:sig|api[-_]?key|token|access[-_]token)=)[^\s"&]+/gi, '$1[hidden]'],
  [/\b(AKIA|ASIA)[A-Z0-9]{12,}|\b(LTAI)[A-Za-z0-9]{8,}|\b(STS\.)[A-Za-z0-9]{12,}/g, '$1$2$3[hidden]'],
];

/** Names whose values are an object's key or the start of one: logged as they are, for a person has to find the object. */
const keyName = /^(key|prefix)$/;

/** Characters of a field or message that are logged; a key has at most 1,024, and what a person reads is shorter. */
const longestLogged = 2_048;

/** One JSON object a line: `time`, `level`, `message`, then the fields. */
export function jsonLog(options: LogOptions): Log {
  const now = options.now ?? Date.now;
  return logOf(options, (level, message, fields) => {
    const fixed = { time: new Date(now()).toISOString(), level, message };
    return visibleJson({ ...fixed, ...fields, ...fixed });
  });
}

/** One line for people: the message, then the fields that matter to them. `info` stands alone, the others are named. */
export function humanLog(options: LogOptions): Log {
  return logOf(options, (level, message, fields) => {
    const told = Object.entries(fields).filter(([name, value]) => value !== undefined && name !== 'stack');
    const tail = told.map(([name, value]) => `${name}=${quoted(String(value))}`).join(' ');
    const head = level === 'info' ? message : `${level}: ${message}`;
    return visible(tail ? `${head} (${tail})` : head);
  });
}

/** For callers that want none. */
export const noLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function logOf(options: LogOptions, format: (level: LogLevel, message: string, fields: LogFields) => string): Log {
  const least = ranks[options.level ?? 'info'];
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (ranks[level] < least) return;
      options.write(format(level, hideIn(shortened(message)), redact({ ...options.fields, ...fields })));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The same fields, long texts cut, with secrets hidden by their name and where they show inside a text. */
export function redact(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (value !== undefined && secretName.test(name)) return [name, '[hidden]'];
      if (typeof value !== 'string') return [name, value];
      return [name, keyName.test(name) ? shortened(value) : hideIn(shortened(value))];
    }),
  );
}

function hideIn(text: string): string {
  const rest = secretForms.reduce((left, [form, shown]) => left.replace(form, shown), text);
  return rest.replace(
    secretText,
    (_whole, name: string | undefined, quote: string | undefined, scheme: string | undefined) =>
      scheme === undefined ? `${name ?? ''}${quote ?? ''}[hidden]` : `${scheme} [hidden]`,
  );
}

/** Before any pattern sees it: a sender may choose how long a text is. */
function shortened(text: string): string {
  if (text.length <= longestLogged) return text;
  return `${text.slice(0, longestLogged).toWellFormed()}... (${text.length} characters)`;
}

function quoted(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
