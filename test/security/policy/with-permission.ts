import { afterEach } from 'vitest';
import { key, openService, type Service } from '../../contract/api/support.ts';

/** URL of an object where the caller may read and write. */
export const at = (name: string) => `oss://photos/mine/${name}`;

/** To be called once a file: opens services whose caller may read and write in one prefix, which holds `a`, and more as given. */
export function useCallerWith(): (permission: object) => Promise<Service> {
  let service: Service | undefined;
  afterEach(async () => {
    await service?.close();
  });
  return async (permission) => {
    const area = ['oss://photos/mine/'];
    const callers = [{ name: 'contract', keys: [key], read: area, write: area, ...permission }];
    service = await openService({ config: { callers } });
    await service.twin.store.put('photos', 'mine/a', { body: 'a' });
    return service;
  };
}
