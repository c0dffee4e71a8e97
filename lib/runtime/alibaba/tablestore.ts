import type { OpenState } from './state.ts';

/** Tablestore, loaded when first used. */
export const openTablestoreState: OpenState = async (place) => {
  const { openTablestore } = await import('../../state/tablestore/open.ts');
  return openTablestore(place);
};
