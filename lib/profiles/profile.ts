import { GiveUp } from '../copy/model/errors.ts';

/** What a profile says about a store; holds no secret. */
export interface Profile {
  name: string;
  /** Base URL as it is written; a bare host name means https. */
  endpoint?: string;
  region?: string;
  addressing?: 'auto' | 'virtual' | 'path';
  /** The endpoint is a custom domain bound to one bucket. */
  cname?: boolean;
  /** Amazon's endpoints under FIPS 140. */
  fips?: boolean;
  /** Amazon's endpoints that speak IPv6 too. */
  dualStack?: boolean;
  /** Certificate authorities to trust in place of the system's: path of a PEM file. */
  caBundle?: string;
  /** `endpoint` of this profile and of the environment is not to be used. */
  ignoresEndpoints?: boolean;
}

/** @param where files that were read, for the message. @param asked how the user named the profile. */
export function noSuchProfile(asked: string, where: string, names: readonly string[]): GiveUp {
  const there = names.length > 0 ? `there are: ${names.join(', ')}` : 'there is none';
  return new GiveUp('BadRequest', `${asked}: there is no such profile in ${where}; ${there}.`);
}

/** `true` and `false`, as both vendors write them. @throws GiveUp BadRequest for anything else. */
export function flagOf(text: string | undefined, name: string): boolean | undefined {
  if (text === undefined || text === '') return undefined;
  const word = text.toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  throw new GiveUp('BadRequest', `${name} must be true or false, got ${JSON.stringify(text)}.`);
}
