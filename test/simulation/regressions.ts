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
];
