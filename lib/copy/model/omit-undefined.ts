/** Without the fields that are undefined: what travels through rows and JSON comes back without them. */
export function present<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
