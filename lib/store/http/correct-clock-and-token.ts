import type { Failure } from '../answers/answer.ts';
import { meaningOf } from '../answers/errors.ts';
import type { Credentials } from '../sign/credentials.ts';
import type { Call } from './call.ts';
import type { Caller } from './caller.ts';

/** The difference of clocks at which both vendors refuse a signature. Milliseconds. */
const toleratedSkew = 900_000;

/** Corrects clock skew or refreshes an expired token, once per call. True when the call should be sent again at once. */
export async function correct(
  caller: Caller,
  call: Call,
  failure: Failure,
  used: Credentials,
  corrected: { clock: boolean; token: boolean },
): Promise<boolean> {
  const meaning = meaningOf(failure, call, caller.dialect);
  const { code, date, status } = failure;
  const offset = date === undefined ? 0 : date - caller.clock.now();
  const bare = code === undefined && failure.ec === undefined;
  const late = Math.abs(offset - caller.skew.offset) > toleratedSkew;
  if (!corrected.clock && date !== undefined && (meaning === 'clock' || (bare && status === 403 && late))) {
    corrected.clock = true;
    caller.skew.offset = offset;
    caller.log?.warn('the clock of this machine is off; signatures are dated by the store', { offsetMs: offset });
    return true;
  }
  // S3 answers HEAD with an expired token by a bare 400.
  const maybeToken = bare && used.sessionToken !== undefined && (status === 400 || status === 401);
  if (!corrected.token && (meaning === 'token' || maybeToken)) {
    corrected.token = true;
    // A concurrent call may have renewed them since.
    if ((await caller.credentials()) === used) await caller.credentials({ refresh: true });
    return true;
  }
  return false;
}
