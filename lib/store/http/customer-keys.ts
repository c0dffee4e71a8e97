import { GiveUp } from '../../copy/model/errors.ts';
import type { ObjectRef, StoreAddress } from '../../copy/model/object.ts';
import { customerKeyOf } from '../../copy/model/object.ts';
import { isReadableByOthers, noKeysInOss, withoutTls, type CustomerKey } from '../../profiles/customer-key.ts';
import type { CallSubject } from '../answers/answer.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { operations } from '../wire/operations.ts';

/** Reads the key that a reference names. @throws GiveUp BadRequest. */
export type ReadCustomerKey = (reference: string) => CustomerKey;

type Headers = Record<string, string>;

/**
 * The keys of the customer for objects of one store. Each is read before the first call that needs it: what needs none, such as
 * the abort of an upload, goes on where a key is missing.
 */
export class CustomerKeys {
  readonly #address: StoreAddress;
  readonly #dialect: Dialect;
  readonly #read: ReadCustomerKey;
  readonly #isUsed: boolean;
  readonly #keys = new Map<string, CustomerKey>();

  /**
   * @param origin of the store: keys are sent over TLS, or to this machine.
   * @throws GiveUp Unsupported where the store takes no keys; BadRequest without TLS.
   */
  constructor(address: StoreAddress, dialect: Dialect, origin: string, read: ReadCustomerKey) {
    this.#address = address;
    this.#dialect = dialect;
    this.#read = read;
    this.#isUsed = (address.customerKeys ?? []).some(({ reference }) => reference !== 'none');
    if (!this.#isUsed) return;
    if (!dialect.headers.customerKey) {
      throw new GiveUp('Unsupported', noKeysInOss);
    }
    if (isReadableByOthers(origin)) throw withoutTls(origin);
  }

  /** Where the key of an object is found, for messages; undefined for one without. */
  referenceOf(ref: Pick<ObjectRef, 'bucket' | 'key'>): string | undefined {
    return customerKeyOf(this.#address, ref);
  }

  /**
   * The headers that a call carries: the key of the object that it is about, and that of the source of a copy.
   * @throws what reading a key throws.
   */
  headersFor({ operation, bucket, key, source }: CallSubject): Headers {
    const names = this.#dialect.headers.customerKey;
    if (!this.#isUsed || !names || !operations[operation].takesCustomerKey) return {};
    const own = bucket === undefined || key === undefined ? {} : this.#headers(names.object, { bucket, key });
    return source ? { ...own, ...this.#headers(names.source, source) } : own;
  }

  /** Where the keys are found that a call carries. */
  sentWith(call: CallSubject): string[] {
    if (!operations[call.operation].takesCustomerKey) return [];
    const { bucket = '', key = '', source } = call;
    const refs = [...(source ? [source] : []), { bucket, key }];
    return [...new Set(refs.flatMap((ref) => this.referenceOf(ref) ?? []))];
  }

  /** What no message may repeat. */
  get secrets(): string[] {
    return [...this.#keys.values()].flatMap(({ key, md5 }) => [key, md5]);
  }

  #headers(name: string, ref: Pick<ObjectRef, 'bucket' | 'key'>): Headers {
    const reference = this.referenceOf(ref);
    if (reference === undefined) return {};
    const found = this.#keys.get(reference) ?? this.#read(reference);
    this.#keys.set(reference, found);
    const start = this.#dialect.headers.prefix + name;
    return { [`${start}algorithm`]: 'AES256', [`${start}key`]: found.key, [`${start}key-md5`]: found.md5 };
  }
}
