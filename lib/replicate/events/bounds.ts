/**
 * What a notification may say at most. A sender of events chooses every text in them; from here on each is as short as a
 * store could have made it, whatever later looks at it.
 */
import { GiveUp } from '../../copy/model/errors.ts';
import type { ObjectEvent } from './event.ts';

/**
 * Bytes of UTF-8. S3 takes keys and version ids of 1,024 bytes, OSS keys of 1,023; bucket names were once up to 255 (S3 in
 * us-east-1); ETags are an MD5 and a number of parts, and no store is known to send more than some 70 characters.
 */
const most = { bucket: 255, key: 1_024, alternativeKey: 1_024, etag: 256, versionId: 1_024 } as const;

/** Characters of what is only logged or compared with itself: cut, for an object is not named by it. */
const longestName = 256;

/** @throws GiveUp BadRequest that names the field which is longer than any store can have made it. */
export function bounded(event: ObjectEvent): ObjectEvent {
  for (const [field, limit] of Object.entries(most) as [keyof typeof most, number][]) {
    const bytes = Buffer.byteLength(event[field] ?? '');
    if (bytes <= limit) continue;
    const start = shortText(event[field] ?? '', 64);
    const what = `its ${field} has ${bytes} bytes, and no store has more than ${limit}`;
    throw new GiveUp('BadRequest', `This event is from no store that is known here: ${what} (it begins '${start}').`);
  }
  return {
    ...event,
    id: shortText(event.id),
    ...(event.region !== undefined && { region: shortText(event.region) }),
    ...(event.sequencer !== undefined && { sequencer: shortText(event.sequencer) }),
  };
}

/** The start of a text that an outsider wrote, for messages to people. */
export function shortText(text: string, characters = longestName): string {
  return text.length <= characters ? text : `${text.slice(0, characters).toWellFormed()}...`;
}
