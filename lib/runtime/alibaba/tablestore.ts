import { GiveUp } from '../../copy/model/errors.ts';
import type { OpenState } from './state.ts';

/** Tablestore, loaded when first used. */
export const openTablestoreState: OpenState = async () => {
  throw new GiveUp('Unsupported', 'This build has no adapter for Tablestore.');
};
