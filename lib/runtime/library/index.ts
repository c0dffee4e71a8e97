/** The library: `import { copyObject } from 'object-ferry'`. docs/library.md shows it at work. */
export { changeMetadata, copyObject, moveObject, planCopy } from './calls.ts';
export { CopyJob, Stopped, type Checkpoint, type Copied } from './copy-job.ts';
export type { EngineOptions } from './engine.ts';
export type { CallInput, ChangeInput, CopyInput, Place, Progress } from './input.ts';
export type { AliOssLike, Keys, S3ClientLike, StoreDescription, StoreGiven } from './stores.ts';
export type { DryRun } from '../../copy/dry-run.ts';
export {
  CopyError,
  GiveUp,
  RetryLater,
  SourceChanged,
  Superseded,
  type Decision,
  type GiveUpCode,
  type StoreAnswer,
} from '../../copy/model/errors.ts';
export type { ContentHeaders, Encryption, ObjectRef } from '../../copy/model/object.ts';
export type { CopyOptions, MetadataChange, Restore, TagChange } from '../../copy/model/request.ts';
export type { CopyResult, FidelityLoss, Transfer } from '../../copy/model/result.ts';
export type { Settings } from '../../copy/model/settings.ts';
