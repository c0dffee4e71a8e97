/** The part of protobuf's wire format that Tablestore's messages use. */

/** What a field may hold: a number, boolean or enum as varint; text or bytes with their length. */
type FieldValue = number | boolean | string | Uint8Array;

/** A field's number and its value; an array is a repeated field, undefined leaves the field out. */
export type Field = readonly [number: number, value: FieldValue | readonly FieldValue[] | undefined];

/** Fields of a message that was read, by number, in the order of their arrival. */
export type Message = ReadonlyMap<number, readonly (number | Buffer)[]>;

/** Writes a message, its fields in the given order. */
export function writeMessage(fields: readonly Field[]): Buffer {
  const chunks: Uint8Array[] = [];
  for (const [number, value] of fields) {
    if (value === undefined) continue;
    for (const item of isList(value) ? value : [value]) writeField(chunks, number, item);
  }
  return Buffer.concat(chunks);
}

/** @throws Error when the bytes end in the middle of a field or are no protobuf. */
export function readMessage(bytes: Buffer): Message {
  const fields = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw new Error('a protobuf message ends in the middle of a number');
      at += 1;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw new Error('a protobuf message holds a number of more than 10 bytes');
  };
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > bytes.length) throw new Error('a protobuf message ends in the middle of a field');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = readValue(tag & 7, varint, take);
    const values = fields.get(tag >>> 3);
    if (values) values.push(value);
    else fields.set(tag >>> 3, [value]);
  }
  return fields;
}

export function bytesAt(message: Message, number: number): Buffer | undefined {
  const value = message.get(number)?.[0];
  return Buffer.isBuffer(value) ? value : undefined;
}

export function allBytesAt(message: Message, number: number): Buffer[] {
  return (message.get(number) ?? []).filter((value) => Buffer.isBuffer(value));
}

export function textAt(message: Message, number: number): string | undefined {
  return bytesAt(message, number)?.toString('utf8');
}

export function numberAt(message: Message, number: number): number | undefined {
  const value = message.get(number)?.[0];
  return typeof value === 'number' ? value : undefined;
}

/** Fields of kinds that our messages do not use (64 and 32 bits) are skipped by their length. */
function readValue(kind: number, varint: () => number, take: (length: number) => Buffer): number | Buffer {
  switch (kind) {
    case 0:
      return varint();
    case 1:
      return take(8);
    case 2:
      return take(varint());
    case 5:
      return take(4);
    default:
      throw new Error(`a protobuf message holds a field of kind ${kind}`);
  }
}

function writeField(chunks: Uint8Array[], number: number, value: FieldValue): void {
  if (typeof value === 'number' || typeof value === 'boolean') {
    chunks.push(varintOf(number << 3), varintOf(Number(value)));
    return;
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  chunks.push(varintOf((number << 3) | 2), varintOf(bytes.length), bytes);
}

/** A negative number takes ten bytes, as 64 bits in two's complement. */
function varintOf(value: number): Uint8Array {
  if (value >= 0 && value < 128) return Uint8Array.of(value);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function isList(value: FieldValue | readonly FieldValue[]): value is readonly FieldValue[] {
  return Array.isArray(value);
}
