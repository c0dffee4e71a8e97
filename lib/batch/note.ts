import type { Job } from '../copy/job.ts';
import type { World } from '../copy/ports.ts';

/** How long a shared row is kept after its last write. */
const keepMs = 30 * 86_400_000;

/**
 * Small things that workers agree on live in rows of the state table as well, for its compare-and-set. Such a row is final:
 * neither `resume` nor the sweep touches it.
 *
 * @param found the row that the body was decided on; undefined when there was none.
 * @returns whether it landed.
 */
export async function putNote(world: World, id: string, found: Job | undefined, body: object): Promise<boolean> {
  const now = world.clock.now();
  const expiresAt = now + keepMs;
  if (found) return (await world.state.move(found, { batch: body, expiresAt })).landed;
  const created = await world.state.create({
    id,
    revision: 0,
    state: 'done',
    mode: 'copy',
    store: { scheme: 's3' },
    source: { bucket: '', key: '' },
    destination: { bucket: '', key: '' },
    options: {},
    many: true,
    batch: body,
    partsDone: 0,
    createdAt: now,
    updatedAt: now,
    expiresAt,
  });
  return created.landed;
}

/** For lists: a row that is no job and no batch. */
export function isNote({ batch }: Job): boolean {
  const kind = (batch as { kind?: unknown } | undefined)?.kind;
  return kind === 'pace' || kind === 'priorities';
}
