import type { LogLevel } from './config/env.ts';
import type { Log, LogFields } from './copy/model/ports.ts';

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
  /((?<![\w-])(?=[\w-]*?(?:signature|security-?token|accesskeyid|credential|secret|password))[\w-]+\\?"?\s*[=:]\s*\\?)("?)[^\s"\\&,;]+|\b((?:AWS|OSS)4?-HMAC-[A-Z0-9]+|Bearer|Basic)\s+.+/gi;

/** Characters of a field or message that are logged; a key has at most 1,024, and what a person reads is shorter. */
const longestLogged = 2_048;

/** One JSON object a line: `time`, `level`, `message`, then the fields. */
export function jsonLog(options: LogOptions): Log {
  const now = options.now ?? Date.now;
  return logOf(options, (level, message, fields) => {
    const fixed = { time: new Date(now()).toISOString(), level, message };
    return JSON.stringify({ ...fixed, ...fields, ...fixed });
  });
}

/** One line for people: the message, then the fields that matter to them. `info` stands alone, the others are named. */
export function humanLog(options: LogOptions): Log {
  return logOf(options, (level, message, fields) => {
    const told = Object.entries(fields).filter(([name, value]) => value !== undefined && name !== 'stack');
    const tail = told.map(([name, value]) => `${name}=${quoted(String(value))}`).join(' ');
    const head = level === 'info' ? message : `${level}: ${message}`;
    return oneLine(tail ? `${head} (${tail})` : head);
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
      return [name, typeof value === 'string' ? hideIn(shortened(value)) : value];
    }),
  );
}

function hideIn(text: string): string {
  return text.replace(
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

/** A key may hold line ends and terminal codes; a line stays one line. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (code) => `\\u${code.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
