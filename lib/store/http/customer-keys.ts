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

/** The keys of the customer for objects of one store: read when the client is opened, and sent with each call that needs one. */
export class CustomerKeys {
  readonly #address: StoreAddress;
  readonly #dialect: Dialect;
  readonly #keys = new Map<string, CustomerKey>();

  /**
   * @param origin of the store: keys are sent over TLS, or to this machine.
   * @throws GiveUp Unsupported where the store takes no keys; BadRequest for a key that cannot be read, and without TLS.
   */
  constructor(address: StoreAddress, dialect: Dialect, origin: string, read: ReadCustomerKey) {
    this.#address = address;
    this.#dialect = dialect;
    const references = new Set((address.customerKeys ?? []).map(({ reference }) => reference));
    references.delete('none');
    if (references.size === 0) return;
    if (!dialect.headers.customerKey) {
      throw new GiveUp('Unsupported', noKeysInOss);
    }
    if (isReadableByOthers(origin)) throw withoutTls(origin);
    for (const reference of references) this.#keys.set(reference, read(reference));
  }

  /** Where the key of an object is found, for messages; undefined for one without. */
  referenceOf(ref: Pick<ObjectRef, 'bucket' | 'key'>): string | undefined {
    return customerKeyOf(this.#address, ref);
  }

  /** The headers that a call carries: the key of the object that it is about, and that of the source of a copy. */
  headersFor({ operation, bucket, key, source }: CallSubject): Headers {
    const names = this.#dialect.headers.customerKey;
    if (this.#keys.size === 0 || !names || !operations[operation].takesCustomerKey) return {};
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
    const found = reference === undefined ? undefined : this.#keys.get(reference);
    if (!found) return {};
    const start = this.#dialect.headers.prefix + name;
    return { [`${start}algorithm`]: 'AES256', [`${start}key`]: found.key, [`${start}key-md5`]: found.md5 };
  }
}
