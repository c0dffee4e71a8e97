/**
 * Schedules that once failed, with what was wrong. A seed names the same schedule only as long as the model and the engine
 * make the same draws, so each of these is one more schedule today, not a proof; the faults themselves are in `mutants/`.
 */
export const regressions: readonly { seed: number; was: string }[] = [
  { seed: 616, was: 'a replica told of by its event was given up when the store wanted parts' },
  { seed: 739, was: 'a worker that had slept through its lease sent Complete' },
  { seed: 2711, was: 'the ACL was lost when a call after Complete failed' },
  { seed: 382, was: "a stranger's upload without parts was aborted on OSS, where uploads have no owner" },
  { seed: 2149, was: 'a CopyObject that took effect a minute late put an old version back' },
  { seed: 2615, was: 'a Complete that was refused for an equal object left its upload open' },
  { seed: 4327, was: 'a Complete that was refused for another object was tried for ever' },
  { seed: 3957, was: 'a row expired before the upload of a lost Initiate had been looked for' },
  { seed: 4654, was: 'a redelivered rename that must not overwrite refused its own copy' },
  { seed: 10192, was: 'a metadata change on S3 lost the ACL when its finisher was replaced' },
  { seed: 13874, was: "a stranger's rewrite of the same bytes was taken for a finished metadata change" },
  { seed: 14649, was: 'a row planned for one call was continued by parts without a layout' },
  { seed: 19684, was: 'the ACL of a newer version was put on the copy of the older one' },
  { seed: 22081, was: 'a job that ended by one call forgot the upload it had started before' },
  { seed: 2466, was: "a rename deleted its source in trust of a stranger's object of the same size" },
  {
    seed: 397,
    was: 'an upload was aborted right after it had been attached, because the table answered to the second try',
  },
  { seed: 3063, was: 'the tags of a newer version were put on the copy of the older one' },
  { seed: 10498, was: 'a rename deleted its source although nothing proved the copy' },
  { seed: 29694, was: 'a DELETE that took effect late hit a newer replica, and no re-check followed' },
  { seed: 29894, was: 'in a ring our own removal went round and took what an owner had written since' },
  { seed: 7186, was: 'a replica that was removed from a ring on its own did not come back' },
  { seed: 55483, was: 'a copy that was asked for while its job was about to end was taken for done' },
  { seed: 23209, was: 'a job that was settled by a listing that was behind left its upload open' },
  { seed: 102634, was: 'a replica that followed the removal of its source took the newer one with it' },
  { seed: 116448, was: 'the tags of a newer version decided what was written on the copy of an older one' },
  { seed: 123294, was: 'tags that a late worker had written were taken for those of the replica' },
  { seed: 342698, was: 'a rename that must not overwrite was refused for its own late CopyObject' },
  { seed: 1408109, was: 'a resumed copy that must not overwrite did, on a store that copies over anything' },
  { seed: 378196, was: 'what refused an upload was our own late CopyObject' },
  {
    seed: 1021360,
    was: "a stranger's equal object was taken for our unanswered copy, and its ACL and tags for the source's",
  },
  { seed: 1625996, was: 'a rename that must not overwrite was refused for the copy of its own second worker' },
  { seed: 1952253, was: 'a replica was finished with the metadata of another write of the same bytes in that second' },
  {
    seed: 2359969,
    was: 'an unanswered Complete took effect after a newer replica had been written, and no re-check followed',
  },
  {
    seed: 2872654,
    was: 'an upload that was aborted was taken for completed, for an earlier CopyObject had the same bytes',
  },
  { seed: 2316634, was: "with its source gone, a stranger's object of equal bytes was taken for the replica" },
  { seed: 2745596, was: "with its source gone, a stranger's object of equal bytes was taken for the replica" },
  {
    seed: 5024986,
    was: 'a rename removed its source although a dead worker had not yet set the tags that the store dropped',
  },
  {
    seed: 5057644,
    was: 'a rename without a row took an earlier copy for its own and left out the tags that were asked for',
  },
  { seed: 6080298, was: 'the tags of a newer version were taken for those that the store had dropped' },
  { seed: 5018824, was: 'a copy whose source was written again after Complete was done without its tags' },
];
