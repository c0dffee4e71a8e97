import { describe, inject, it } from 'vitest';
import { isSkipped, type ServerInfo } from '../servers/server.ts';

/** A suite that needs Ceph and the SQS endpoint; where one is missing, a skipped test says why. */
export function onBoth(name: string, suite: (rgw: ServerInfo, moto: ServerInfo<'moto'>) => void): void {
  const rgw = inject('servers').find(({ kind }) => kind === 'rgw20');
  const [moto] = inject('queues');
  if (rgw && moto && !isSkipped(rgw) && !isSkipped(moto)) {
    describe(name, () => suite(rgw, moto));
    return;
  }
  const why = [rgw, moto].flatMap((server) => (!server ? ['not there'] : isSkipped(server) ? [server.why] : []));
  it.skip(`${name}: ${why.join('; ')}`);
}
