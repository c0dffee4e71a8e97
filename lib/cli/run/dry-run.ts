/** `--dry-run`: the plan, and no write. */
import { dryRun } from '../../copy/dry-run.ts';
import type { CopyRequest } from '../../copy/model/request.ts';
import { planDocument, planLines } from '../output/plan.ts';
import { exit } from '../process/exit.ts';
import { paintFor } from '../text/paint.ts';
import type { Session } from './session.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

/** Prints the plan of one object. @throws the error that the copy itself would meet before its first write. */
export async function dryRunObject(session: Session, request: CopyRequest): Promise<number> {
  const { io, flags, runtime } = session;
  const plan = await dryRun(runtime.world, request);
  if (flags.json) io.stdout.write(`${visibleJson(planDocument(request, plan))}\n`);
  else
    for (const line of planLines(request, plan, io.stdout, paintFor(io.stdout, io.env))) io.stdout.write(`${line}\n`);
  return exit.done;
}
