/** Owners of the sources, and all others that write where we do. */
import type { ContentHeaders, ObjectRef } from '../../lib/copy/model/object.ts';
import { markerName } from '../../lib/replicate/loops/marker.ts';
import type { Actor } from './actor.ts';
import type { StrangerFault } from './faults.ts';
import { whole } from './model/content.ts';
import { MiB } from './model/dialect.ts';
import type { StoredObject } from './model/objects.ts';
import { stranger } from './model/objects.ts';
import type { Random } from './random.ts';
import type { OwnerAct, RulesScenario } from './rules.ts';
import { drawSize, sourceBucket } from './scenario.ts';
import type { Simulation } from './simulation.ts';

export class Strangers {
  private readonly sim: Simulation;
  private readonly random: Random;
  private contents = 0;
  /** What sources held before, to come back. */
  private readonly past: StoredObject[] = [];

  constructor(sim: Simulation) {
    this.sim = sim;
    this.random = sim.random.fork('strangers');
  }

  /** Fills the buckets before anything is asked of us. */
  furnish(): void {
    const { sim, random } = this;
    for (const key of new Set(sim.scenario.asked.map(({ request }) => request.source.key))) this.writeSource(key);
    const target = sim.scenario.asked[0]?.request.destination;
    if (target && random.chance(0.25) && !sim.model.peek(target))
      this.write(target.bucket, target.key, drawSize(random));
  }

  writeSource(key: string): void {
    const before = this.sim.model.peek({ bucket: sourceBucket, key });
    if (before) this.past.push(before);
    this.write(sourceBucket, key, drawSize(this.random));
    this.sim.sourceWritten(key);
  }

  act(fault: StrangerFault, actor: Actor): void {
    const { sim, random } = this;
    if (sim.scenario.rules) return this.actUnderRules(fault, sim.scenario.rules);
    const request = sim.requestOf(actor) ?? random.pick(sim.scenario.asked).request;
    const { source, destination } = request;
    const object = sim.model.peek(source);
    switch (fault) {
      case 'source-overwritten':
        return this.writeSource(source.key);
      case 'source-same-bytes':
        return this.again(object);
      case 'source-touched':
        return this.again(object && { ...object, userMetadata: { touched: `${++this.contents}` } });
      case 'source-restored':
        return this.again(this.past[this.past.length - 1]);
      case 'source-recreated':
        sim.model.remove(source, stranger);
        return this.again(object);
      case 'source-deleted':
        return sim.model.remove(source, stranger);
      case 'destination-overwritten':
        // As many bytes as ours has, and others: size alone proves nothing.
        if (request.mode !== 'metadata')
          this.write(destination.bucket, destination.key, random.chance(0.5) ? (object?.size ?? 0) : drawSize(random));
        return;
      case 'destination-deleted':
        return sim.model.remove(destination, stranger);
      case 'uploads-aborted':
        return this.abortUploads();
      case 'foreign-upload':
        return this.openUpload(destination.bucket, destination.key);
      case 'cancel':
        return sim.cancel();
    }
  }

  /** What the owner of a place does there. */
  own(side: ObjectRef, act: OwnerAct['act']): void {
    if (act === 'remove') this.sim.model.remove(side, stranger);
    else if (act === 'write-again') this.again(this.sim.model.peek(side));
    else if (act === 'edit') this.edit(side);
    else this.write(side.bucket, side.key, drawSize(this.random));
  }

  /** Other bytes under the metadata that was there. As many bytes in parts no header would tell from ours: so here are more. */
  private edit(side: ObjectRef): void {
    const like = this.sim.model.peek(side);
    const size = drawSize(this.random);
    this.write(side.bucket, side.key, size === like?.size ? size + 1 : size, like);
  }

  /** Under rules there are no destinations that others may not know of: owners act where they may. */
  private actUnderRules(fault: StrangerFault, { sides }: RulesScenario): void {
    const { sim, random } = this;
    const side = random.pick(sides);
    if (fault === 'cancel') return sim.cancel();
    if (fault === 'uploads-aborted') return this.abortUploads();
    if (fault === 'source-deleted') return this.own(side, 'remove');
    if (fault === 'source-same-bytes' || fault === 'source-touched') return this.own(side, 'write-again');
    if (fault === 'source-recreated') {
      const object = sim.model.peek(side);
      this.own(side, 'remove');
      return this.again(object);
    }
    this.own(side, 'write');
  }

  private abortUploads(): void {
    const { uploads } = this.sim.model;
    for (const upload of [...uploads.values()]) if (upload.by !== stranger) this.sim.model.abort(upload.id, stranger);
  }

  /** @param like an object whose headers and metadata the new one has. */
  private write(bucket: string, key: string, size: number, like?: StoredObject): void {
    const { sim, random } = this;
    const id = `c${++this.contents}-${size}`;
    sim.contentSizes.set(id, size);
    const inParts = size > 12 * MiB && random.chance(0.4);
    const partSize = random.pick([8, 10, 16]) * MiB;
    const layout = inParts
      ? Array.from({ length: Math.ceil(size / partSize) }, (_, i) => Math.min(partSize, size - i * partSize))
      : undefined;
    const data = whole(id, size);
    sim.model.put({
      bucket,
      key,
      data,
      by: stranger,
      ...(layout ? sim.model.inParts(data, layout) : {}),
      ...drawProperties(random, sim.scenario.dialect.facts.scheme),
      ...(like && { content: like.content, userMetadata: like.userMetadata }),
    });
    sim.say('stranger', `writes ${bucket}/${key}: ${id}`);
  }

  /** The same bytes written once more by their owner: the ETag stays, the time does not, and our marker goes. */
  private again(object: StoredObject | undefined): void {
    if (!object || this.isTooSubtle(object)) return;
    const { data, etag, layout, content, tags, storageClass, encryption, acl, bucket, key } = object;
    const userMetadata = { ...object.userMetadata };
    delete userMetadata[markerName];
    const kept = { data, etag, layout, content, userMetadata, tags, storageClass, encryption, acl };
    this.sim.model.put({ ...kept, bucket, key, by: stranger });
    this.sim.say('stranger', `writes the same bytes to ${bucket}/${key}`);
    this.sim.sourceWritten(key);
  }

  /**
   * Where the condition on parts is ignored, a source that is replaced and put back within one second of Last-Modified
   * looks as if nothing had happened. No client can tell, so no stranger does it here.
   */
  private isTooSubtle({ bucket, key, etag }: StoredObject): boolean {
    const { model, scheduler, watch } = this.sim;
    if (!model.dialect.quirks.ignoresPartConditions) return false;
    const second = Math.floor(scheduler.now / 1000) * 1000;
    return watch.writes.some(
      (w) => w.bucket === bucket && w.key === key && w.etag === etag && w.lastModified === second,
    );
  }

  /** An upload that is none of ours. Where listings name no initiator, parts are what tells it from an orphan of ours. */
  private openUpload(bucket: string, key: string): void {
    const destination = { bucket, key };
    const upload = this.sim.model.initiate(
      { destination, content: {}, userMetadata: {}, tags: {} },
      stranger,
      'stranger',
    );
    this.sim.say('stranger', `opens ${upload.id} at ${bucket}/${key}`);
    const data = whole(`c${++this.contents}-${MiB}`, MiB);
    const part = { number: 1, data, size: MiB, etag: 'theirs' };
    const staysEmpty = this.sim.scenario.dialect.quirks.tellsInitiator && this.random.chance(0.5);
    if (!staysEmpty) this.sim.scheduler.after(this.random.next() * 60_000, () => upload.parts.set(1, part));
  }
}

function drawProperties(random: Random, scheme: 'oss' | 's3'): Partial<StoredObject> {
  const content: ContentHeaders = { contentType: random.pick(['image/png', 'text/plain; charset=utf-8']) };
  if (random.chance(0.3)) content.cacheControl = 'max-age=60';
  return {
    content,
    userMetadata: random.chance(0.6) ? { owner: random.pick(['ann', 'bob']) } : {},
    tags: random.chance(0.4) ? { team: 'a&b', stage: '1' } : {},
    ...(random.chance(0.15) ? { storageClass: scheme === 'oss' ? 'IA' : 'STANDARD_IA' } : {}),
    encryption: random.chance(0.1) ? { algorithm: 'AES256' } : undefined,
    ...(random.chance(0.2) ? { acl: 'public-read' } : {}),
    checksumAlgorithm: scheme === 's3' && random.chance(0.3) ? 'CRC64NVME' : undefined,
  };
}
