/** Alibaba's own SDK: its message classes serve the twin, and the tests compare our client with it. It has no types. */
import { createRequire } from 'node:module';

export interface MessageClass {
  create(fields: object): object;
  encode(fields: object): { finish(): Uint8Array };
  /** Bytes are Buffers, 64 bit integers are Longs. @throws for bytes that are no such message. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  decode(bytes: Uint8Array): any;
}

const require = createRequire(import.meta.url);
const compiled = require('tablestore/lib/protocol/tablestore_compiled_proto.js') as {
  main: { proto: Record<string, MessageClass> };
  filter: { proto: Record<string, MessageClass> };
};

export function messageClass(name: string): MessageClass {
  const found = compiled.main.proto[name] ?? compiled.filter.proto[name];
  if (!found) throw new Error(`the SDK has no message ${name}`);
  return found;
}

/** The whole SDK; half a second to load. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function loadSdk(): any {
  return require('tablestore') as unknown;
}
