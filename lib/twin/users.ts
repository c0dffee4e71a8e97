/** Who may sign requests. The first user owns what tests and the command line create; others come from `options.users`. */
import { createHash } from 'node:crypto';

/** Keys of a user, as options name them. */
export interface NewUser {
  /** Shown as the display name; also what the id is made of. */
  name: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** When set, requests must carry it. */
  sessionToken?: string;
}

export interface User extends NewUser {
  /** Account id and canonical id in one. */
  id: string;
}

/** Id and name of the first user. */
export const OWNER = '1234567890';

/** Sixteen digits, as OSS numbers its users; the same name has the same id in every twin. */
export function idOf(name: string): string {
  const number = createHash('sha256').update(name).digest().readBigUInt64BE() % 9_000_000_000_000_000n;
  return String(1_000_000_000_000_000n + number);
}

export class Users {
  readonly #byKey = new Map<string, User>();
  readonly #names = new Map<string, string>();

  /** Throws when two users share an access key or a name. */
  constructor(
    main: Omit<NewUser, 'name'>,
    others: readonly NewUser[] = [],
    roles: readonly Omit<NewUser, 'name'>[] = [],
  ) {
    this.#name(OWNER, OWNER);
    for (const keys of [main, ...roles]) this.#key({ ...keys, name: OWNER, id: OWNER });
    for (const user of others) {
      const id = idOf(user.name);
      this.#key({ ...user, id });
      this.#name(id, user.name);
    }
  }

  #key(user: User): void {
    if (this.#byKey.has(user.accessKeyId)) {
      throw new Error(`Two users of the twin have the access key ${user.accessKeyId}: give each a key of its own.`);
    }
    this.#byKey.set(user.accessKeyId, user);
  }

  #name(id: string, name: string): void {
    if (this.#names.has(id)) {
      throw new Error(`Two users of the twin have the name ${name}: give each a name of its own.`);
    }
    this.#names.set(id, name);
  }

  byKey(accessKeyId: string): User | undefined {
    return this.#byKey.get(accessKeyId);
  }

  has(id: string): boolean {
    return this.#names.has(id);
  }

  /** `Owner`, `Initiator` or grantee in a document. An id this twin does not know (an old data folder's) is its own name. */
  described(id: string): { ID: string; DisplayName: string } {
    return { ID: id, DisplayName: this.#names.get(id) ?? id };
  }
}
