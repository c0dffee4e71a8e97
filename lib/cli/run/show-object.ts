import { gaveUp } from '../../copy/model/errors.ts';
import { describe, type ObjectRef, type StoreAddress } from '../../copy/model/object.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import { objectFacts } from '../output/object-facts.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { printable } from '../text/format.ts';
import { factLines } from '../text/labelled-values.ts';
import { paintFor } from '../text/paint.ts';
import type { Session } from './session.ts';

/** What a command knows of an object besides what the store tells; `document` is for machines. */
export interface More {
  facts: [label: string, value: string][];
  document: Record<string, unknown>;
}

/** Prints all that HEAD, tags and ACL tell of one object. @throws GiveUp NotFound and what else HEAD answers. */
export async function showObject(
  session: Session,
  scheme: StoreAddress['scheme'],
  object: ObjectRef,
  more?: (acl: string | undefined) => Promise<More>,
): Promise<number> {
  const { io, flags } = session;
  const client = session.client(scheme);
  const head = await client.head(object, { checksum: true });
  const tags = head.tagCount === 0 ? {} : await allowed(client.getTags(object));
  const acl = await allowed(client.getAcl(object));
  const { facts = [], document = {} } = (await more?.(acl?.canned)) ?? {};
  const name = describe(client.address, object);
  if (flags.json) {
    const lastModified = new Date(head.lastModified).toISOString();
    await printLine(
      io.stdout,
      visibleJson({ object: name, ...head, lastModified, tags, acl: acl?.canned, ...document }),
    );
    return exit.done;
  }
  const paint = paintFor(io.stdout, io.env);
  await printLine(io.stdout, paint('bold', printable(name)));
  const shown = [...objectFacts({ head, tags, acl: acl && (acl.canned ?? 'custom grants') }), ...facts];
  const printed = shown.map(([label, value]) => [printable(label), printable(value)] as const);
  for (const line of factLines(printed, io.stdout, paint)) await printLine(io.stdout, line);
  return exit.done;
}

/** Reading tags or ACL needs permissions of their own, and not every store has them. */
async function allowed<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (gaveUp(error, 'AccessDenied', 'Unsupported')) return undefined;
    throw error;
  }
}
