import { GiveUp, gaveUp } from '../../copy/model/errors.ts';
import type { ObjectRef } from '../../copy/model/object.ts';
import type { CallOptions } from '../../copy/model/ports.ts';
import type { Restore } from '../../copy/model/request.ts';
import type { Call } from '../http/call.ts';
import type { Caller } from '../http/caller.ts';
import { perform } from '../http/retry.ts';
import type { XmlTree } from '../wire/xml.ts';
import { writeXml } from '../wire/xml.ts';

/**
 * RestoreObject, as both stores document it: 202 when it begins, 200 when a restored copy is there and stays longer, 409 while
 * one is being made.
 */
export async function restoreObject(
  caller: Caller,
  ref: ObjectRef,
  { days, tier }: Restore,
  archive: string,
  options?: CallOptions,
): Promise<void> {
  const { dialect } = caller;
  const forGood = dialect.facts.restores?.[archive]?.forGood === true;
  const document: [string, XmlTree][] = [];
  if (!forGood) document.push(['Days', String(days)]);
  if (tier !== undefined) document.push([dialect.restoreParameters, [['Tier', tier]]]);
  const call: Call = {
    operation: 'RestoreObject',
    method: 'POST',
    ...ref,
    query: [['restore', undefined]],
    body: writeXml('RestoreRequest', document),
  };
  try {
    await perform(caller, call, options, () => undefined);
  } catch (error) {
    const underWay = gaveUp(error, 'Archived') && error.answer?.code === 'RestoreAlreadyInProgress';
    if (!underWay || !(error instanceof GiveUp)) throw error;
  }
}
